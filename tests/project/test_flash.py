"""micro flash: what is refused before a probe is touched; pyOCD with QEMU's micro:bit behind a probe; OpenOCD.

pyOCD is the real one, with its own flash algorithm for the nRF51, which the emulated core executes on the emulated
flash controller; only the probe between them is ours (qemu_probe.py). OpenOCD is the real one as far as our script and
a missing probe go; its other complaints are printed by a program of ours here, with texts of OpenOCD 0.12's sources.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyocd.core.helpers import ConnectHelper
from tests.codegen.models import MODELS
from tests.project.qemu_probe import QemuProbe

from micrort import cli, compiler
from micrort.commands.run import crc32
from micrort.inputs import make
from micrort.native.executor import HostExecutor
from micrort.project import actions, create

FLASH = {"name": "flash", "origin": 0x08000000, "size": 0x1000}


def elf(address: int, size: int) -> bytes:
    """A 32-bit ELF of one loaded part."""
    header = struct.pack("<4sBBB9xHHIIIIIHHH", b"\x7fELF", 1, 1, 1, 2, 40, 1, 0, 52, 0, 0, 52, 32, 1)
    row = struct.pack("<IIIIIIII", 1, 84, address, address, size, size, 5, 4)
    return header.ljust(52, b"\0") + row + b"\xa5" * size


def project(folder: Path, image: bytes, tool: str = "openocd") -> None:
    (folder / "firmware.elf").write_bytes(image)
    described = {"type": "baremetal", "board": "b", "image": "firmware.elf", "memories": [FLASH], "files": {}}
    described |= {"commands": {"build": ["make"]}, "flash": {"tool": tool, "selects": "board/x.cfg"}}
    (folder / "micrort.json").write_text(json.dumps(described))


def fake(folder: Path, monkeypatch: pytest.MonkeyPatch, tool: str, text: str, code: int) -> Path:
    """A program that keeps its arguments, prints and exits."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    (programs / tool).write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {folder}/arguments\necho "{text}"\nexit {code}\n')
    (programs / tool).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return folder / "arguments"


def test_an_image_that_does_not_fit_is_refused_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = fake(tmp_path, monkeypatch, "openocd", "", 0)
    for image, message in (
        (elf(0x08000000, 0x1234), "too large: flash lacks 564 bytes"),
        (elf(0x09000000, 16), "where the board has no memory"),
        (b"\x7fELF\x01\x01", "is damaged"),
        (b"", "no 32-bit ELF"),
    ):
        project(tmp_path, image)
        with pytest.raises(actions.ProjectError, match=message):
            actions.flash(tmp_path)
    assert not arguments.exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Error: open failed", "no debug probe found"),
        ("Warn : UNEXPECTED idcode: 0x2ba01477", "another chip"),
        ("Error: stm32x device protected: flash is read protected", "flash is locked"),
        ("something else", "failed"),
    ],
)
def test_what_openocd_says_is_explained(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path, monkeypatch, "openocd", text, 1)
    project(tmp_path, elf(0x08000000, 0x1000))
    with pytest.raises(actions.ProjectError, match=message) as caught:
        actions.flash(tmp_path)
    assert text in str(caught.value)


def test_openocd_without_a_probe(tmp_path: Path) -> None:
    if actions.which("openocd") is None:
        pytest.skip("openocd is not installed")
    project(tmp_path, elf(0x08000000, 0x1000))
    described = json.loads((tmp_path / "micrort.json").read_text())
    described["flash"]["selects"] = "board/st_nucleo_f7.cfg"
    (tmp_path / "micrort.json").write_text(json.dumps(described))
    with pytest.raises(actions.ProjectError, match="no debug probe found"):
        actions.flash(tmp_path)


def test_openocd_verifies_and_resets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = fake(tmp_path, monkeypatch, "openocd", "** Programming Started **\n** Verified OK **", 0)
    project(tmp_path, elf(0x08000000, 0x1000))
    steps: list[tuple[str, float]] = []
    actions.flash(tmp_path, lambda what, done: steps.append((what, done)))
    assert steps == [("programming", 0.0), ("verified", 1.0)]
    assert arguments.read_text().splitlines() == ["-f", "board/x.cfg", "-c", "program firmware.elf verify reset exit"]


CHIP = """
foreach name {init reset program read_memory} { catch { rename $name "" } }
proc init {} {}
proc reset {args} {}
proc read_memory {address width count} { return [list 0x10006449] }
proc program {args} { echo "programmed with $args"; shutdown }
"""


