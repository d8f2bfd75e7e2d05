"""A model that TVM compiled ahead of time, as a program of one foreign operator: its entry."""

from __future__ import annotations

import re
from dataclasses import dataclass

from micrort import __version__
from micrort.errors import ModelError
from micrort.ir import KernelCall, Program, Tensor
from micrort.ir.executor_graph import FOREIGN
from micrort.tvm import operators, ports
from micrort.tvm.archive import Archive
from micrort.tvm.model import Figures, Model, Operator
from micrort.tvm.ports import Port
from micrort.tvm.workspace import Function, Pools, Workspaces, block

ENTRIES = ("run", "run_model", "__tvm_main__")
"""What follows the prefix in the names of entries, in the order in which they are looked for."""


@dataclass(frozen=True)
class Pool:
    """Memory that the caller of the C interface gives: part of the workspace, or constants."""

    name: str
    offset: int | None
    """In the workspace; None: constant."""


def read(archive: Archive, name: str, workspaces: Workspaces, moved: Pools) -> Model:
    """The model of an ahead-of-time archive.

    Args:
        archive: without a graph JSON.
        name: of the model, a C identifier.
        workspaces: of the archive's functions.
        moved: the pools in its C.

    Raises:
        ModelError: the archive has no entry that can be called, or does not tell what it takes.
    """
    entry = _entry(archive, workspaces)
    inputs, outputs = ports.read(archive, ports.INPUTS), ports.read(archive, ports.OUTPUTS)
    given, pools = _given_pools(archive, moved.bytes)
    called = workspaces.most(entry.name)
    stack = called if called is not None else _stated(archive)
    adapter = f"mrt_{name}_entry_run"
    names = _distinct([port.name for port in (*inputs, *outputs)])
    tensors = {
        own: Tensor(own, port.argument.shape, port.argument.type.stored)
        for own, port in zip(names, (*inputs, *outputs), strict=True)
    }
    whole = -(-pools // 16) * 16 + stack
    call = KernelCall(
        entry.name,
        FOREIGN,
        tuple(names[: len(inputs)]),
        tuple(names[len(inputs) :]),
        {"workspace": whole},
        by_rows=False,
        operator="aot",
        workspace_alignment=moved.alignment,
        adapter=adapter,
    )
    program = Program(name, tensors, (call,), call.inputs, call.outputs)
    sizes = sum(port.argument.bytes for port in (*inputs, *outputs))
    figures = Figures(sizes, pools + stack, 0)
    if _is_packed(entry):
        arguments = tuple(port.argument for port in (*inputs, *outputs))
        packed = (Operator(adapter, entry.name, arguments),)
        return Model(program, packed, figures, archive.sources, pools=pools)
    text = _adapter(archive, entry, inputs, outputs, given, pools, adapter)
    return Model(program, (), figures, archive.sources, text, pools)


def _entry(archive: Archive, workspaces: Workspaces) -> Function:
    found = workspaces.functions
    for suffix in ENTRIES:
        if f"{archive.prefix}_{suffix}" in found:
            return found[f"{archive.prefix}_{suffix}"]
    others = [function for name, function in found.items() if re.search(r"_(run|run_model|__tvm_main__)$", name)]
    if len(others) == 1:
        return others[0]
    raise ModelError(archive.source, [f"the generated C defines no entry {archive.prefix}_run"])


def _is_packed(entry: Function) -> bool:
    return "TVMValue" in entry.parameters or "resource_handle" in entry.parameters


def _stated(archive: Archive) -> int:
    """What metadata.json says of the workspace, where the C does not tell."""
    size = archive.main.get("workspace_size_bytes")
    return 2 * block(size) if type(size) is int and 0 < size < 2**30 else 0


def _distinct(names: list[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        candidate, serial = name, 1
        while candidate in found:
            candidate, serial = f"{name}#{serial}", serial + 1
        found.append(candidate)
    return found


def _given_pools(archive: Archive, first: int) -> tuple[list[Pool], int]:
    """The pools that the caller gives, behind the first bytes of the workspace, and where they end."""
    found: list[Pool] = []
    end = first
    for text in archive.headers.values():
        match = re.search(rf"struct {archive.prefix}_workspace_pools\s*\{{([^}}]*)\}}", text)
        for name in re.findall(r"void\s*\*\s*(\w+)\s*;", match[1] if match else ""):
            sizes = ports.pool_macros(archive, name)
            if sizes["WORKSPACE"] is not None:
                end = -(-end // 16) * 16
                found.append(Pool(name, end))
                end += sizes["WORKSPACE"]
            elif sizes["CONSTANT"] is not None:
                found.append(Pool(name, None))
            else:
                raise ModelError(archive.source, [f"nothing in the archive tells how large its pool {name} is"])
    return found, end


def _adapter(
    archive: Archive,
    entry: Function,
    inputs: tuple[Port, ...],
    outputs: tuple[Port, ...],
    given: list[Pool],
    pools: int,
    adapter: str,
) -> str:
    """C of the adapter: through the structs of the C interface, or with plain pointers."""
    header = next((name for name, text in archive.headers.items() if f"{entry.name}(" in text), "")
    declared = archive.headers.get(header, "")
    if f"struct {archive.prefix}_devices" in declared:
        raise ModelError(archive.source, ["the model runs on accelerators as well: build it for the processor alone"])
    count = len(inputs) + len(outputs)
    if not header and entry.parameters.count(",") + 1 != count:
        raise ModelError(
            archive.source, [f"{entry.name}({entry.parameters}) does not take {count} tensors, and no header tells how"]
        )
    return (
        operators.environment()
        .get_template("entry.c.jinja")
        .render(
            name=adapter,
            version=__version__,
            header=header,
            prefix=archive.prefix,
            entry=entry.name,
            adapter=adapter,
            inputs=inputs,
            outputs=outputs,
            given=given,
            pools=pools,
            is_mapped=f"{archive.prefix}_map_inputs(" in declared,
        )
    )
