"""The STM32F746 boards: images of their projects, executed from reset to the result on a model of the part."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from tests.codegen.models import MODELS
from tests.ports.stm32f746 import APB1ENR, APB2ENR, CCR, DWT_CTRL, FLASH_ACR, PLLCFGR, Part

from micrort import compiler
from micrort.commands.run import crc32
from micrort.devices import boards
from micrort.inputs import make
from micrort.native.executor import HostExecutor
from micrort.project import actions, create

BOARDS = {"nucleo_f746zg": (8_000_000, 54_000_000), "stm32f746g_disco": (25_000_000, 108_000_000)}
"""External clock, and clock of the USART."""
MODELS_RUN = ("digits_int8", "digits_float")


KINDS = ("baremetal", "stm32cube")
"""Ours alone, and ours on ST's Cube HAL, whose tree STM32CUBE_PATH names."""


@pytest.fixture(scope="module", params=[(b, m, k) for k in KINDS for b in BOARDS for m in MODELS_RUN], ids="-".join)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, Path]:
    board, model, kind = request.param
    if kind == "stm32cube" and not os.environ.get("STM32CUBE_PATH"):
        pytest.skip("STM32CUBE_PATH is not set: it names a tree of STM32CubeF7")
    folder = tmp_path_factory.mktemp(board) / "project"
    package = compiler.compile_model(MODELS / f"{model}.tflite", compiler.CompileOptions("cortex-m7"))
    create.create(kind, package, folder, board=board, target=None, options={"warning_as_error": True})
    actions.build(folder)
    return board, model, folder / "firmware.elf"


def part(board: str, image: Path, **options: bool) -> Part:
    uart = boards.board(board).uart
    assert uart is not None
    return Part(image, uart.base, **options)


def test_from_reset_to_the_hosts_bytes(built: tuple[str, str, Path]) -> None:
    board, model, image = built
    package = compiler.compile_model(MODELS / f"{model}.tflite", compiler.CompileOptions("cortex-m7"))
    executor = HostExecutor(package.graph)
    for index, value in enumerate(make("lcg:12345", [package.graph.tensors[i] for i in package.graph.inputs]).values()):
        executor.set_input(index, value)
    ours = part(board, image)
    ours.run()
    assert ours.exit_code == 0, ours.printed
    lines = ours.printed.split("\r\n")
    assert lines[0] == f"micrort: {model}" and lines[1].startswith("cycles: ") and lines[-2] == "success"
    if model.endswith("int8"):  # floats of x86 may differ in the last bit
        (name, value), *_ = executor.run().items()
        assert f"{name}: crc32 0x{crc32(value):08x}" in lines


def test_clocks_caches_and_serial_port(built: tuple[str, str, Path]) -> None:
    board, _, image = built
    external, usart_hz = BOARDS[board]
    ours = part(board, image)
    ours.run()
    assert ours.registers[PLLCFGR] & 0x400000 and ours.core_hz(external) == 216_000_000
    assert ours.registers[PLLCFGR] >> 24 & 0xF == 9  # 48 MHz for USB
    assert ours.registers[FLASH_ACR] == 0x307  # seven wait states, prefetch, accelerator
    assert ours.registers[CCR] & 0x30000 == 0x30000
    assert ours.lines == {way << 30 | line << 5 for way in range(4) for line in range(32)}
    assert ours.registers[DWT_CTRL] & 1
    assert abs(usart_hz / ours.registers[ours.usart + 0xC] - 115_200) < 1_000
    assert ours.registers[ours.usart] == 0xD
    assert ours.registers[APB1ENR] & 0x40000 or ours.registers[APB2ENR] & 0x10
    assert ours.registers[0xE000ED08] == 0x08000000
    pins = [ours.registers[0x40020000 + 0x400 * port] >> 2 * pin & 3 for port, pin in PINS[board]]
    assert pins == [2, 2]  # alternate function


PINS = {"nucleo_f746zg": ((3, 8), (3, 9)), "stm32f746g_disco": ((0, 9), (1, 7))}


def test_a_dead_crystal_leaves_the_internal_clock(built: tuple[str, str, Path]) -> None:
    board, _, image = built
    if (image.parent / "stm32f7xx_hal_conf.h").exists():
        pytest.skip("the HAL waits by SysTick, which the model of the part does not have")
    ours = part(board, image, dead_crystal=True)
    ours.run()
    assert ours.exit_code == 0
    assert not ours.registers[PLLCFGR] & 0x400000 and ours.core_hz(16_000_000) == 216_000_000


def test_sections_lie_where_they_should(built: tuple[str, str, Path]) -> None:
    with built[2].open("rb") as file:
        elf = ELFFile(file)
        places = {section.name: section["sh_addr"] for section in elf.iter_sections() if section["sh_flags"] & 2}
        vectors = elf.get_section_by_name(".vectors").data()
    stack, reset, *handlers = struct.unpack("<80I", vectors[:320])
    assert places[".vectors"] == 0x08000000 and places[".text"] < 0x08100000
    assert places[".mrt_arena_ram"] == 0x20000000  # the DTCM
    assert 0x20010000 < stack <= 0x2004C000 and stack % 8 == 0
    assert all(0x08000400 <= handler < 0x08100000 and handler & 1 for handler in (reset, *handlers))