def test_openocd_looks_at_the_chip_first(tmp_path: Path) -> None:
    """Our script, by OpenOCD's own interpreter."""
    if actions.which("openocd") is None:
        pytest.skip("openocd is not installed")
    (tmp_path / "chip.cfg").write_text(CHIP)
    for value, code, said in (
        (0x449, 0, "programmed with x.elf verify reset exit"),
        (0x450, 1, f"{actions.MARK_OTHER_CHIP}: 0xe0042000 reads 0x10006449"),
    ):
        identity = {"address": 0xE0042000, "mask": 0xFFF, "value": value}
        command = ["openocd", "-f", "chip.cfg", *actions.openocd_commands("x.elf", identity)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == code, done.stderr
        assert said in done.stderr and ("programmed" in done.stderr) == (code == 0)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project for the micro:bit."""
    folder = tmp_path_factory.mktemp("microbit") / "project"
    package = compiler.compile_model(MODELS / "digits_int8.tflite")
    create.create("baremetal", package, folder, board="microbit", target=None, options={})
    actions.build(folder)
    return folder


@pytest.fixture
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[QemuProbe]:
    made = QemuProbe("microbit", tmp_path)
    connect(monkeypatch, made)
    yield made
    made.kill()


def connect(monkeypatch: pytest.MonkeyPatch, *probes: QemuProbe) -> None:
    monkeypatch.setattr(ConnectHelper, "get_all_connected_probes", lambda **_: list(probes))


def change(folder: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """What the project says of flashing, for one test."""
    described = actions.describe(folder)
    described["flash"] |= changes
    monkeypatch.setattr(actions, "describe", lambda _: described)


def test_pyocd_programs_an_emulated_board(built: Path, probe: QemuProbe, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["micro", "flash", str(built)]) == 0
    captured = capfd.readouterr()
    assert captured.err.splitlines() == ["erasing", "programming", "verifying", "reset"]
    assert captured.out == f"{built}: programmed, verified, reset\n"
    printed, _ = probe.process.communicate(timeout=60)  # the firmware runs by itself now
    package = compiler.compile_model(MODELS / "digits_int8.tflite")
    executor = HostExecutor(package.graph)
    executor.set_input(0, make("lcg:12345", [package.graph.tensors[package.graph.inputs[0]]]).popitem()[1])
    ((name, value),) = executor.run().items()
    assert printed == f"micrort: digits_int8\n{name}: crc32 0x{crc32(value):08x}\nsuccess\n"


def test_pyocd_refuses_another_chip(built: Path, probe: QemuProbe, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = {"address": 0x10000014, "mask": 0xFFFF, "value": 0x80}
    change(built, monkeypatch, identity=identity)
    with pytest.raises(actions.ProjectError, match=r"another chip .*: 0x10000014 reads 0x00000100"):
        actions.flash(built)
    assert not [address for address in probe.gdb.written if address < 0xE0000000]  # neither flash nor an algorithm


def test_pyocd_with_a_locked_chip(built: Path, probe: QemuProbe) -> None:
    probe.unreadable = range(0x40000)
    with pytest.raises(actions.ProjectError, match=r"flash is locked.* pyOCD said: Memory transfer fault"):
        actions.flash(built)


def test_pyocd_with_flash_that_keeps_its_bytes(built: Path, probe: QemuProbe) -> None:
    probe.stuck = range(0x400, 0x40000)
    with pytest.raises(actions.ProjectError, match="read back from 0x00000400 is not what was written"):
        actions.flash(built)


@pytest.mark.usefixtures("probe")
def test_pyocd_and_a_chip_that_it_does_not_know(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change(built, monkeypatch, selects="none123")
    with pytest.raises(actions.ProjectError, match="pyOCD knows no chip none123: `pyocd pack install none123`"):
        actions.flash(built)


def test_probes_are_counted(built: Path, probe: QemuProbe, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, probe, probe)
    with pytest.raises(actions.ProjectError, match="2 debug probes are connected; leave one: qemu, qemu"):
        actions.flash(built)
    connect(monkeypatch)
    with pytest.raises(actions.ProjectError, match="no debug probe found"):
        actions.flash(built)


def test_pyocd_is_not_there(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyocd.core", None)
    with pytest.raises(actions.ProjectError, match="pip install pyocd"):
        actions.flash(built)


def test_a_project_flashes_without_micrort(built: Path) -> None:
    """By its own copies of the modules; here as far as looking for a probe."""
    code = (
        "import pathlib, micrort_project as project, micrort_pyocd\n"
        "assert micrort_pyocd.ProjectError is project.ProjectError\n"
        "try:\n    project.flash(pathlib.Path('.'))\nexcept project.ProjectError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=built, capture_output=True, text=True, check=True)
    assert "no debug probe found" in done.stdout
