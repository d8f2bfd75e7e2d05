"""Operators that another compiler made, built for the host as a library of adapters."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from micrort import sources
from micrort.native import library

FLAGS = (
    "-std=gnu11",
    "-O2",
    "-fPIC",
    "-shared",
    "-w",
    "-fno-strict-aliasing",
    "-ffp-contract=off",
    "-Wl,--no-undefined",
)
"""Generated C reads bytes as words of another type, and is not ours to warn about."""
COMPAT = "runtime/compat/tvm/include"
"""The headers that it includes."""
_kept: dict[Path, Any] = {}
"""Loaded libraries, which stay."""


def load(units: Mapping[str, str], headers: Mapping[str, str], functions: Collection[str]) -> dict[str, int]:
    """Build units of C and give the addresses of functions in them.

    Args:
        units: C by file name.
        headers: what they include beside COMPAT, by file name.
        functions: symbols.

    Raises:
        ToolError: the compiler is missing or refuses, or something is not defined.
    """
    import ctypes

    path = _build(units, headers)
    if path not in _kept:
        library.load()  # the adapters call functions of it
        _kept[path] = ctypes.CDLL(str(path))
    return {name: int(ctypes.cast(getattr(_kept[path], name), ctypes.c_void_p).value or 0) for name in functions}


def _build(units: Mapping[str, str], headers: Mapping[str, str]) -> Path:
    root, runtime = sources.root(), library.path()
    compiler = os.environ.get("CC", "cc")
    digest = hashlib.sha256("\0".join((compiler, *FLAGS, str(runtime), *units, *headers)).encode())
    for text in (*units.values(), *headers.values()):
        digest.update(text.encode() + b"\0")
    for file in sorted((root / COMPAT).rglob("*.h")):
        digest.update(file.read_bytes() + b"\0")
    path = sources.cache() / "native" / "foreign" / f"{digest.hexdigest()[:24]}.so"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as work:
        folder = Path(work)
        for name, text in {**units, **headers}.items():
            (folder / name).write_text(text, encoding="utf-8")
        include = (f"-I{folder}", f"-I{root / COMPAT}", f"-I{root / 'include'}", f"-I{root}")
        made = folder / "made.so"
        files = [str(folder / name) for name in units]
        library.tool([compiler, *FLAGS, *include, *files, str(runtime.resolve()), "-lm", "-o", str(made)])
        made.replace(path)
    return path
