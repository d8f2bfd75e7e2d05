"""What a model takes on one target, made by one compiler: JSON and a C header beside the model's library.

The archive that `micrort compile` writes serves every target; figures that depend on the machine code are known here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from micrort import __version__, sources
from micrort.project import footprint, stack

_GRAPH = ("init", "input", "output", "set_input", "get_output", "run", "step")
CALLS = {
    "graph": _GRAPH,
    "stream": (*_GRAPH, "push_row", "pop_row"),
    "aot": ("input", "output", "run"),
    "blob": ("load", *_GRAPH),
}
"""What an application calls, by executor; `stream` is the graph executor where rows are handed over."""


@dataclass(frozen=True)
class TargetFigures:
    """Figures of a model on a target."""

    model: str
    """Its name; empty for firmware that loads models."""
    target: str
    compiler: str
    """As it names itself in the image."""
    stack_bytes: Mapping[str, int]
    """Worst-case stack of each call of the interface, below its caller, without interrupts."""
    deepest: Sequence[str]
    """The chain of calls that takes most of the stack in an inference."""
    code_bytes: int
    static_ram_bytes: int
    weights_bytes: int


def function(call: str, model: str, executor: str) -> str:
    """The C function behind a call of CALLS."""
    if call == "load":
        return "mrt_graph_load"
    of_model = executor == "aot" or (call == "init" and executor in ("graph", "stream"))
    return f"mrt_{model}_{call}" if of_model else f"mrt_executor_{call}"


def measure(image: Path, tables: Sequence[Path], model: str, target: str, executor: str) -> TargetFigures:
    """Figures of a footprint image; `tables` are the frames of runtime and model.

    Raises:
        ToolError: the stack of a function has no bound.
    """
    analysis = stack.Analysis(image, tables, kernel_names(), f"mrt_{model}_" if model else None)
    bounds = {call: analysis.bound(function(call, model, executor)) for call in CALLS[executor]}
    sizes = footprint.measure(image)
    return TargetFigures(
        model,
        target,
        _compiler(image),
        {call: bound.bytes for call, bound in bounds.items()},
        bounds["run"].path,
        sizes.code_bytes,
        sizes.static_ram_bytes,
        sizes.weights_bytes,
    )


def kernel_names() -> list[str]:
    """Every kernel of the library."""
    text = (sources.root() / "include/micrort/kernels/kernels.def").read_text(encoding="utf-8")
    return [line.split(", ")[1] for line in text.splitlines() if line.startswith("MRT_KERNEL(")]


def to_json(figures: TargetFigures) -> str:
    """The figures as JSON."""
    return json.dumps(asdict(figures), indent=2) + "\n"


def header(figures: TargetFigures) -> str:
    """The figures as macros, for `mrt_<model>_target.h`."""
    macro = f"MRT_{figures.model.upper()}"
    rows = [("", max(figures.stack_bytes.values()), "Stack that no call of this model's interface exceeds.")]
    rows += [(f"{call.upper()}_", size, f"Likewise: {call} alone.") for call, size in figures.stack_bytes.items()]
    macros = "\n".join(f"/** {text} */\n#define {macro}_{call}STACK_BYTES {size}u" for call, size, text in rows)
    return f"""/*
 * {figures.model} on {figures.target}, made with {figures.compiler}: made by micrort {__version__}; do not edit.
 * Bytes below the caller's frame, from the compiler's frames and the calls in the linked code; interrupts come on top.
 */
#ifndef {macro}_TARGET_H
#define {macro}_TARGET_H

{macros}

#endif
"""


def _compiler(image: Path) -> str:
    from elftools.elf.elffile import ELFFile

    with image.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".comment")
        text = section.data() if section is not None else b""
    return str(text.split(b"\0")[0].decode(errors="replace")) or "an unknown compiler"
