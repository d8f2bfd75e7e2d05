"""The order of calls that needs the least memory.

Which storages are live after a set of calls does not depend on the order within the set, so the least peak is a
shortest path over sets of finished calls, with the peak as the length of a path: a best-first search finds it. Only
orders with a smaller peak than the model's own and than a greedy one are searched; the model's own stays where none is
better.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from micrort.ir import KernelCall, Program
from micrort.passes import storage


def order_calls(program: Program, order_budget: int) -> Program:
    """Reorder the calls for the least sum of live bytes; at most `order_budget` sets of calls are looked at."""
    costs = _Costs(program)
    order = tuple(range(len(program.calls)))
    bound = costs.bound()
    if costs.peak(order) > bound:
        order = min(order, _greedy(costs), key=costs.peak)  # of equals the first
    if costs.peak(order) > bound:
        order = _search(costs, costs.peak(order), order_budget) or order
    return replace(program, calls=tuple(program.calls[index] for index in order))


@dataclass(frozen=True)
class _State:
    """After some calls: the set of them (a bit each), the bytes still live, and how it was reached."""

    done: int
    live: int
    peak: int
    call: int = -1
    before: _State | None = None

    def order(self) -> tuple[int, ...]:
        calls: list[int] = []
        state: _State | None = self
        while state is not None and state.before is not None:
            calls.append(state.call)
            state = state.before
        return tuple(reversed(calls))


class _Costs:
    """What each call reads, makes and frees, in bytes; sets of calls are bit masks."""

    def __init__(self, program: Program) -> None:
        self.calls = program.calls
        self.reads = [storage.activations(program, call.inputs) for call in program.calls]
        self.makes = [storage.activations(program, call.outputs) for call in program.calls]
        self.bytes = {name: tensor.bytes for name, tensor in program.tensors.items()}
        self.kept = set(storage.activations(program, program.outputs))
        self.users = dict.fromkeys(program.tensors, 0)
        for index, names in enumerate(self.reads):
            for name in names:
                self.users[name] |= 1 << index
        maker = {name: index for index, names in enumerate(self.makes) for name in names}
        self.needs = [sum({1 << maker[name] for name in names if name in maker}) for names in self.reads]
        inputs = storage.activations(program, program.inputs)
        self.unused_inputs = self._sum([name for name in inputs if not self.users[name] and name not in self.kept])
        self.start = _State(0, sum(self.bytes[name] for name in inputs), 0)
        self.all_done = (1 << len(program.calls)) - 1
        self._root = {name: program.root(name) for name in program.tensors}

    def ready(self, done: int) -> Iterator[int]:
        """Calls that are not done and whose inputs are made, in the model's order."""
        for index, needs in enumerate(self.needs):
            if not done >> index & 1 and needs & ~done == 0:
                yield index

    def after(self, state: _State, index: int) -> _State:
        """The state after `state` and then call `index`."""
        call = self.calls[index]
        done = state.done | 1 << index
        dying = [name for name in self.reads[index] if name not in self.kept and self.users[name] & ~done == 0]
        unused = [name for name in self.makes[index] if name not in self.kept and self.users[name] == 0]
        during = state.live + self._sum(self.makes[index]) + call.workspace_bytes - self._saving(call, dying)
        live = state.live + self._sum(self.makes[index]) - self._sum(dying) - self._sum(unused)
        if state.done == 0:
            live -= self.unused_inputs  # they are written before the first call, and then forgotten
        return _State(done, live, max(state.peak, during), index, state)

    def peak(self, order: Sequence[int]) -> int:
        """The most live bytes of an order of all calls."""
        state = self.start
        for index in order:
            state = self.after(state, index)
        return state.peak

    def bound(self) -> int:
        """No order has a smaller peak: some call needs its own operands, and all inputs come first."""
        alone = (
            self._sum(reads) + self._sum(makes) + call.workspace_bytes - self._saving(call, reads)
            for call, reads, makes in zip(self.calls, self.reads, self.makes, strict=True)
        )
        return max(self.start.live, *alone)

    def _sum(self, names: Sequence[str]) -> int:
        return sum(self.bytes[name] for name in names)

    def _saving(self, call: KernelCall, dying: Sequence[str]) -> int:
        """Bytes that the best in-place offer of `call` saves while it runs."""
        best = 0
        for offer in call.in_place:
            source, made = self._root[call.inputs[offer.input]], self._root[call.outputs[offer.output]]
            if source in dying:
                apart = self.bytes[source] + self.bytes[made]
                ends = self.bytes[made] + max(-offer.delta, 0), self.bytes[source] + max(offer.delta, 0)
                best = max(best, apart - max(ends))
        return best


def _search(costs: _Costs, incumbent: int, budget: int) -> tuple[int, ...] | None:
    """The order of the least peak below `incumbent`, or None if there is none or the budget is spent before."""
    seen = {0: 0}
    serial = itertools.count(1)  # makes ties deterministic: the model's order first
    queue = [(0, len(costs.calls), 0, costs.start)]
    while queue and len(seen) <= budget:
        _, remaining, _, state = heapq.heappop(queue)
        if remaining == 0:
            return state.order()
        for index in costs.ready(state.done):
            following = costs.after(state, index)
            if following.peak < min(incumbent, seen.get(following.done, incumbent)):
                seen[following.done] = following.peak
                heapq.heappush(queue, (following.peak, remaining - 1, next(serial), following))
    return None


def _greedy(costs: _Costs) -> tuple[int, ...]:
    """At each point the ready call that needs, then leaves, the fewest bytes."""
    state = costs.start
    while state.done != costs.all_done:
        nexts = [costs.after(replace(state, peak=0), index) for index in costs.ready(state.done)]
        best = min(nexts, key=lambda following: (following.peak, following.live))
        state = replace(best, before=state)
    return state.order()
