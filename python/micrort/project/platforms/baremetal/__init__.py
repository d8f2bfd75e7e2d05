"""Firmware without an operating system: start-up code, linker script, Makefile, and a main that runs the model."""

from __future__ import annotations

from typing import Any, ClassVar

from micrort import sources
from micrort.devices.boards import Board
from micrort.devices.targets import CROSS
from micrort.errors import UsageError
from micrort.project import arenas
from micrort.project.platforms import base, parts
from micrort.project.platforms.base import Files, Option, Order, Platform

START = ("rtos/bare/startup.c", "rtos/bare/text.c")
"""What every board needs."""


class Project(Platform):
    """See the module."""

    name = "baremetal"
    description = "firmware without an operating system, built by Make"
    image = "firmware.elf"
    own_options: ClassVar[tuple[Option, ...]] = (base.STACK_SIZE, base.SEED, base.WARNING_AS_ERROR)

    def check(self, order: Order) -> None:
        """See Platform."""
        board = _board(order)
        bound = order.package.figures["arenas"]
        arenas.place(board, [(item["name"], item["bytes"]) for item in bound])
        if int(order.options["stack_size"]) % 8:
            raise UsageError("option stack_size takes a multiple of 8")

    def values(self, order: Order) -> dict[str, Any]:
        """See Platform."""
        board = _board(order)
        own = [f"ports/{name}" for name in board.code if name.endswith(".c")]
        units = [*self.house(board), *own]
        defines = {**board.defines, "MRT_PORT_PROTECTED": "0"}
        more = {"compiler": f"{CROSS}gcc", "units": units, "defines": defines, "calls": parts.calls(order)}
        return {**super().values(order), **more}

    def files(self, order: Order) -> Files:
        """See Platform."""
        board = _board(order)
        root = sources.root()
        placed = arenas.place(board, [(item["name"], item["bytes"]) for item in order.package.figures["arenas"]])
        ours = parts.library(order) | base.with_headers(root, self.house(board))
        ours |= base.sources(root, ["ports/rtos/bare/bare.ld"])
        ours |= {f"ports/{name}": path.read_bytes() for name, path in board.code.items()}
        ours["memory.ld"] = board.memory_ld().encode()
        ours["arenas.ld"] = arenas.script(placed).encode()
        return super().files(order) | base.below("micrort", ours)

    def commands(self, order: Order) -> dict[str, list[str]]:
        """See Platform."""
        from micrort.transport import qemu

        found = super().commands(order)
        machine = _board(order).machine
        if machine is not None:
            found["run"] = qemu.application(str(self.image), machine)
        return found

    def house(self, board: Board) -> list[str]:
        """C files of the house that the firmware is made of."""
        return [f"ports/{name}" for name in (*START, *board.sources)]


def _board(order: Order) -> Board:
    assert order.board is not None  # needs_board
    return order.board
