"""Where arenas lie: each in the fastest memory of a board that has room, and the linker script that puts it there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from micrort.codegen import c_text
from micrort.devices.boards import Board
from micrort.errors import UsageError


def place(board: Board, arenas: Sequence[tuple[str, int]]) -> Mapping[str, str]:
    """For each arena (its pool's name, and bytes) a memory of the board.

    A pool that has a memory's name lies there; others lie in the first of `board.arenas` that has room. What else the
    memory holds is not known before linking, so the linker has the last word.

    Raises:
        UsageError: an arena fits nowhere; the bytes that are missing are said.
    """
    order = board.arenas or (board.sections["data"],)
    left = {name: memory.size for name, memory in board.memories.items()}
    placed = {}
    for name, size in arenas:
        choices = (name,) if name in board.memories else order
        found = next((memory for memory in choices if left[memory] >= size), None)
        if found is None:
            most = max(choices, key=left.__getitem__)
            raise UsageError(
                f"{board.name}: the model's arena {name} takes {size:,} bytes, {size - left[most]:,} more than are "
                f"left in {most}, the largest memory for it. Compile with --optimize ram, or choose a larger board"
            )
        left[found] -= size
        placed[name] = found
    return placed


def script(placed: Mapping[str, str]) -> str:
    """`arenas.ld`: a section for each arena, in its memory. Start-up code leaves arenas alone."""
    lines = ["/* The arenas of the model, each in its memory. */"]
    for name, pool in zip(c_text.identifiers(placed), placed, strict=True):
        section = f".mrt_arena_{name} (NOLOAD) : ALIGN(32)"
        lines.append(f"{section} {{ *(.bss.mrt_arena_{name}) }} > {placed[pool]}")
    return "\n".join([*lines, ""])


def fragment(pools: Sequence[str]) -> str:
    """`micrort.ld` for any firmware whose model has several arenas: each in a memory that the firmware names."""
    names = c_text.identifiers(pools)
    aliases = " ".join(f'REGION_ALIAS("{region(name)}", ...);' for name in names)
    lines = [
        "/*",
        " * The arenas of the model, each in a memory of its own, for any linker script: INCLUDE this inside SECTIONS,",
        f" * before the pattern of .bss, and name the memories beforehand: {aliases}",
        " * The runtime needs no zeroed arenas, so start-up code may leave them alone.",
        " */",
    ]
    lines += [
        f".mrt_arena_{name} (NOLOAD) : ALIGN(16) {{ *(.bss.mrt_arena_{name}) }} > {region(name)}" for name in names
    ]
    return "\n".join([*lines, ""])


def region(name: str) -> str:
    """What a linker script calls the memory of an arena."""
    return f"MRT_ARENA_{name.upper()}"
