"""Worst-case stack of functions in a linked image.

Frames are the compiler's own figures (micrort.project.frames), or those of the machine code where it takes more;
those of the C library and of the compiler's helpers, which come as binaries, are taken from their machine code. Calls
are those of the linked machine code. A call through a pointer is resolved by the file it stands in: the executor
calls the kernels of its graph, and what hands over rows. Whatever has no bound is refused: recursion, unknown pointers,
frames of variable size. Interrupts are not included.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from micrort.errors import ToolError
from micrort.project import frames, machine_code

POINTERS = {
    "runtime/executor.c": ("run", "hand_over"),
    "runtime/graph_check.c": ("check", "workspace"),
    "runtime/graph_plan.c": ("in_place", "reads"),
    "runtime/compat/tvm/operator.c": ("linked",),
    "runtime/kernels/dsp/strips.c": ("strip", "widen"),
    "runtime/kernels/dsp/strips.inc": ("strip", "widen"),
    "runtime/kernels/dsp/strips.inc:convert": ("widen",),
    "runtime/kernels/dsp/depthwise3x3_s8_dsp_dilated.c": ("strip", "widen"),
    "runtime/kernels/dsp/patches.c": ("two",),
    "runtime/kernels/dsp/vectors.c": ("two",),
    "runtime/kernels/dsp/matvec.c": ("one",),
    "runtime/kernels/dsp/patch.c": ("pixel",),
    "runtime/kernels/dsp/products.c": ("next_two",),
}
"""What function pointers in each file, or function of a file, point to: members of mrt_kernel_t, functions in an
archive of TVM, or loops."""
CALLBACKS = ("hand_over",)
"""Functions of those files whose pointers are the application's callbacks, which its own bound has to count."""
LINKED = "_lookup_linked_param"
"""End of the name of the function that gives constants in archives of TVM 0.8."""
PACKED = "tvmgen_"
"""Start of the names of TVM's operators, which adapters may find by name."""
ROLES = ("run", "check", "workspace")
"""Members that are functions of one kernel: mrt_<kernel>_<role>."""
SHARED = {
    "hand_over": "hand_over",
    "in_place": "mrt_in_place_",
    "reads": "mrt_reads_",
    "strip": "mrt_strip_",
    "widen": "mrt_widen_",
    "one": "mrt_dsp_multiply_one",
    "two": "mrt_dsp_multiply_two",
    "next_two": "next_two_",
    "pixel": "pixel_of_",
}
"""Members that are functions which kernels share, or loops of theirs, and how the names of those begin."""


@dataclass(frozen=True)
class Bound:
    """Worst-case stack of one function."""

    bytes: int
    path: tuple[str, ...]
    """The deepest chain of calls, from the function itself."""


