"""FreeRTOS and ThreadX on the STM32F746 boards: images of projects, executed on the model of the part."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile
from tests.codegen.models import MODELS
from tests.ports.armv7m import DEVICES, PENDSV, SVCALL, SYSTICK
from tests.ports.stm32f746 import Part, SerialLine
from tests.ports.test_rtos import hold, tree

from micrort import compiler
from micrort.devices import boards
from micrort.errors import RuntimeStatusError
from micrort.inputs import make
from micrort.project import actions, create, service
from micrort.reference.litert import LiteRTReference

KINDS = ("freertos", "threadx")
BOARDS = ("nucleo_f746zg", "stm32f746g_disco")


def built(kind: str, board: str, folder: Path, model: str = "digits_int8", **options: str) -> Path:
    tree(kind)
    package = compiler.compile_model(MODELS / f"{model}.tflite", compiler.CompileOptions("cortex-m7"))
    create.create(kind, package, folder, board=board, target=None, options={"warning_as_error": True, **options})
    actions.build(folder)
    return folder / "firmware.elf"


def part(board: str, image: Path) -> Part:
    uart = boards.board(board).uart
    assert uart is not None
    return Part(image, uart.base, interrupt=uart.interrupt)


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("kind", KINDS)
def test_requests_give_the_reference_s_bytes(kind: str, board: str, tmp_path: Path) -> None:
    ours = part(board, built(kind, board, tmp_path / "p"))
    line = SerialLine(ours)
    service.skip_behind(line, service.READY, 1.0)
    reference = LiteRTReference((MODELS / "digits_int8.tflite").read_bytes())
    package = compiler.compile_model(MODELS / "digits_int8.tflite", compiler.CompileOptions("cortex-m7"))
    for seed in (1, 2):
        (values,) = make(f"lcg:{seed}", [package.graph.tensors[index] for index in package.graph.inputs]).values()
        *_, (_, outputs) = reference.run({reference.inputs[0]: values})
        assert service.infer(line, values.tobytes()) == outputs[reference.outputs[0]].tobytes()
    with pytest.raises(RuntimeStatusError, match="argument"):
        service.infer(line, b"\0")
    uart = boards.board(board).uart
    assert uart is not None and {DEVICES + uart.interrupt, PENDSV, SYSTICK} <= set(ours.exceptions.taken)
    assert (SVCALL in ours.exceptions.taken) is (kind == "freertos")
    ours.coming += b"\3"
    while ours.exit_code is None:
        ours.advance()
    assert ours.exit_code == 0


@pytest.mark.parametrize("kind", KINDS)
def test_an_overrun_is_cleared_and_later_requests_are_answered(kind: str, tmp_path: Path) -> None:
    ours = part("nucleo_f746zg", built(kind, "nucleo_f746zg", tmp_path / "p", "sine_int8"))
    line = SerialLine(ours)
    service.skip_behind(line, service.READY, 1.0)
    ours.overrun()
    with pytest.raises(RuntimeStatusError, match="argument"):
        service.infer(line, b"")
    assert ours.registers[ours.usart + 0x20] == 8  # the overrun was cleared
    values = np.array([[5]], np.int8)
    reference = LiteRTReference((MODELS / "sine_int8.tflite").read_bytes())
    *_, (_, outputs) = reference.run({reference.inputs[0]: values})
    assert service.infer(line, values.tobytes()) == outputs[reference.outputs[0]].tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_two_threads_share_a_model(kind: str, tmp_path: Path) -> None:
    image = built(kind, "stm32f746g_disco", tmp_path / "p", "sine_int8", application="demo")
    ours = part("stm32f746g_disco", image)
    ours.coming += b"tester\n"
    ours.run()
    hold(ours.printed.replace("\r\n", "\n"))
    assert ours.exit_code == 0


@pytest.mark.parametrize("kind", KINDS)
def test_handlers_and_arenas_lie_where_they_should(kind: str, tmp_path: Path) -> None:
    with built(kind, "nucleo_f746zg", tmp_path / "p").open("rb") as file:
        elf = ELFFile(file)
        places = {section.name: section["sh_addr"] for section in elf.iter_sections() if section["sh_flags"] & 2}
        vectors = struct.unpack("<80I", elf.get_section_by_name(".vectors").data()[:320])
        symbols = elf.get_section_by_name(".symtab")
        handler = {
            name: symbols.get_symbol_by_name(name)[0]["st_value"] for name in ("mrt_port_interrupt", "PendSV_Handler")
        }
    assert vectors[DEVICES + 39] == handler["mrt_port_interrupt"] and vectors[PENDSV] == handler["PendSV_Handler"]
    assert places[".vectors"] == 0x08000000 and places[".mrt_arena_ram"] == 0x20000000  # the DTCM
