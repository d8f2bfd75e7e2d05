"""Firmware on ST's Cube HAL: the tree is the user's, our sources only call it; built by Make."""

from __future__ import annotations

from typing import Any

from micrort import sources
from micrort.devices.boards import Board
from micrort.errors import UsageError
from micrort.project.platforms.baremetal import START
from micrort.project.platforms.baremetal import Project as Baremetal
from micrort.project.platforms.base import Files, Option, Order

PORT = "ports/rtos/stm32cube"
SETTINGS = "stm32f7xx_hal_conf.h"


class Project(Baremetal):
    """See the module."""

    name = "stm32cube"
    description = "firmware on ST's Cube HAL for the STM32F746, built by Make"
    own_options = (
        Option("stm32cube_path", "str", "", "Tree of STM32CubeF7; else STM32CUBE_PATH names it."),
        *Baremetal.own_options,
    )

    def check(self, order: Order) -> None:
        """See Platform."""
        board = order.board
        assert board is not None  # needs_board
        if board.uart is None or board.uart.kind != "stm32f746":
            raise UsageError(f"stm32cube projects are for STM32F746 boards, which {board.name} is not: use baremetal")
        super().check(order)

    def values(self, order: Order) -> dict[str, Any]:
        """See Platform."""
        more = {"variable": "STM32CUBE_PATH", "tree": order.options["stm32cube_path"], "upstream": "STM32CubeF7"}
        return {**super().values(order), **more}

    def files(self, order: Order) -> Files:
        """See Platform."""
        files = super().files(order)
        files[SETTINGS] = (sources.root() / PORT / SETTINGS).read_bytes()
        files.pop(f"micrort/{PORT}/{SETTINGS}", None)  # the user's is the one
        return files

    def house(self, board: Board) -> list[str]:
        """See Baremetal."""
        del board
        return [*(f"ports/{name}" for name in START), f"{PORT}/board.c"]
