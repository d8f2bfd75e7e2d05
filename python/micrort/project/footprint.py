"""RAM and flash figures from a linked image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

WEIGHTS, ARENAS = ".weights", ".arenas"
"""Sections that footprint.ld makes of constant tensors and of static arenas."""
_WRITABLE, _ALLOCATED = 1, 2
"""SHF_WRITE, SHF_ALLOC."""


@dataclass(frozen=True)
class Footprint:
    """What runtime and model take, in bytes."""

    static_ram_bytes: int
    """Variables (.data and .bss) without arenas."""
    code_bytes: int
    """Code and constants without weights."""
    weights_bytes: int
    """Constant tensors."""


def measure(image: Path) -> Footprint:
    """Measure a footprint image (micrort.project.build.Firmware.footprint)."""
    from elftools.elf.elffile import ELFFile

    variables = code = weights = 0
    with image.open("rb") as file:
        for section in ELFFile(file).iter_sections():
            flags, size = section["sh_flags"], section["sh_size"]
            if not flags & _ALLOCATED or section.name == ARENAS:
                continue
            if section.name == WEIGHTS:
                weights += size
            elif flags & _WRITABLE:
                variables += size
            else:
                code += size
    return Footprint(variables, code, weights)
