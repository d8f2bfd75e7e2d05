"""Boards: the template copied and run, a board in a folder of the user's, refusals."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.codegen.models import MODELS

from micrort import compiler, sources
from micrort.devices import boards
from micrort.errors import UsageError
from micrort.project import actions, create

TEMPLATE = sources.root() / "ports/boards/template"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    folder = tmp_path / "boards/mine"
    shutil.copytree(TEMPLATE, folder)
    return folder


def test_a_copy_of_the_template_runs(mine: Path, tmp_path: Path) -> None:
    package = compiler.compile_model(MODELS / "sine_int8.tflite")
    create.create("baremetal", package, tmp_path / "project", board=str(mine), target=None, options={})
    assert (tmp_path / "project/micrort/ports/boards/mine/board.c").exists()
    actions.build(tmp_path / "project")
    line = actions.Transport(tmp_path / "project")
    printed = b""
    while not printed.endswith(b"success\n"):
        printed += line.read(1, 20.0)
    line.close()
    assert printed.startswith(b"micrort: sine_int8\n")


def test_folders_of_boards_are_listed_and_the_template_is_not() -> None:
    assert "template" not in boards.names()
    folders = {path.name for path in (sources.root() / "ports/boards").iterdir()}
    assert {*boards.names(), "template"} == folders
    assert [boards.board(name).name for name in boards.names()] == boards.names()
    machines = [boards.board(name).machine for name in boards.names()]
    assert len(set(machines) - {None}) == len(machines) - machines.count(None)


def test_refusals(mine: Path, tmp_path: Path) -> None:
    text = (mine / "board.toml").read_text()
    for before, after, message in (
        ('data = "ram"', 'data = "rom"', r"data names the memory 'rom'; there are flash, ram"),
        ('target = "cortex-m3" ', 'target = "cortex-m5" ', "no target 'cortex-m5'"),
        ("clock_hz", "clock", "'clock_hz' is missing"),
        ("[sections]", "[sections", "Expected ']'"),
        ("sources = []", 'sources = ["rtos/none.c"]', r"\[port\] sources names rtos/none.c"),
        ('# tool = "pyocd"', '[flash]\ntool = "avrdude"', "it may be pyocd, openocd"),
    ):
        assert before in text
        (mine / "board.toml").write_text(text.replace(before, after))
        with pytest.raises(UsageError, match=message):
            boards.board(str(mine))
    for name, message in (
        (str(tmp_path / "none"), "holds no board.toml: copy"),
        ("microbi", "did you mean microbit"),
        ("template", "no board 'template'"),
    ):
        with pytest.raises(UsageError, match=message):
            boards.board(name)
    shutil.copytree(TEMPLATE, tmp_path / "my board")
    with pytest.raises(UsageError, match="letters, digits and underscores"):
        boards.board(str(tmp_path / "my board"))
