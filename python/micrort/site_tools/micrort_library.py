"""SCons tool: `env.MicrortLibrary(folder)` makes libmicrort.a for the environment's target in `folder`.

For an Arm target libmicrort.frames lies beside it, the stack frame of each function in it (micrort.project.frames).
Next to the archive lies libmicrort.key, a digest of everything that went into it. While the digest is the same, the
archive is taken as it is, without a node for every object: thousands of them would have to be looked at.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any


def generate(env: Any) -> None:
    """Add the pseudo-builder."""
    env.AddMethod(_library, "MicrortLibrary")


def exists(env: Any) -> bool:
    """Whether an archiver is installed."""
    return bool(env.WhereIs(env.subst("$AR")))


def _library(env: Any, folder: str) -> list[Any]:
    archive, stamp = env.File(f"{folder}/libmicrort.a"), env.File(f"{folder}/libmicrort.key")
    root = Path(env["MICRORT_ROOT"])
    key = _key(env, root)
    kept = Path(stamp.get_abspath())
    same = kept.exists() and kept.read_text() == key and Path(archive.get_abspath()).exists()
    if same and not env.GetOption("clean"):
        return [archive]
    units = sorted((root / "runtime").rglob("*.c"))
    places = [f"{folder}/{unit.relative_to(root).with_suffix('')}" for unit in units]
    objects, frames = env.MicrortObjects(f"{folder}/libmicrort.frames", places, map(str, units))
    made = [*env.StaticLibrary(archive, objects), *frames]
    return [*made, *env.Command(stamp, [env.Value(key), made], env.Action(_write_key, None))]


def _write_key(target: list[Any], source: list[Any], env: Any) -> None:
    del env
    Path(target[0].get_abspath()).write_text(source[0].read())


def _key(env: Any, root: Path) -> str:
    """Digest of the sources, the compiler and its flags."""
    from micrort.project import frames
    from micrort.site_tools.micrort_target import SMALL

    compiler = Path(env.WhereIs(env.subst("$CC")) or "").resolve()
    state = compiler.stat()
    flags = (
        frames.FLAG,
        SMALL,
        str(bool(env.get("MICRORT_SMALL"))),
        str(bool(env.get("MICRORT_PROVE"))),
        env.subst("$CCFLAGS"),
        env.subst("$ARFLAGS"),
        str(compiler),
        str(state.st_size),
        str(state.st_mtime_ns),
    )
    digest = hashlib.sha256("\0".join(flags).encode())
    for path in sorted((*(root / "runtime").rglob("*"), *(root / "include").rglob("*"))):
        if path.is_file():
            digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
