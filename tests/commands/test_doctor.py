"""micrort doctor: what is there, what is missing and how to get it; programs that do not work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from micrort import cli


def test_it_finds_what_is_installed(capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["doctor", "--json"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert found["arm-none-eabi-gcc"]["installed"] and found["arm-none-eabi-gcc"]["version"].count(".") >= 1
    assert found["unicorn"]["version"].startswith("2.")
    for row in found.values():
        assert set(row) == {"installed", "version", "trouble", "kind", "enables", "get", "needed"}


def test_missing_and_broken_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "make").write_text("no program")
    (tmp_path / "make").chmod(0o755)
    (tmp_path / "qemu-system-arm").write_text("#!/bin/sh\n/bin/echo QEMU emulator version 7.2.99\n")
    (tmp_path / "qemu-system-arm").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("THREADX_PATH", str(tmp_path))
    monkeypatch.delenv("ZEPHYR_BASE", raising=False)
    assert cli.run(["doctor"]) == 1
    printed = capfd.readouterr().out
    assert "MISSING  arm-none-eabi-gcc" in printed and "apt-get install gcc-arm-none-eabi" in printed
    assert "make cannot be run" in printed
    assert "missing  ZEPHYR_BASE" in printed and "set ZEPHYR_BASE to" in printed
    assert f"{tmp_path} has no common/inc/tx_api.h" in printed
