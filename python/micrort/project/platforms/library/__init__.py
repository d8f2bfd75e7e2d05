"""Libraries for firmware that is there already: archives, headers, linker fragment, pkg-config and CMake files."""

from __future__ import annotations

from micrort.project.platforms import parts
from micrort.project.platforms.base import Files, Order, Platform


class Project(Platform):
    """See the module."""

    name = "library"
    description = "static libraries, headers and a linker fragment for existing firmware"
    needs_board = False

    def files(self, order: Order) -> Files:
        """See Platform."""
        files = super().files(order) | parts.library(order)
        name = f"lib/pkgconfig/{order.package.name}.pc"
        files[name] = files.pop("lib/pkgconfig/model.pc")
        return files

    def commands(self, order: Order) -> dict[str, list[str]]:
        """The libraries are made already; building compiles the example against them, which shows that they fit."""
        del order
        return {"build": ["make", "-C", "example"]}
