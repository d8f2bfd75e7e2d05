"""SCons tool: compilers and flags for one target.

Construction variable MICRORT_TARGET, set before the tool is loaded, names the target (micrort.devices.targets);
MICRORT_ROOT the folder that holds `include`, `runtime` and `ports`. With MICRORT_VERBOSE whole commands are printed.
On Arm targets kernels are compiled to be fast and all else to be small; with MICRORT_SMALL kernels are small, too.
With MICRORT_PROVE, mrt_executor_init proves each graph (MRT_INIT_PROVES_GRAPH), which library and models must agree on.

`env.MicrortObjects(table, places, sources)` compiles each source to `<place>.o`; for an Arm target it also gathers the
stack frames of their functions in the file `table`. Returns the objects, and the table in a list that is else empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
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
PROVES = ("MRT_INIT_PROVES_GRAPH", 1)
"""Defined with MICRORT_PROVE; see include/micrort/config.h."""
SMALL = "-Os"
"""Takes the place of -O2 where it comes later."""


def generate(env: Any) -> None:
    """Set tools, flags and the include path."""
    from micrort import sources
    from micrort.devices import targets

    target = targets.target(env["MICRORT_TARGET"])
    env.AddMethod(_objects, "MicrortObjects")
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


def _objects(env: Any, table: str, places: Sequence[str], sources: Iterable[Any]) -> tuple[list[Any], list[Any]]:
    from micrort.devices import targets
    from micrort.project import frames

    kernels, others = env.Clone(), env.Clone()
    if env.get("MICRORT_PROVE"):
        others.Append(CPPDEFINES=[PROVES])
    if targets.target(env["MICRORT_TARGET"]).is_host:
        return [
            (kernels if _is_kernel(source) else others).Object(f"{place}.o", source)[0]
            for place, source in zip(places, sources, strict=True)
        ], []
    kernels.Append(CCFLAGS=[frames.FLAG, *([SMALL] if env.get("MICRORT_SMALL") else [])])
    others.Append(CCFLAGS=[frames.FLAG, SMALL])
    made = [
        (kernels if _is_kernel(source) else others).Object([f"{place}.o", f"{place}.ci"], source)
        for place, source in zip(places, sources, strict=True)
    ]
    gathered = env.Command(table, [pair[1] for pair in made], env.Action(_gather, None))
    env.Depends(gathered, env.Value(Path(frames.__file__).read_text(encoding="utf-8")))  # its format, in a cache
    return [pair[0] for pair in made], list(gathered)


def _is_kernel(source: Any) -> bool:
    """Whether a source is a kernel, ours or another compiler's."""
    return "runtime/kernels/" in str(source) or "foreign/" in str(source)


def _gather(target: list[Any], source: list[Any], env: Any) -> None:
    from SCons.Errors import BuildError

    from micrort.errors import MicrortError
    from micrort.project import frames

    try:
        text = frames.gather((Path(item.get_abspath()) for item in source), Path(env["MICRORT_ROOT"]))
    except MicrortError as error:
        raise BuildError(node=target, errstr=str(error)) from error
    Path(target[0].get_abspath()).write_text(text, encoding="utf-8")
