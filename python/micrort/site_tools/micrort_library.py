"""SCons tool: `env.MicrortLibrary(folder)` makes libmicrort.a for the environment's target in `folder`."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def generate(env: Any) -> None:
    """Add the pseudo-builder."""
    env.AddMethod(_library, "MicrortLibrary")


def exists(env: Any) -> bool:
    """Whether an archiver is installed."""
    return bool(env.WhereIs(env.subst("$AR")))


def _library(env: Any, folder: str) -> list[Any]:
    root = Path(env["MICRORT_ROOT"])
    units = sorted((root / "runtime").rglob("*.c"))
    objects = [env.Object(f"{folder}/{unit.relative_to(root).with_suffix('.o')}", str(unit)) for unit in units]
    return list(env.StaticLibrary(f"{folder}/libmicrort.a", objects))
