"""Where a package or blob can run: this workstation, an emulated board, or a project's firmware.

One interface for `run` and `compare`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from micrort.errors import MicrortError, TargetError, UsageError
from micrort.mlf import Blob, Package

if TYPE_CHECKING:
    from micrort.mlf.package import Foreign
    from micrort.native.executor import HostExecutor

Arrays = Mapping[str, np.ndarray]
"""Tensors by name."""
HOST_SECONDS = 600
"""For code of an archive on the host."""
Model = Package | Blob
"""What can be run."""


@dataclass(frozen=True)
class Result:
    """Inferences and what the place can tell of their cost."""

    outputs: Sequence[Arrays]
    """For each inference the model's outputs."""
    traces: Sequence[Arrays] = ()
    """For each inference every tensor that a node made; only where asked for."""
    figures: Mapping[str, int] = field(default_factory=dict)
    """JSON key -> figure; empty on the host, which counts nothing."""
    operators: Sequence[Mapping[str, Any]] = ()
    """With `profile`: name, operator, kernel and instructions of each node."""


class Place(ABC):
    """Somewhere to run."""

    @property
    def target(self) -> str | None:
        """The core that a model is compiled for if the user names none; None: any."""
        return None

    @abstractmethod
    def run(self, package: Model, inputs: Sequence[Arrays], *, profile: bool = False, trace: bool = False) -> Result:
        """Run one inference for each entry of `inputs` (all inputs by name)."""


class Host(Place):
    """The same C through cffi."""

    def run(self, package: Model, inputs: Sequence[Arrays], *, profile: bool = False, trace: bool = False) -> Result:
        """See Place. The host counts no instructions.

        Raises:
            UsageError: `profile` is wanted.
        """
        from micrort.native.executor import HostExecutor

        if profile:
            raise UsageError("--profile counts instructions, which the host cannot: use --on qemu:MACHINE")
        if isinstance(package, Package) and package.foreign is not None:
            foreign = package.foreign
            adapters = self._adapters(package, foreign)
            return apart(lambda: self._run(HostExecutor(package.graph, adapters=adapters), inputs, trace))
        data = package.data if isinstance(package, Blob) else None
        return self._run(HostExecutor(package.graph, data), inputs, trace)

    def _adapters(self, package: Package, foreign: Foreign) -> Mapping[str, int]:
        from micrort.native import foreign as library

        units = {**foreign.units, f"{package.name}_operators.c": foreign.adapters}
        return library.load(units, foreign.headers, {node.adapter for node in package.graph.nodes if node.adapter})

    def _run(self, executor: HostExecutor, inputs: Sequence[Arrays], trace: bool) -> Result:
        outputs, traces = [], []
        for arrays in inputs:
            for name, value in arrays.items():
                executor.set_input(name, value)
            if trace:
                tensors: dict[str, np.ndarray] = {}
                for _, made in executor.run_nodes():
                    tensors.update(made)
                traces.append(tensors)
                outputs.append(executor.outputs())
            else:
                outputs.append(executor.run())
        return Result(outputs, traces)


def apart(call: Callable[[], Result]) -> Result:
    """What `call` returns, run in a process of its own: generated C of an archive may crash or never end.

    Raises:
        TargetError: it did, or the call failed.
    """
    import faulthandler
    import multiprocessing

    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def work() -> None:
        faulthandler.disable()  # a crash is reported below, where it is caught
        try:
            sender.send(call())
        except (MicrortError, MemoryError) as error:
            sender.send(str(error))

    process = context.Process(target=work, daemon=True)
    process.start()
    sender.close()
    try:
        found = receiver.recv() if receiver.poll(HOST_SECONDS) else f"no result after {HOST_SECONDS} seconds"
    except EOFError:
        process.join()
        found = f"the archive's code crashed (signal {-(process.exitcode or 0)})"
    process.kill()
    process.join()
    if isinstance(found, str):
        raise TargetError(f"on the host: {found}")
    assert isinstance(found, Result)
    return found


@dataclass(frozen=True)
class Emulator(Place):
    """A board that QEMU emulates."""

    machine: str

    @property
    def target(self) -> str | None:
        """The board's core."""
        from micrort.devices import boards

        return boards.for_machine(self.machine).target.name

    def run(self, package: Model, inputs: Sequence[Arrays], *, profile: bool = False, trace: bool = False) -> Result:
        """See Place. Figures are those of the first inference, after a warm-up."""
        from micrort.project.emulator import emulate

        run = emulate(package, self.machine, inputs, profile=profile, trace=trace)
        names = (
            "instructions",
            "init_instructions",
            "stack_bytes",
            "stack_bound_bytes",
            "static_ram_bytes",
            "code_bytes",
            "weights_bytes",
        )
        return Result(run.outputs, run.traces, {name: getattr(run, name) for name in names}, run.operators)


@dataclass(frozen=True)
class Project(Place):
    """The firmware of a project, built already, that serves requests: emulated, or a board at a serial port."""

    folder: Path
    port: str

    @property
    def target(self) -> str | None:
        """What the project was made for."""
        from micrort.project import actions

        try:
            return str(actions.describe(self.folder)["target"])
        except actions.ProjectError as error:
            raise UsageError(str(error)) from None

    def run(self, package: Model, inputs: Sequence[Arrays], *, profile: bool = False, trace: bool = False) -> Result:
        """See Place. The firmware gives outputs alone: there are no traces.

        Raises:
            UsageError: `profile` is wanted.
        """
        from micrort.project import service
        from micrort.project.emulator import pack, unpack

        del trace
        if profile:
            raise UsageError(
                "--profile counts instructions, which a project's firmware does not: use --on qemu:MACHINE"
            )
        graph = package.graph
        requests = [pack(graph, arrays) for arrays in inputs]
        with service.Session(self.folder, self.port) as session:
            raw = b"".join(session.infer(request) for request in requests)
        entries = [graph.tensors[index] for index in graph.outputs]
        return Result(unpack(raw, entries, len(inputs), str(self.folder)))


def place(text: str) -> Place:
    """The place that `--on` names.

    Raises:
        UsageError: there is no such kind of place, or no such machine.
    """
    if text == "host":
        return Host()
    kind, _, name = text.partition(":")
    if kind == "qemu":
        from micrort.devices import boards

        boards.for_machine(name)
        return Emulator(name)
    if kind == "project":
        folder, _, port = name.partition("@")
        return Project(Path(folder), port)
    raise UsageError(
        f"--on {text}: a model runs on `host`, on `qemu:MACHINE`, e.g. qemu:mps2-an386, or on `project:DIR`, the "
        "firmware of a project that serves requests; `project:DIR@PORT` for a board at a serial port"
    )