class Analysis:
    """Bounds of the functions in one image."""

    def __init__(
        self, image: Path, tables: Iterable[Path], kernels: Collection[str], adapters: str | None = None
    ) -> None:
        """Read an image.

        Args:
            image: linked ELF for an Arm core.
            tables: frame tables (micrort.project.frames) of our own code in it.
            kernels: the kernels (names of kernels.def) that pointers may reach.
            adapters: what the names of a model's own kernels start with, which pointers may reach, too.

        Raises:
            ToolError: the image cannot be disassembled.
        """
        self.image = image
        self.kernels = kernels
        self.adapters = adapters
        self.frames = frames.read(tables)
        self.functions = machine_code.read(image)
        self.addresses, self.units = _symbols(image)
        self._known: dict[int, Bound] = {}

    def bound(self, function: str) -> Bound:
        """The worst-case stack of a function, below its caller.

        Raises:
            ToolError: it is not in the image, or something that it calls has no bound.
        """
        if function not in self.addresses:
            raise ToolError(f"{self.image.name} has no function {function}, whose stack is asked for")
        return self._bound(self.addresses[function], ())

    def frame(self, function: machine_code.Function) -> int:
        """What a function takes itself.

        Raises:
            ToolError: there is no telling.
        """
        stated = self._stated(function)
        if stated:
            # gcc leaves out what it stores of a structure that comes half in registers (seen with gcc 12)
            return max(function.pushed, *(item.bytes for item in stated))
        if function.doubt:
            raise ToolError(f"the stack of {function.name} has no bound: {function.doubt}")
        return function.pushed

    def _stated(self, function: machine_code.Function) -> Sequence[frames.Frame]:
        """What the compiler states of a function; a static one is told from its namesakes by its file."""
        found = self.frames.get(function.name, ())
        unit = self.units.get(function.address)
        exact = [item for item in found if item.unit == unit]
        is_static = unit is not None and all(item.unit for item in found)
        return exact if is_static else exact or found

    def _bound(self, address: int, chain: tuple[int, ...]) -> Bound:
        if address in self._known:
            return self._known[address]
        function = self._at(address)
        address = function.address
        if address in chain:
            names = " -> ".join(self.functions[item].name for item in (*chain[chain.index(address) :], address))
            raise ToolError(f"recursion, whose stack has no bound: {names}")
        deepest = Bound(0, ())
        for callee in sorted(self._callees(function)):
            found = self._bound(callee, (*chain, address))
            deepest = max(deepest, found, key=lambda item: item.bytes)
        result = Bound(self.frame(function) + deepest.bytes, (function.name, *deepest.path))
        self._known[address] = result
        return result

    def _at(self, address: int) -> machine_code.Function:
        """The function that an address lies in: hand-written helpers jump into each other's middle."""
        if address in self.functions:
            return self.functions[address]
        return self.functions[max(begin for begin in self.functions if begin <= address)]

    def _callees(self, function: machine_code.Function) -> set[int]:
        if not function.indirect or function.name.split(".")[0] in CALLBACKS:
            return function.calls
        if self._is_adapter(function.name):
            return function.calls | {address for name, address in self.addresses.items() if name.startswith(PACKED)}
        roles = {role for item in self._stated(function) for role in _roles(item)}
        if not roles:
            raise ToolError(f"{function.name} calls through a pointer; nothing tells where to")
        local = {body.name: address for address, body in self.functions.items()}
        known = {**local, **self.addresses}.items()
        return function.calls | {address for name, address in known if self._reached(name, roles)}

    def _is_adapter(self, name: str) -> bool:
        return self.adapters is not None and name.startswith(self.adapters) and name.endswith("_run")

    def _reached(self, name: str, roles: set[str]) -> bool:
        if any(name.startswith(prefix) for role, prefix in SHARED.items() if role in roles):
            return True
        if name.endswith(LINKED):
            return "linked" in roles
        if self._is_adapter(name):
            return "run" in roles
        return any(name == f"mrt_{kernel}_{role}" for kernel in self.kernels for role in roles & set(ROLES))


def _roles(frame: frames.Frame) -> Sequence[str]:
    """What pointers in a function point to."""
    own = f"{frame.source}:{frame.function.split('.')[0]}"
    return POINTERS.get(own, POINTERS.get(frame.source, ()))


def _symbols(image: Path) -> tuple[Mapping[str, int], Mapping[int, str]]:
    """Addresses of the global functions of an image, and of the static ones the names of their files."""
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    found: dict[str, int] = {}
    units: dict[int, str] = {}
    with image.open("rb") as file:
        for table in ELFFile(file).iter_sections():
            if not isinstance(table, SymbolTableSection):
                continue
            unit = ""
            for symbol in table.iter_symbols():
                kind, bind, address = symbol["st_info"]["type"], symbol["st_info"]["bind"], symbol["st_value"] & ~1
                if kind == "STT_FILE":  # static functions behind it are of this file
                    unit = symbol.name
                elif kind == "STT_FUNC" and bind == "STB_LOCAL":
                    units[address] = unit
                elif kind == "STT_FUNC":
                    found[symbol.name] = address
    return found, units
