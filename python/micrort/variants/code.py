"""How much code kernels take, from code.json: measured in linked images by `python -m tests.bench.code --update`."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from micrort.devices.targets import Target

PATH = Path(__file__).parent / "code.json"
CORE = "executor"
"""What the executor needs stands in the data like a kernel of this name."""


def code_bytes(target: Target, small: bool = False) -> Callable[[frozenset[str]], int]:
    """The function that tells what a set of kernels takes on `target`, what they share counted once; 0 if unknown.

    Args:
        target: the core to compile for.
        small: whether the library is the one for small code, see micrort.project.build.library.
    """
    groups = _groups().get(library_name(_like(target), small), ())
    return lambda kernels: sum(size for size, users in groups if not users.isdisjoint(kernels))


def library_name(target: str, small: bool) -> str:
    """The library's name in the data."""
    return f"{target} small" if small else target


def _like(target: Target) -> str:
    """The measured target whose instruction set is the nearest."""
    if target.mve:
        return "cortex-m55"
    if target.dsp:
        return "cortex-m4"
    return "cortex-m3" if target.long_products else "cortex-m0plus"


@functools.lru_cache(maxsize=1)
def _groups() -> dict[str, tuple[tuple[int, frozenset[str]], ...]]:
    """Library -> bytes of functions and constants, and the kernels that link them."""
    data = json.loads(PATH.read_text(encoding="utf-8"))
    return {target: tuple((int(size), frozenset(users)) for size, users in groups) for target, groups in data.items()}
