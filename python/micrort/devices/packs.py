"""Devices from CMSIS packs: memories, core and flash algorithms as their vendors describe them; works offline."""

from __future__ import annotations

import difflib
import json
import re
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from micrort.devices.boards import Board, Flash, Identity, Memory
from micrort.devices.targets import TARGETS, Target
from micrort.errors import ToolError, UsageError

DESCRIPTION_BYTES_MAX = 64 << 20
"""A larger .pdsc is taken for an attack."""
INTEGER_ONLY = "cortex-m33+nodsp+nofp"
CORES = {
    **dict.fromkeys(("CortexM0", "CortexM0Plus", "CortexM1", "CortexM23", "SC000"), ("cortex-m0plus", "cortex-m0plus")),
    **dict.fromkeys(("CortexM3", "SC300"), ("cortex-m3", "cortex-m3")),
    "CortexM4": ("cortex-m4", "cortex-m3"),
    "CortexM7": ("cortex-m7", "cortex-m3"),
    **dict.fromkeys(("CortexM33", "CortexM35P", "StarMC1"), ("cortex-m33", INTEGER_ONLY)),
    **dict.fromkeys(("CortexM55", "CortexM85"), ("cortex-m55", INTEGER_ONLY)),
}
"""Core as packs name it -> our targets with and without an FPU."""
PART_NUMBERS = {
    **{"CortexM0": 0xC20, "CortexM0Plus": 0xC60, "CortexM3": 0xC23, "CortexM4": 0xC24, "CortexM7": 0xC27},
    **{"CortexM23": 0xD20, "CortexM33": 0xD21, "CortexM35P": 0xD31, "CortexM55": 0xD22, "CortexM85": 0xD23},
}
"""Cores -> bits 15:4 of CPUID (the technical reference manuals)."""
FAST = ("dtcm", "tcm", "ccm")
"""Parts of the names of memories that the core reaches without waiting, the fastest first."""


@dataclass(frozen=True)
class Device:
    """A part, as its pack describes it."""

    name: str
    vendor: str
    pack: str
    """Vendor, name and version of the pack."""
    core: str
    """As the pack names it."""
    target: Target
    memories: Mapping[str, Memory]
    """By lower-case identifiers made of the pack's names, in order of address."""
    flash: str
    """The memory that the core starts from."""
    data: str
    """The memory for variables."""
    arenas: tuple[str, ...]
    """Memories for arenas, the fastest first."""
    algorithms: tuple[str, ...]
    """Files in the pack that program the flash."""
    source: str | None
    """The .pack that was named; None: an index, or a description alone."""

    @property
    def board(self) -> Board:
        """The bare part as a board: console by the debugger, clock as after reset."""
        sections = {"vectors": self.flash, "code": self.flash, "data": self.data}
        description = f"{self.vendor} {self.name}: {self.core} (pack {self.pack})"
        return Board(
            name=self.name,
            folder=Path(),
            description=description,
            target=self.target,
            also_runs=("cortex-m0plus", "cortex-m3"),
            clock_hz=0,
            memories=self.memories,
            sections=sections,
            machine=None,
            uart=None,
            arenas=self.arenas,
            flash=Flash("pyocd", self.name.lower(), _identity(self.core), self.source),
        )


def device(name: str, packs: Path | None) -> Device:
    """A part by its name, e.g. STM32F746NGHx; of several processors the first, or `NAME:PROCESSOR`.

    Args:
        name: as packs spell it; case does not matter.
        packs: a .pack, a .pdsc, an index.json, or a folder with these; None: what cmsis-pack-manager has installed.

    Raises:
        UsageError: there is no such part (near names are suggested), no such file, or it is damaged.
    """
    found = _index(packs)
    part, _, processor = name.partition(":")
    spelled = {key.lower(): key for key in found}
    if part.lower() not in spelled:
        near = [spelled[key] for key in difflib.get_close_matches(part.lower(), spelled, 4, 0.7)]
        hint = f"; near: {', '.join(near)}" if near else ""
        where = "the installed packs" if packs is None else str(packs)
        raise UsageError(f"no device {part!r} among the {len(found):,} of {where}{hint}. {_ADVICE}")
    entry = found[spelled[part.lower()]]
    try:
        source = str(packs.resolve()) if packs is not None and packs.suffix == ".pack" else None
        return _device(entry, processor, source)
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise UsageError(f"the pack describes {part} incompletely: {error}") from None


_ADVICE = "Name a pack with --pack (.pack, .pdsc, index.json, a folder), or install one: `pyocd pack install PART`"


