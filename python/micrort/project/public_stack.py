"""Worst-case stack of every public function: the table that `scons stack` prints."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from micrort import sources
from micrort.project.stack import Analysis
from micrort.project.target_figures import kernel_names

_PROTOTYPE = re.compile(r"^(?!static|#|typedef| )[\w* ]*?\b(mrt_\w+)\(", re.MULTILINE)


def functions() -> list[str]:
    """The functions that the headers of include/micrort declare, then every kernel's `run`."""
    headers = sorted((sources.root() / "include/micrort").glob("*.h"))
    found = [name for path in headers for name in _PROTOTYPE.findall(path.read_text(encoding="utf-8"))]
    return [*dict.fromkeys(found), *(f"mrt_{kernel}_run" for kernel in kernel_names())]


def measure(image: Path, tables: Sequence[Path]) -> dict[str, int]:
    """Bytes by function in an image that holds them all; pointers may reach every kernel that the target has.

    Raises:
        ToolError: a function is missing, or its stack has no bound.
    """
    analysis = Analysis(image, tables, kernel_names())
    absent = {f"mrt_{kernel}_run" for kernel in kernel_names()} - set(analysis.addresses)
    return {function: analysis.bound(function).bytes for function in functions() if function not in absent}


def table(columns: Mapping[str, Mapping[str, int]]) -> str:
    """Rows of functions, columns of targets, bytes."""
    width = max(map(len, functions()))
    lines = [" ".join([f"{'bytes of stack at most':<{width}}", *(f"{name:>13.13}" for name in columns)])]
    lines += [
        " ".join([f"{function:<{width}}", *(f"{column.get(function, '-'):>13}" for column in columns.values())])
        for function in functions()
    ]
    return "\n".join(lines)
