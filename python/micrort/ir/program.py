"""Programs: what lowering makes of a graph. Kernel calls, the steps of a schedule, and where tensors lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from micrort.ir.pruning import Pruning
from micrort.ir.selection import Selection
from micrort.ir.tensor import Tensor

Attribute = int | float


@dataclass(frozen=True)
class InPlace:
    """A kernel's offer to let an output share memory with one of its inputs.

    The input may start `delta` bytes or more behind the output's start (0: the very same memory); where `delta` is
    negative, the output -delta bytes or more behind the input's. Valid only if nothing reads the input afterwards.
    """

    input: int
    output: int = 0
    delta: int = 0


@dataclass(frozen=True)
class KernelCall:
    """One call of a kernel of the library."""

    name: str
    """The node's name."""
    kernel: str
    """The kernel's name in kernels.def, e.g. `conv2d_s8`."""
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attrs: Mapping[str, Attribute]
    """The members of the kernel's attribute struct by name; those of nested structs by their own name."""
    in_place: tuple[InPlace, ...] = ()
    by_rows: bool = True
    """Whether any range of output rows may be computed by itself; else the call covers all rows at once."""
    operator: str = ""
    """The operator it came from, for reports."""
    macs: int = 0
    """Multiply-accumulates, for reports."""
    workspace_bytes: int = 0
    """What the kernel's C workspace function says; set by the `workspaces` pass."""
    workspace_alignment: int = 4
    """Kernels ask for workspace in 4-byte units (mrt_kernel_workspace_t); operators of other compilers for more."""
    adapter: str = ""
    """See NodeEntry.adapter."""

    @property
    def workspace(self) -> str:
        """The name under which `Program.slots` holds the workspace."""
        return f"{self.name}/workspace"


class StepKind(Enum):
    """What a step does."""

    CALL = "call"
    """A call makes rows of its output 0."""
    INPUT = "input"
    """The caller hands in a row of a streamed input."""
    OUTPUT = "output"
    """The caller takes a row of a streamed output."""


@dataclass(frozen=True)
class Step:
    """Rows [row_begin, row_end) of output 0 of call `call`, an index; of a streamed input or output, that one's."""

    call: int
    row_begin: int
    row_end: int
    kind: StepKind = StepKind.CALL


@dataclass(frozen=True)
class Slot:
    """Where a tensor (or a workspace) lies: pool index and byte offset in it."""

    pool: int
    offset: int
    """Of row 0."""
    rows: tuple[int, ...] | None = None
    """The offset of each row, where they are placed one by one; None: they follow one another."""


@dataclass(frozen=True)
class Arena:
    """The arena of one memory pool."""

    name: str
    size: int
    alignment: int
    lower_bound: int = 0
    """No plan can be smaller, given the order of steps and the sharing of storage."""


@dataclass(frozen=True)
class Program:
    """A lowered graph. Fields further down are filled by later passes."""

    name: str
    tensors: Mapping[str, Tensor]
    calls: tuple[KernelCall, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Tensors that are only another view of an earlier tensor's bytes (reshapes): alias -> original."""
    steps: tuple[Step, ...] = ()
    shares: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Tensors laid over another one's storage: name -> (owner of the storage, byte offset in it)."""
    slots: Mapping[str, Slot] = field(default_factory=dict)
    """Of every activation tensor, and of workspaces under `<call name>/workspace`."""
    arenas: tuple[Arena, ...] = ()
    pruning: Pruning | None = None
    """See Graph.pruning."""
    selection: Mapping[str, Selection] = field(default_factory=dict)
    """Call name -> why its kernel was chosen; empty where nothing was to be chosen."""

    def root(self, name: str) -> str:
        """The tensor whose bytes `name` is a view of; itself, if it is no alias."""
        while name in self.aliases:
            name = self.aliases[name]
        return name