def _index(packs: Path | None) -> Mapping[str, Any]:
    """Every device by name, as cmsis-pack-manager gives them."""
    try:
        from cmsis_pack_manager import Cache
    except ImportError:
        raise ToolError("cmsis-pack-manager is not installed: pip install cmsis-pack-manager") from None
    if packs is None:
        try:
            return dict(Cache(True, True).index)
        except Exception:  # it has no index yet, or a broken one: the same to the user
            return {}
    if packs.suffix == ".json":
        return _json_index(packs)
    if not packs.exists():
        raise UsageError(f"{packs} does not exist. {_ADVICE}")
    with tempfile.TemporaryDirectory(prefix="micrort-packs-") as work:
        for number, text in enumerate(_descriptions(packs)):
            (Path(work) / f"{number}.pdsc").write_bytes(text)
        for path in sorted(Path(work).glob("*.pdsc")):
            Cache(True, True, json_path=work, data_path=work).add_pack_from_path(str(path))
        # a fresh one, as a cache remembers the index that it saw first
        found = dict(Cache(True, True, json_path=work, data_path=work).index)
    if not found:
        raise UsageError(f"{packs} describes no device: it is damaged, or no device family pack. {_ADVICE}")
    return found


def _json_index(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"cannot read the index {path}: {error}") from None
    if not isinstance(found, dict):
        raise UsageError(f"{path} is no index of cmsis-pack-manager")
    return found


def _descriptions(path: Path) -> Iterable[bytes]:
    """The .pdsc of a .pack or a .pdsc, or of all in a folder."""
    try:
        if path.is_dir():
            for item in sorted((*path.rglob("*.pack"), *path.rglob("*.pdsc"))):
                yield from _descriptions(item)
        elif path.suffix == ".pdsc":
            yield path.read_bytes()
        else:
            yield from _unzipped(path)
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise UsageError(f"cannot read the pack {path}: {error}") from None


def _unzipped(path: Path) -> Iterable[bytes]:
    with zipfile.ZipFile(path) as pack:
        infos = [info for info in pack.infolist() if info.filename.endswith(".pdsc") and "/" not in info.filename]
        if not infos:
            raise UsageError(f"{path} holds no .pdsc: it is no CMSIS pack")
        for info in infos:
            if info.file_size > DESCRIPTION_BYTES_MAX:
                raise UsageError(f"{path}: {info.filename} claims {info.file_size:,} bytes")
            yield pack.read(info)


def _device(entry: Mapping[str, Any], processor: str, source: str | None) -> Device:
    name = str(entry["name"])
    own = _processor(name, entry["processors"], processor)
    core, fpu = str(own["core"]), own["fpu"] not in (None, "None")
    if core not in CORES:
        raise UsageError(f"{name} has the core {core}, which micrort has no code for; it has for {', '.join(CORES)}")
    rows = [
        (key, row) for key, row in entry["memories"].items() if row.get("p_name") in (None, own.get("name"))
    ]  # packs name memories as they like
    rows.sort(key=lambda item: int(item[1]["start"]))
    names = [re.sub("[^a-z0-9]+", "_", key.lower()).strip("_") for key, _ in rows]
    if len(set(names)) < len(names) or not all(names):
        names = [f"memory{index}" for index in range(len(rows))]
    memories = {n: Memory(n, int(row["start"]), int(row["size"])) for n, (_, row) in zip(names, rows, strict=True)}
    facts = {n: row for n, (_, row) in zip(names, rows, strict=True)}
    rom = [n for n in names if not facts[n]["access"]["write"] and facts[n]["access"]["read"]]
    ram = [n for n in names if facts[n]["access"]["write"] and not n.startswith("itcm")]
    if not rom or not ram:
        raise UsageError(f"{name}: the pack names no {'RAM' if rom else 'flash'}; write a board.toml for it")
    flash = max(rom, key=lambda n: (facts[n]["startup"], facts[n]["default"], memories[n].size))
    data = max(ram, key=lambda n: (facts[n]["default"], memories[n].size))
    origin = entry.get("from_pack") or {}
    return Device(
        name,
        str(entry.get("vendor") or "").partition(":")[0],
        ".".join(str(origin.get(key, "?")) for key in ("vendor", "pack", "version")),
        core,
        TARGETS[CORES[core][0 if fpu else 1]],
        memories,
        flash,
        data,
        tuple(sorted(ram, key=lambda n: (_speed(n), n != data, -memories[n].size))),
        tuple(str(item["file_name"]) for item in entry.get("algorithms") or ()),
        source,
    )


def _identity(core: str) -> Identity | None:
    """The part's core, by its CPUID; a pack does not say how to tell the parts of a family."""
    number = PART_NUMBERS.get(core)
    return None if number is None else Identity(0xE000ED00, 0xFFF0, number << 4)


def _speed(memory: str) -> int:
    return next((rank for rank, part in enumerate(FAST) if part in memory), len(FAST))


def _processor(name: str, processors: list[Any], wanted: str) -> Mapping[str, Any]:
    if not wanted:
        return dict(processors[0])
    for item in processors:
        if str(item.get("name")).lower() == wanted.lower():
            return dict(item)
    known = ", ".join(str(item.get("name")) for item in processors)
    raise UsageError(f"{name} has no processor {wanted!r}; it has {known}")
