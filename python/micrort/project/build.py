"""Builds by SCons in folders of the cache, each keyed by everything that goes into it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from micrort import sources
from micrort.devices.targets import CROSS, Target
from micrort.errors import ToolError

if TYPE_CHECKING:
    from micrort.devices.boards import Board
    from micrort.mlf import Package

PACKAGE = Path(__file__).resolve().parents[1]
TOOLING = ("site_tools", "project", "codegen", "devices")
"""Folders of this package whose text decides what is built."""
KEPT_DAYS = 14
"""How long a build stays in the cache after its last use."""


@dataclass(frozen=True)
class Firmware:
    """What `firmware` and `loader` make."""

    image: Path
    """ELF of runner, model (or kernels), runtime and port."""
    footprint: Path
    """ELF of model (or kernels) and runtime alone, for figures."""
    figures: Path
    """JSON of micrort.project.target_figures."""
    model_library: Path | None
    """lib<model>.a; none in firmware that loads its model."""


@dataclass(frozen=True)
class ModelLibrary:
    """What `model` makes."""

    library: Path
    """lib<model>.a."""
    headers: tuple[Path, ...]
    """mrt_<model>.h, and for an Arm target mrt_<model>_target.h."""
    figures: Path | None
    """target.json; none for the host."""


def library(target: Target, small: bool = False, prove: bool = False) -> Path:
    """libmicrort.a for `target`.

    Args:
        target: what it is compiled for.
        small: its kernels take less code and more time.
        prove: mrt_executor_init proves each graph, not its seal alone (MRT_INIT_PROVES_GRAPH).

    Raises:
        ToolError: the compiler is missing, or refuses the sources.
    """
    _require(target)
    texts = ("library", str(small), str(prove), *_compiler(target))
    key = _digest(texts, (*_tooling(), *_files("include"), *_files("runtime")))
    folder = sources.cache() / "libraries" / target.name / key
    objects = sources.cache() / "objects"
    options = {"small": str(int(small)), "prove": str(int(prove))}
    _once(folder, "library.scons", {"target": target.name, **options, "objects": str(objects)})
    return folder / "libmicrort.a"


def firmware(package: Package, board: Board, target: Target, prove: bool = False) -> Firmware:
    """Firmware for `board` that runs `package`, made for `target`; `prove` as for `library`.

    Raises:
        ToolError: the compiler is missing or refuses the model's C, or the image does not fit into the board's memory.
    """
    from micrort.mlf import archive

    runtime = library(target, package.figures.get("optimize") == "size", prove)
    data = archive.to_bytes(package)
    texts = ("firmware", runtime.parent.name, hashlib.sha256(data).hexdigest(), board.name, *_compiler(target))
    key = _digest(texts, (*_tooling(), *_files("ports"), *_files("include")))
    folder = sources.cache() / "firmware" / board.name / key
    arguments = {
        "target": target.name,
        "board": board.name,
        "package": "package.tar",
        "executor": package.executor,
        "interface": package.interface,
        "prove": str(int(prove)),
        "library": str(runtime),
        "arenas": _arenas(package, board),
    }
    _once(folder, "firmware.scons", arguments, {"package.tar": data})
    return _made(folder, folder / "model" / f"lib{package.name}.a")


def model(package: Package, target: Target) -> ModelLibrary:
    """A model's library and headers for `target`, and what the model takes there.

    Raises:
        ToolError: the compiler is missing or refuses the model's C.
    """
    from micrort.mlf import archive

    runtime = library(target, package.figures.get("optimize") == "size")
    data = archive.to_bytes(package)
    texts = ("model", runtime.parent.name, hashlib.sha256(data).hexdigest(), *_compiler(target))
    folder = sources.cache() / "models" / target.name / _digest(texts, (*_tooling(), *_files("include")))
    arguments = {
        "target": target.name,
        "package": "package.tar",
        "interface": package.interface,
        "prove": "0",
        "library": str(runtime.resolve()),
    }
    _once(folder, "model.scons", arguments, {"package.tar": data})
    figures = None if target.is_host else folder / "target.json"
    return ModelLibrary(folder / f"lib{package.name}.a", tuple(sorted(folder.glob("mrt_*.h"))), figures)


def loader(kernels: Sequence[str], board: Board, target: Target) -> Firmware:
    """Firmware for `board` that loads a blob at run time and offers it these kernels (names of kernels.def).

    It depends on the kernels alone, so that models that need the same ones share it.

    Raises:
        ToolError: the compiler is missing, or the image does not fit into the board's memory.
    """
    runtime = library(target)
    names = ",".join(kernels)
    texts = ("loader", runtime.parent.name, names, board.name, *_compiler(target))
    key = _digest(texts, (*_tooling(), *_files("ports"), *_files("include")))
    folder = sources.cache() / "firmware" / board.name / key
    arguments = {"target": target.name, "board": board.name, "kernels": names, "library": str(runtime)}
    _once(folder, "loader.scons", arguments)
    return _made(folder, None)


def _arenas(package: Package, board: Board) -> str:
    """The model's static arenas for micrort.project.guards.parse, by the names that C gives them."""
    from micrort.codegen import c_text
    from micrort.project import arenas

    found = package.graph.arenas
    placed = arenas.place(board, [(arena.name, arena.size) for arena in found])
    homes = ["" if placed[arena.name] == board.sections["data"] else placed[arena.name] for arena in found]
    rows = zip(c_text.identifiers(arena.name for arena in found), found, homes, strict=True)
    return ",".join(f"{name}:{arena.alignment}:{home}" for name, arena, home in rows)


