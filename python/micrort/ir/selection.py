"""Why a call is done by the kernel that does it: for reports."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Selection:
    """What the choice of a kernel was."""

    tile: str
    """How the kernel goes over its output, in words; empty where nothing is said."""
    instructions: int
    """An estimate, by which it was chosen."""
    refused: tuple[tuple[str, str], ...]
    """Other kernels, and why they were not taken."""
