"""An application for Zephyr: its own build, by CMake and ninja, against the user's tree; micrort comes as a module."""

from __future__ import annotations

from typing import Any

from micrort import sources
from micrort.errors import UsageError
from micrort.project.platforms import base, parts
from micrort.project.platforms.base import Files, Option, Order, Platform
from micrort.project.platforms.rtos import APPLICATION, DEMO, SERVICE, board_of, check_demo

BOARDS = ("mps2_an385", "mps2_an521", "mps3_an547", "nucleo_f746zg", "stm32f746g_disco")
"""Boards that Zephyr knows by the same name; the float ABI follows the target's."""
MODULE = (
    "ports/rtos/zephyr/zephyr/module.yml",
    "ports/rtos/zephyr/CMakeLists.txt",
    "ports/rtos/zephyr/Kconfig",
    "ports/rtos/zephyr/platform.c",
    "ports/rtos/zephyr/maths.c",
)
EXIT = "ports/rtos/bare/semihosting.c"
CONFIGURE = "cmake -GNinja -B build -S ."


class Project(Platform):
    """See the module."""

    name = "zephyr"
    description = "an application for Zephyr 3.2 or later, built by CMake and ninja"
    image = "build/zephyr/zephyr.elf"
    own_options = (
        APPLICATION,
        Option("zephyr_base", "str", "", "Tree of Zephyr; else ZEPHYR_BASE names it."),
        Option("zephyr_modules", "str", "", "Modules that west does not know, with semicolons; else ZEPHYR_MODULES."),
        base.SEED,
        base.WARNING_AS_ERROR,
    )

    def check(self, order: Order) -> None:
        """See Platform."""
        board = board_of(order)
        if board.name not in BOARDS:
            raise UsageError(f"zephyr projects are for {', '.join(BOARDS)}, not for {board.name}: choose one of these")
        check_demo(order)

    def values(self, order: Order) -> dict[str, Any]:
        """See Platform."""
        more = {
            "units": [*self._units(order)],
            "calls": parts.calls(order),
            "fpu": order.target.fpu,
            "foreign": "tvm" in order.package.figures,
        }
        return {**super().values(order), **more}

    def files(self, order: Order) -> Files:
        """See Platform."""
        root = sources.root()
        model = order.package.name
        ours = parts.library(order)
        ours[f"lib/{model}/lib{model}.a"] = ours.pop(f"lib/lib{model}.a")  # where the module looks
        units = ["ports/rtos/zephyr/platform.c", *self._units(order)]
        ours |= base.with_headers(root, units) | base.sources(root, [*MODULE, "ports/drivers/transport.c"])
        files = super().files(order) | base.below("micrort", ours)
        if order.options["application"] == "demo":
            files["src/main.c"] = (root / "ports/rtos/zephyr/sample/src/main.c").read_bytes()
        return files

    def commands(self, order: Order) -> dict[str, list[str]]:
        """See Platform."""
        from micrort.transport import qemu

        machine = board_of(order).machine
        build = {"build": ["sh", "-c", f"{CONFIGURE} && ninja -C build"]}
        return build if machine is None else {**build, "run": qemu.serial(str(self.image), machine)}

    def _units(self, order: Order) -> list[str]:
        """C files of ours that the application itself compiles."""
        application = DEMO if order.options["application"] == "demo" else SERVICE
        units = [unit for unit in application if unit != "ports/drivers/transport.c"]  # which the module compiles
        return units if board_of(order).machine is None else [*units, EXIT]