def _made(folder: Path, model: Path | None) -> Firmware:
    return Firmware(folder / "firmware.elf", folder / "footprint.elf", folder / "target.json", model)


def _once(folder: Path, script: str, arguments: Mapping[str, str], files: Mapping[str, bytes] | None = None) -> None:
    """Build into `folder` unless it is there: in a folder of our own, then renamed, so that nobody sees half of it."""
    if folder.exists():
        os.utime(folder)
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    _forget_old(folder.parent)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        made = Path(work) / "made"
        made.mkdir()
        for name, data in (files or {}).items():
            (made / name).write_bytes(data)
        _scons(made, script, arguments)
        try:
            made.rename(folder)
        except OSError:  # another process was faster with the same content
            if not folder.exists():
                raise


def _forget_old(parent: Path) -> None:
    """Remove builds that nobody has used for KEPT_DAYS."""
    limit = time.time() - KEPT_DAYS * 86_400
    for path in parent.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another process's folder may be gone by now
            if path.stat().st_mtime < limit:
                shutil.rmtree(path, ignore_errors=True)


def _scons(folder: Path, script: str, arguments: Mapping[str, str]) -> None:
    path = PACKAGE / "project" / script
    command = [sys.executable, "-m", "SCons", "-Q", "-f", str(path), "-C", str(folder)]
    command += [f"{name}={value}" for name, value in arguments.items()]
    environment = {**os.environ, "MICRORT_CACHE": str(sources.cache().resolve())}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        problems = [line for line in done.stderr.splitlines() if line.strip()]
        raise ToolError(f"building {script.removesuffix('.scons')} failed:\n" + "\n".join(problems[-40:]))


def _require(target: Target) -> None:
    if shutil.which(_compiler_name(target)) is None:
        packages = "gcc libc6-dev" if target.is_host else "gcc-arm-none-eabi libnewlib-arm-none-eabi"
        raise ToolError(f"{_compiler_name(target)} not found: install it (Debian: apt-get install {packages})")


def _compiler_name(target: Target) -> str:
    return "cc" if target.is_host else f"{CROSS}gcc"


def _compiler(target: Target) -> tuple[str, ...]:
    """What tells one compiler from another: its file, size and time."""
    path = Path(shutil.which(_compiler_name(target)) or "").resolve()
    state = path.stat()
    return (str(path), str(state.st_size), str(state.st_mtime_ns), *target.flags)


def _tooling() -> Sequence[Path]:
    patterns = ("*.py", "*.scons", "*.jinja", "*.ld")
    return sorted(path for folder in TOOLING for pattern in patterns for path in (PACKAGE / folder).rglob(pattern))


def _files(folder: str) -> Sequence[Path]:
    return sorted(path for path in (sources.root() / folder).rglob("*") if path.is_file())


def _digest(texts: tuple[str, ...], files: tuple[Path, ...]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode() + b"\0")
    for path in files:
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:24]
