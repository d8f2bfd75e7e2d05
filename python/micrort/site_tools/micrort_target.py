"""SCons tool: compilers and flags for one target.

Construction variable MICRORT_TARGET, set before the tool is loaded, names the target (micrort.devices.targets);
MICRORT_ROOT the folder that holds `include`, `runtime` and `ports`. With MICRORT_VERBOSE whole commands are printed.
"""

from __future__ import annotations

from typing import Any

WARNINGS = (
    "-Wall",
    "-Wextra",
    "-Wconversion",
    "-Wshadow",
    "-Wsign-conversion",
    "-Wundef",
    "-Wstrict-prototypes",
    "-Wcast-align",
    "-Werror",
)
CODE = ("-std=c11", "-O2", "-g", "-ffunction-sections", "-fdata-sections", "-ffp-contract=off")
"""Contraction would fuse a multiplication with an addition and give other float results on each core."""


def generate(env: Any) -> None:
    """Set tools, flags and the include path."""
    from micrort import sources
    from micrort.devices import targets

    target = targets.target(env["MICRORT_TARGET"])
    prefix = "" if target.is_host else targets.CROSS
    root = str(env.setdefault("MICRORT_ROOT", str(sources.root())))
    env.Replace(
        CC="cc" if target.is_host else f"{prefix}gcc",
        AR=f"{prefix}ar",
        RANLIB=f"{prefix}ranlib",
        LINK="$CC",
        PROGSUFFIX=".elf",
        # One command makes the archive with its index; D: no times, so that equal objects give equal archives.
        ARFLAGS="rcsD",
        RANLIBCOM="",
        # Paths in debug information must not differ with the place of the sources.
        CCFLAGS=[*target.flags, *CODE, *WARNINGS, f"-ffile-prefix-map={root}=."],
        CPPPATH=[f"{root}/include", root],
        LINKFLAGS=[*target.flags, "-Wl,--gc-sections"],
    )
    if not env.get("MICRORT_VERBOSE"):
        env.Replace(CCCOMSTR="cc   $TARGET", ARCOMSTR="ar   $TARGET", LINKCOMSTR="link $TARGET")


def exists(env: Any) -> bool:
    """Whether the target's compiler is installed."""
    from micrort.devices import targets

    target = targets.target(env["MICRORT_TARGET"])
    return bool(env.WhereIs("cc" if target.is_host else f"{targets.CROSS}gcc"))
