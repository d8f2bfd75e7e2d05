"""An application for Mbed OS: its own build, by CMake and ninja, against the user's tree."""

from __future__ import annotations

from typing import Any

from micrort import sources
from micrort.errors import UsageError
from micrort.project.platforms import base, parts
from micrort.project.platforms.base import Files, Option, Order, Platform
from micrort.project.platforms.rtos import APPLICATION, DEMO, SERVICE, board_of, check_demo, headers

BOARDS = {
    "mps2_an385": "ARM_MPS2_M3",
    "nucleo_f746zg": "NUCLEO_F746ZG",
    "stm32f746g_disco": "DISCO_F746NG",
}
"""Our boards by the names that Mbed has for them."""
UNITS = ("ports/rtos/mbed/platform.c", "ports/rtos/mbed/serial.c")
EXIT = "ports/rtos/bare/semihosting.c"


class Project(Platform):
    """See the module."""

    name = "mbed"
    description = "an application for Mbed OS 6 or later (Mbed CE), built by CMake and ninja"
    image = "build/firmware.elf"
    own_options = (
        APPLICATION,
        Option("mbed_os_path", "str", "", "Tree of Mbed OS; else MBED_OS_PATH names it."),
        base.SEED,
        base.WARNING_AS_ERROR,
    )

    def check(self, order: Order) -> None:
        """See Platform."""
        board = board_of(order)
        if board.name not in BOARDS:
            raise UsageError(f"mbed projects are for {', '.join(BOARDS)}, not for {board.name}: choose one of these")
        check_demo(order)

    def values(self, order: Order) -> dict[str, Any]:
        """See Platform."""
        more = {"units": self._units(order), "calls": parts.calls(order), "mbed_target": BOARDS[board_of(order).name]}
        return {**super().values(order), **more}

    def files(self, order: Order) -> Files:
        """See Platform."""
        root = sources.root()
        ours = parts.library(order) | base.with_headers(root, self._units(order))
        ours |= base.sources(root, headers(root, "ports/rtos"))
        files = super().files(order) | base.below("micrort", ours)
        if order.options["application"] == "demo":
            files["main.c"] = (root / "ports/rtos/mbed/demo/main.c").read_bytes()
        return files

    def commands(self, order: Order) -> dict[str, list[str]]:
        """See Platform."""
        from micrort.transport import qemu

        machine = board_of(order).machine
        build = {"build": ["sh", "-c", "cmake -GNinja -B build -S . && ninja -C build"]}
        return build if machine is None else {**build, "run": qemu.serial(str(self.image), machine)}

    def _units(self, order: Order) -> list[str]:
        application = DEMO if order.options["application"] == "demo" else SERVICE
        units = [*UNITS, *application]
        return units if board_of(order).machine is None else [*units, EXIT]
