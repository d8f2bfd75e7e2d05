"""RAM and flash figures from linked images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PARAMS, ARENA = ".rodata.mrt_params", ".bss.mrt_arena"
"""Sections of generated C: constant tensors and static arenas."""


@dataclass(frozen=True)
class Footprint:
    """What runtime and model take, in bytes."""

    static_ram_bytes: int
    """Variables (.data and .bss) without arenas."""
    code_bytes: int
    """Code and constants without weights."""
    weights_bytes: int
    """Constant tensors."""


def measure(image: Path, model_library: Path) -> Footprint:
    """Measure a footprint image (micrort.project.build.Firmware.footprint).

    Arenas and weights are known by their sections in the model's library, which the linked image has merged.
    """
    from elftools.elf.elffile import ELFFile

    weights = sum(size for name, size in _library_sections(model_library) if name.startswith(PARAMS))
    arenas = sum(size for name, size in _library_sections(model_library) if name.startswith(ARENA))
    flash = ram = 0
    with image.open("rb") as file:
        for section in ELFFile(file).iter_sections():
            flags, size = section["sh_flags"], section["sh_size"]
            if not flags & _ALLOCATED:
                continue
            if flags & _WRITABLE:
                ram += size
            else:
                flash += size
    return Footprint(ram - arenas, flash - weights, weights)


_WRITABLE, _ALLOCATED = 1, 2
"""SHF_WRITE, SHF_ALLOC."""


def _library_sections(path: Path) -> Iterator[tuple[str, int]]:
    """Name and size of every section of every member of an archive."""
    import io

    from elftools.elf.elffile import ELFFile

    for data in _members(path.read_bytes()):
        elf: Any = ELFFile(io.BytesIO(data))
        for section in elf.iter_sections():
            yield section.name, section["sh_size"]


def _members(data: bytes) -> Iterator[bytes]:
    """Object files of a Unix archive: 60-byte headers after an eight-byte magic, contents at even offsets."""
    offset = 8
    while offset + 60 <= len(data):
        size = int(data[offset + 48 : offset + 58])
        content = data[offset + 60 : offset + 60 + size]
        if content.startswith(b"\x7fELF"):
            yield content
        offset += 60 + size + size % 2
