"""Random programs for tests of passes, and a device double that runs them on tagged bytes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from micrort.ir import DType, InPlace, KernelCall, Program, Slot, Tensor
from micrort.passes import storage


def tensor(name: str, size: int, constant: bool = False) -> Tensor:
    """An int8 tensor of `size` bytes, in rows of one."""
    data = np.zeros((size, 1, 1), np.int8) if constant else None
    return Tensor(name, (size, 1, 1), DType.S8, data=data)


@st.composite
def programs(draw: st.DrawFn, most_calls: int = 8) -> Program:
    """A program of calls on earlier tensors, with views, offers to work in place, workspaces and several outputs."""
    sizes = st.integers(1, 40)
    inputs = [tensor(f"in{i}", draw(sizes)) for i in range(draw(st.integers(1, 2)))]
    tensors = {item.name: item for item in (*inputs, tensor("weights", 8, constant=True))}
    readable, made, calls, aliases = list(tensors), [], [], {}
    for index in range(draw(st.integers(1, most_calls))):
        read = tuple(draw(st.lists(st.sampled_from(readable), min_size=1, max_size=3)))
        outputs = tuple(f"t{index}_{i}" for i in range(draw(st.sampled_from((1, 1, 1, 2)))))
        offers = st.builds(
            InPlace, st.integers(0, len(read) - 1), st.integers(0, len(outputs) - 1), st.sampled_from((0, 0, 3, 16))
        )
        tensors.update({name: tensor(name, draw(sizes)) for name in outputs})
        offered = tuple(offer for offer in draw(st.lists(offers, max_size=2)) if read[offer.input] != "weights")
        calls.append(
            KernelCall(
                f"call{index}", "copy", read, outputs, {}, offered, workspace_bytes=draw(st.sampled_from((0, 0, 12)))
            )
        )
        readable += outputs
        made += outputs
        if draw(st.booleans()):
            original = draw(st.sampled_from(made))
            view = replace(tensors[original], name=f"view{index}", shape=(tensors[original].bytes,))
            tensors[view.name] = view
            aliases[view.name] = original
            readable.append(view.name)
            made.append(view.name)
    outputs = tuple(draw(st.lists(st.sampled_from(made), min_size=1, max_size=2, unique=True)))
    return Program("random", tensors, tuple(calls), tuple(item.name for item in inputs), outputs, aliases)


class Device:
    """Memory whose every byte remembers which tensor's which byte it holds."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.arenas = [[None] * arena.size for arena in program.arenas]

    def run(self) -> None:
        """Run all steps; whole calls only."""
        for name in self.program.inputs:
            self._write(name)
        for step in self.program.steps:
            call = self.program.calls[step.call]
            for name in call.inputs:
                self._must_hold(name, call.name)
            if call.workspace_bytes:
                self._fill(self.program.slots[call.workspace], call.workspace_bytes, call.workspace)
            for name in call.inputs:
                in_place = {call.outputs[offer.output] for offer in call.in_place if call.inputs[offer.input] == name}
                self._apart(name, [output for output in call.outputs if output not in in_place])
            for name in call.outputs:
                self._write(name)
            for name in call.outputs:
                self._must_hold(name, call.name)
        for name in self.program.outputs:
            self._must_hold(name, "the caller")

    def _write(self, name: str) -> None:
        self._fill(self.program.slots[name], self.program.tensors[name].bytes, name)

    def _fill(self, slot: Slot, size: int, name: str) -> None:
        arena = self.arenas[slot.pool]
        assert slot.offset + size <= len(arena), f"{name} ends behind its arena"
        arena[slot.offset : slot.offset + size] = [(name, i) for i in range(size)]

    def _must_hold(self, name: str, reader: str) -> None:
        root = self.program.root(name)
        if self.program.tensors[root].is_constant:
            return
        slot, size = self.program.slots[name], self.program.tensors[root].bytes
        found = self.arenas[slot.pool][slot.offset : slot.offset + size]
        assert found == [(root, i) for i in range(size)], f"{reader} reads {name}, which was overwritten"

    def _apart(self, name: str, others: list[str]) -> None:
        """An input lies apart from every output that does not work in place on it."""
        if storage.is_constant(self.program, name):
            return
        for other in others:
            (pool, begin, end), (other_pool, other_begin, other_end) = self._extent(name), self._extent(other)
            assert pool != other_pool or end <= other_begin or other_end <= begin, f"{other} lies over {name}"

    def _extent(self, name: str) -> tuple[int, int, int]:
        slot = self.program.slots[name]
        return slot.pool, slot.offset, slot.offset + self.program.tensors[name].bytes


def live_peak(program: Program) -> int:
    """The most bytes live at one call in the program's order, by counting (no offers to work in place)."""
    last = {name: index for index, call in enumerate(program.calls) for name in map(program.root, call.inputs)}
    last.update({program.root(name): math.inf for name in program.outputs})
    peak = 0
    live = {name: program.tensors[name].bytes for name in program.inputs}
    for index, call in enumerate(program.calls):
        live.update({name: program.tensors[name].bytes for name in call.outputs})
        peak = max(peak, sum(live.values()) + call.workspace_bytes)
        live = {name: size for name, size in live.items() if last.get(name, -1) > index}
    return peak
