"""micro flash: what is refused before a probe is touched, and what the tools' messages come to.

The programs here print what OpenOCD 0.12 and pyOCD 0.46 print; without a probe that was seen, the rest is their texts.
"""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import pytest

from micrort.project import actions

FLASH = {"name": "flash", "origin": 0x08000000, "size": 0x1000}


def elf(address: int, size: int) -> bytes:
    """A 32-bit ELF of one loaded part."""
    header = struct.pack("<4sBBB9xHHIIIIIHHH", b"\x7fELF", 1, 1, 1, 2, 40, 1, 0, 52, 0, 0, 52, 32, 1)
    return header.ljust(52, b"\0") + struct.pack("<IIIIIIII", 1, 84, address, address, size, size, 5, 4)


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
    ("tool", "text", "message"),
    [
        ("openocd", "Error: open failed", "no debug probe found"),
        ("pyocd", "E No target device available [load_cmd]", "no debug probe found"),
        ("openocd", "Warn : UNEXPECTED idcode: 0x2ba01477", "another chip"),
        ("openocd", "Error: failed erasing sectors 0 to 3", "flash is locked"),
        ("openocd", "something else", "failed"),
    ],
)
def test_what_tools_say_is_explained(
    tool: str, text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path, monkeypatch, tool, text, 1)
    project(tmp_path, elf(0x08000000, 0x1000), tool)
    with pytest.raises(actions.ProjectError, match=message) as caught:
        actions.flash(tmp_path)
    assert text in str(caught.value)


def test_the_tool_verifies_and_resets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = fake(tmp_path, monkeypatch, "openocd", "** Verified OK **", 0)
    project(tmp_path, elf(0x08000000, 0x1000))
    assert "Verified" in actions.flash(tmp_path)
    assert arguments.read_text().splitlines() == ["-f", "board/x.cfg", "-c", "program firmware.elf verify reset exit"]
