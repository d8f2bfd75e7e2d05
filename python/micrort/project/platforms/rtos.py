"""What project types of operating systems without a build of their own share: kernel, ports and application by Make."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from micrort import sources
from micrort.devices.boards import Board
from micrort.devices.targets import CROSS
from micrort.errors import UsageError
from micrort.project import arenas
from micrort.project.platforms import base, parts
from micrort.project.platforms.base import Files, Option, Order, Platform

APPLICATION = Option(
    "application",
    "str",
    "service",
    "What runs: `service`, a task that runs the model and answers requests of the workstation, or `demo`, three tasks "
    "with the model sine_int8.",
    ("service", "demo"),
)
DEMO_MODEL = "sine_int8"
SERVICE = ("ports/drivers/transport.c", "ports/service/print.c", "ports/service/service.c")
DEMO = ("ports/drivers/transport.c", "ports/service/print.c", "ports/rtos/demo/demo.c")
UARTS: Mapping[str, tuple[str, ...]] = {
    "cmsdk": ("ports/rtos/board_cmsdk.c", "ports/drivers/cmsdk_uart.c"),
    "stm32f746": ("ports/rtos/board_stm32f746.c", "ports/soc/stm32f746/uart.c"),
}
"""Kind of a board's UART -> the C files by which an application has it."""


def check_demo(order: Order) -> None:
    """Refuse the demonstration with another model than its own, or with direct calls, which two cannot share.

    Raises:
        UsageError: as said.
    """
    if order.options["application"] != "demo":
        return
    if order.package.name != DEMO_MODEL or order.package.executor != "graph":
        raise UsageError(
            f"option application=demo is for tests/models/{DEMO_MODEL}.tflite, compiled for the executor: it computes "
            "sines. Leave it out for any other model"
        )


class Rtos(Platform):
    """A type whose system is compiled together with the application. The system brings no support for boards."""

    system_name: ClassVar[str]
    """What people call it. Its folder in ports/rtos is the type's name."""
    upstream: ClassVar[str]
    """The tree, in words."""
    tree: ClassVar[Option]
    """Names the system's tree; the environment variable has the same name in capitals."""
    ports: ClassVar[Mapping[str, str]]
    """Target -> the system's own port for the core."""
    units: ClassVar[tuple[str, ...]]
    """C files of ours beside the board's."""
    settings_file: ClassVar[str]
    """The system's configuration, which is the user's to change."""
    image = "firmware.elf"

    @property
    def options(self) -> tuple[Option, ...]:
        """Every option of the type."""
        own = (APPLICATION, self.tree, base.STACK_SIZE, base.SEED, base.WARNING_AS_ERROR)
        return (*own, *super().options)

    def check(self, order: Order) -> None:
        """See Platform."""
        board = board_of(order)
        if board.uart is None or board.uart.kind not in UARTS:
            raise UsageError(
                f"{self.name} projects need a UART with a driver of kind {', '.join(UARTS)}, which {board.name} lacks: "
                "choose another board, or --type baremetal"
            )
        if order.target.name not in self.ports:
            raise UsageError(
                f"{self.name} projects are for code of {', '.join(self.ports)}; the model was compiled for "
                f"{order.target.name}. Compile it for one of them"
            )
        check_demo(order)
        arenas.place(board, _arenas(order))
        if int(order.options["stack_size"]) % 8:
            raise UsageError("option stack_size takes a multiple of 8")

    def values(self, order: Order) -> dict[str, Any]:
        """See Platform."""
        board = board_of(order)
        more = {
            "compiler": f"{CROSS}gcc",
            "units": [*self._house(order), *(f"ports/{name}" for name in board.code if name.endswith(".c"))],
            "defines": {**board.defines, "MRT_PORT_PROTECTED": "0"},
            "calls": parts.calls(order),
            "variable": self.tree.name.upper(),
            "tree": order.options[self.tree.name],
            "port": self.ports[order.target.name],
            "settings_file": self.settings_file,
            "system_name": self.system_name,
            "upstream": self.upstream,
        }
        return {**super().values(order), **more}

    def files(self, order: Order) -> Files:
        """See Platform."""
        root = sources.root()
        board = board_of(order)
        demo = root / "ports/rtos" / self.name / "demo"
        ours = parts.library(order) | base.with_headers(root, self._house(order))
        ours |= {f"ports/{name}": path.read_bytes() for name, path in board.code.items()}
        ours |= base.sources(root, ["ports/rtos/bare/bare.ld", *headers(root, "ports/rtos")])
        ours["memory.ld"] = board.memory_ld().encode()
        ours["arenas.ld"] = arenas.script(arenas.place(board, _arenas(order))).encode()
        files = super().files(order) | base.below("micrort", ours)
        files[self.settings_file] = (demo / self.settings_file).read_bytes()
        if order.options["application"] == "demo":
            files["main.c"] = (demo / "main.c").read_bytes()
        return files

    def commands(self, order: Order) -> dict[str, list[str]]:
        """See Platform."""
        from micrort.transport import qemu

        machine = board_of(order).machine
        build = {"build": ["make", "-j4"]}
        return build if machine is None else {**build, "run": qemu.serial(str(self.image), machine)}

    def _house(self, order: Order) -> list[str]:
        """C files of the house that the firmware is made of."""
        board = board_of(order)
        assert board.uart is not None  # see check
        start = [
            "ports/rtos/bare/startup.c",
            "ports/rtos/bare/text.c",
            "ports/rtos/board.c",
            *(f"ports/{name}" for name in board.sources),
        ]
        application = DEMO if order.options["application"] == "demo" else SERVICE
        return [*start, *UARTS[board.uart.kind], *self.units, *application]


def board_of(order: Order) -> Board:
    """The board, which types with `needs_board` have."""
    assert order.board is not None
    return order.board


def headers(root: Path, folder: str) -> list[str]:
    """The headers of a folder of the house."""
    return [path.relative_to(root).as_posix() for path in sorted((root / folder).glob("*.h"))]


def _arenas(order: Order) -> list[tuple[str, int]]:
    return [(item["name"], item["bytes"]) for item in order.package.figures["arenas"]]
