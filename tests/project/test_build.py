"""Builds in the cache: made once, kept while they are used, refused with the reason."""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path

import pytest

from micrort import mlf
from micrort.compiler import compile_model
from micrort.devices import boards, targets
from micrort.errors import ToolError, UsageError
from micrort.project import build, footprint

SINE = Path(__file__).resolve().parents[1] / "models/sine_int8.tflite"
M4, AN386 = "cortex-m4", "mps2_an386"


@pytest.fixture(scope="module")
def sine() -> mlf.Package:
    return compile_model(SINE)


def test_a_build_is_made_once(sine: mlf.Package) -> None:
    board = boards.board(AN386)
    first = build.firmware(sine, board, board.target)
    made = first.image.stat().st_mtime_ns
    again = build.firmware(sine, board, board.target)
    assert again == first
    assert again.image.stat().st_mtime_ns == made


def test_another_model_is_another_build(sine: mlf.Package) -> None:
    board = boards.board(AN386)
    other = dataclasses.replace(sine, listing="changed")
    assert build.firmware(other, board, board.target) != build.firmware(sine, board, board.target)


def test_builds_are_forgotten_when_nobody_uses_them(sine: mlf.Package) -> None:
    board = boards.board(AN386)
    kept = build.firmware(sine, board, board.target).image.parent
    old = kept.parent / "old-build-of-test"
    old.mkdir(exist_ok=True)
    long_ago = time.time() - 20 * 86_400
    os.utime(old, (long_ago, long_ago))
    build.firmware(dataclasses.replace(sine, listing=str(time.time())), board, board.target)
    assert kept.exists()
    assert not old.exists()


def test_figures_do_not_contain_the_port(sine: mlf.Package) -> None:
    board = boards.board(AN386)
    made = build.firmware(sine, board, board.target)
    figures = footprint.measure(made.footprint)
    assert figures.static_ram_bytes == 0
    assert figures.code_bytes + figures.weights_bytes < footprint.measure(made.image).code_bytes


def test_a_missing_compiler_is_named(sine: mlf.Package, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi"):
        build.firmware(sine, boards.board(AN386), targets.target(M4))


def test_names_that_do_not_exist() -> None:
    with pytest.raises(UsageError, match="did you mean cortex-m4"):
        targets.target("cortex-m44")
    with pytest.raises(UsageError, match="did you mean mps2_an386"):
        boards.board("mps2_an38")
    with pytest.raises(UsageError, match="did you mean mps3-an547"):
        boards.for_machine("mps3-an54")
    with pytest.raises(UsageError, match="no board"):
        boards.board("../boards/mps2_an386")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('target = "cortex-m4"', 'target = "cortex-m44"'), "no target 'cortex-m44'"),
        (('code = "code"', 'code = "flash"'), "names the memory 'flash'"),
        (("clock_hz", "clock"), "'clock_hz' is missing"),
        (("[sections]", "[sections"), "board.toml"),
        (("size = 0x00400000", 'size = "large"'), "board.toml"),
    ],
)
def test_a_wrong_board_file_is_refused(
    change: tuple[str, str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (boards.board(AN386).folder / "board.toml").read_text().replace("0x400000", "0x00400000")
    assert change[0] in text
    folder = tmp_path / "ports/boards/mine"
    folder.mkdir(parents=True)
    for part in ("rtos", "drivers", "soc"):
        (tmp_path / "ports" / part).symlink_to(boards.sources.root() / "ports" / part)
    (folder / "board.toml").write_text(text.replace(*change))
    monkeypatch.setattr(boards.sources, "root", lambda: tmp_path)
    with pytest.raises(UsageError, match=message):
        boards.board("mine")
