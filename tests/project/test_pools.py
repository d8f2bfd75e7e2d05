"""Models in several memories: each arena in its own, between guards, the same bytes; pools of boards and the user's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile
from tests.codegen.models import MODELS
from tests.ports.stm32f746 import Part
from tests.shared import shared

from micrort import cli, compiler, mlf
from micrort.commands.run import crc32
from micrort.devices import boards
from micrort.inputs import make
from micrort.mlf import Package
from micrort.native.executor import HostExecutor
from micrort.project import actions, arenas, build, create
from micrort.project.emulator import emulate

MODEL = MODELS / "digits_int8.tflite"


def compiled(target: str, *pools: tuple[str, int], executor: str = "graph") -> Package:
    return compiler.compile_model(MODEL, compiler.CompileOptions(target, executor=executor, pools=pools))


def inputs(package: Package) -> dict[str, np.ndarray]:
    return make("lcg:12345", [package.graph.tensors[index] for index in package.graph.inputs])


def on_the_host(package: Package) -> dict[str, np.ndarray]:
    executor = HostExecutor(package.graph)
    for name, value in inputs(package).items():
        executor.set_input(name, value)
    return executor.run()


def places(image: Path) -> dict[str, int]:
    """Addresses of the static arenas."""
    with image.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        found = {symbol.name: symbol["st_value"] for symbol in table.iter_symbols()}
    return {name.split(".")[0]: value for name, value in found.items() if name.startswith("arena_")}


@pytest.mark.parametrize(
    ("machine", "executor", "fast", "slow"),
    [
        ("mps2-an386", "graph", ("data", 0x20000000), ("psram", 0x21000000)),
        ("mps2-an386", "aot", ("data", 0x20000000), ("psram", 0x21000000)),
        ("mps3-an547", "graph", ("dtcm", 0x30000000), ("data", 0x31000000)),
    ],
)
def test_arenas_lie_in_their_memories_between_guards(
    machine: str, executor: str, fast: tuple[str, int], slow: tuple[str, int]
) -> None:
    board = boards.for_machine(machine)
    package = compiled(board.target.name, (fast[0], 1024), (slow[0], 16_384), executor=executor)
    assert [arena.name for arena in package.graph.arenas] == [fast[0], slow[0]]
    assert all(arena.size for arena in package.graph.arenas) and package.graph.arenas[0].size <= 1024
    image = build.firmware(package, board, board.target).image
    for name, origin in (fast, slow):
        assert origin <= places(image)[f"arena_{name}"] < origin + board.memories[name].size
    (outputs,) = emulate(package, machine, [inputs(package)]).outputs
    for name, value in on_the_host(package).items():
        np.testing.assert_array_equal(outputs[name], value)


def test_an_stm32f746_with_a_model_in_dtcm_and_sram(tmp_path: Path) -> None:
    """On the model of the part that tests/ports has; the pools are small, so that a small model needs two."""
    package = compiled("cortex-m7", ("dtcm", 512), ("sram1", 16_384))
    folder = tmp_path / "project"
    create.create("baremetal", package, folder, board="nucleo_f746zg", target=None, options={})
    actions.build(folder)
    found = places(folder / "firmware.elf")
    assert 0x20000000 <= found["arena_dtcm"] < 0x20010000 <= found["arena_sram1"] < 0x2004C000
    text = (folder / "firmware.map").read_text()
    assert ".mrt_arena_dtcm" in text and ".mrt_arena_sram1" in text
    uart = boards.board("nucleo_f746zg").uart
    assert uart is not None
    part = Part(folder / "firmware.elf", uart.base)
    part.run()
    ((name, value),) = on_the_host(package).items()
    assert part.exit_code == 0 and f"{name}: crc32 0x{crc32(value):08x}" in part.printed


def test_a_board_brings_its_pools(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert boards.board("nucleo_f746zg").pools == (("dtcm", 0x10000), ("sram1", 0x3A000), ("sram2", 0x4000))
    assert boards.board("mps2_an386").pools == ()
    for options, names in (
        (["--board", "nucleo_f746zg"], ["dtcm"]),
        (["--board", "nucleo_f746zg", "--pool", "dtcm:512", "--pool", "sram1:20000"], ["dtcm", "sram1"]),
        (["--board", "mps2_an386"], ["ram"]),
    ):
        assert cli.run(["compile", str(MODEL), *options, "-o", str(tmp_path / "x.tar"), "--json"]) == 0
        assert [arena["name"] for arena in json.loads(capfd.readouterr().out)["arenas"]] == names
        assert [arena.name for arena in mlf.read(tmp_path / "x.tar").graph.arenas] == names


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--pool", "dtcm"], 2, "wanted is NAME:BYTES"),
        (["--pool", "a:1", "--pool", "a:2"], 2, "of different names"),
        (["--pool", "a:16", "--pool", "b:32"], 1, "tensors nor tensors cut into rows"),
    ],
)
def test_refusals(
    options: list[str], code: int, message: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["compile", str(MODEL), *options, "-o", str(tmp_path / "x.tar")]) == code
    assert message in capfd.readouterr().err
    assert not (tmp_path / "x.tar").exists()


def test_the_fragment_for_existing_firmware(tmp_path: Path) -> None:
    package = compiled("cortex-m4", ("dtcm", 512), ("sram", 16_384))
    create.create("library", package, tmp_path / "made", board=None, target=None, options={})
    text = (tmp_path / "made/micrort.ld").read_text()
    assert text == arenas.fragment(["dtcm", "sram"])
    assert "*(.bss.mrt_arena_dtcm) } > MRT_ARENA_DTCM" in text and "*(.bss.mrt_arena_sram) } > MRT_ARENA_SRAM" in text
    assert 'REGION_ALIAS("MRT_ARENA_SRAM", ...)' in (tmp_path / "made/README.md").read_text()


def test_memories_of_which_one_has_room_for_all_are_enough() -> None:
    """The schedule that fits into the largest alone is found, though spreading its rows over all leads nowhere."""
    model = shared("models", "vww_96_int8.tflite")
    pools = (("a", 8_000), ("b", 8_000), ("c", 29_388))
    package = compiler.compile_model(model, compiler.CompileOptions("cortex-m4", pools=pools))
    for arena in package.graph.arenas:
        assert 0 < arena.size <= dict(pools)[arena.name]
    whole = compiler.compile_model(model, compiler.CompileOptions("cortex-m4", optimize="speed"))
    for name, value in on_the_host(whole).items():
        np.testing.assert_array_equal(on_the_host(package)[name], value)
