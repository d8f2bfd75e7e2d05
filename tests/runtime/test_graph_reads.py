"""The proof of the plan in mrt_graph_check: what it tolerates, what it refuses, and that two proofs agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrort.native import library

OK, GRAPH, PLAN = 0, -5, -8
PARAMS, FLOAT = 255, 4

Node = tuple[list[int], list[int]] | tuple[list[int], list[int], int]


class Case:
    """A graph of two pools of 256 bytes; tensors as (offset, bytes of a row, rows[, pool])."""

    def __init__(
        self,
        tensors: Sequence[tuple[int, ...]],
        nodes: Sequence[Node],
        steps: Sequence[tuple[int, int, int]] | None = None,
        inputs: Sequence[int] = (0,),
        outputs: Sequence[int] = (),
    ) -> None:
        self.text = f"Case({tensors}, {nodes}, {steps}, {inputs}, {outputs})"
        self.ffi, self.lib = library.load()
        new = self.ffi.new
        rows = [(o, b, r, rest[0] if rest else 0, FLOAT) for o, b, r, *rest in tensors]
        steps = [(i, 0, tensors[made[0]][2]) for i, (_, made, *_) in enumerate(nodes)] if steps is None else steps
        args: list[int] = []
        table = []
        for ins, outs, *workspace in nodes:
            table.append((0, len(args), 0, len(ins), len(outs), len(workspace), 0, 0))
            args += [*ins, *outs, *workspace]
        self.always = self.ffi.callback("mrt_kernel_in_place_t", lambda _call, _input: True)
        self.row = new("mrt_kernel_t *", {"in_place": self.always})
        self.params = new("uint8_t[]", 256 + 15)
        address = int(self.ffi.cast("uintptr_t", self.params))
        self.owned = {
            "tensors": new("mrt_tensor_t[]", rows or 1),
            "nodes": new("mrt_node_t[]", table or 1),
            "steps": new("mrt_step_t[]", list(steps) or 1),
            "args": new("uint16_t[]", args or 1),
            "attrs": new("int32_t[1]"),
            "inputs": new("mrt_tensor_info_t[]", [self._info(tensors[i], i) for i in inputs] or 1),
            "outputs": new("mrt_tensor_info_t[]", [self._info(tensors[i], i) for i in outputs] or 1),
            "pools": new("mrt_pool_t[]", [(256, 16), (256, 16)]),
            "kernels": new("mrt_kernel_run_t[]", [self.lib.mrt_kernels[1].run]),
            "params": self.params + -address % 16,
        }
        counts = {"tensor": tensors, "node": nodes, "step": steps, "arg": args, "input": inputs, "output": outputs}
        sizes = {f"{name}_count": len(items) for name, items in counts.items()}
        self.graph = new(
            "mrt_graph_t *", {**self.owned, **sizes, "pool_count": 2, "kernel_count": 1, "params_size": 256}
        )

    def __repr__(self) -> str:
        return self.text

    @staticmethod
    def _info(tensor: tuple[int, ...], index: int) -> dict[str, Any]:
        return {"tensor": index, "dtype": FLOAT, "rank": 1, "shape": [tensor[1] * tensor[2] // 4, 1, 1, 1, 1, 1]}

    def check(self) -> int:
        return int(self.lib.mrt_graph_check(self.graph))

    def play(self) -> int:
        """What mrt_graph_check_plan says, if all kernels work in place."""
        rows = self.ffi.new("mrt_kernel_t *[]", [self.row])
        words = self.ffi.new("uint32_t[]", self.graph.tensor_count + 1)
        return int(self.lib.mrt_graph_check_plan(self.graph, rows, words, self.graph.tensor_count + 1, self.ffi.NULL))


CHAIN: list[Node] = [([0], [1]), ([1], [2])]


def three(offsets: Sequence[int] = (0, 16, 32), **changes: Any) -> int:
    """Two nodes in a row, four rows of four bytes in each of three tensors."""
    case = {"tensors": [(offset, 4, 4) for offset in offsets], "nodes": CHAIN, "outputs": [2]}
    return Case(**{**case, **changes}).check()


def test_chains():
    assert three() == three((0, 16, 0)) == three((16, 0, 32)) == OK
    assert three(tensors=[(0, 4, 4), (0, 4, 4, 1), (0, 4, 4)]) == OK


@pytest.mark.parametrize("offset", [-4, 0, 4, 12])
def test_output_0_may_share_bytes_with_an_input_that_dies(offset):
    assert three((16, 16 + offset, 64)) == OK
    assert three((64, 16, 16 + offset)) == OK
    nodes: list[Node] = [([0], [1]), ([0], [2])]
    assert three((16, 16 + offset, 64), nodes=nodes, outputs=[1, 2]) == PLAN  # it is read again


def test_lost_before_its_second_reader():
    nodes: list[Node] = [([0], [1]), ([1], [2]), ([0, 2], [3])]
    tensors = [(0, 4, 4), (16, 4, 4), (32, 4, 4), (48, 4, 4)]
    assert Case(tensors, nodes, outputs=[3]).check() == OK
    for lost in (0, 4, 12):
        tensors[2] = (lost, 4, 4)
        assert Case(tensors, nodes, outputs=[3]).check() == PLAN
    nodes[1] = ([1], [2], 4)
    for offset, status in ((12, PLAN), (128, OK)):
        tensors[2:] = [(32, 4, 4), (48, 4, 4), (offset, 4, 4)]
        assert Case(tensors, nodes, outputs=[3]).check() == status


def test_a_constant_is_always_there():
    tensors = [(0, 4, 4), (0, 4, 4, PARAMS), (16, 4, 4)]
    assert Case(tensors, [([0, 1], [2])], outputs=[2]).check() == OK
    tensors[1] = (244, 4, 4, PARAMS)
    assert Case(tensors, [([0, 1], [2])], outputs=[2]).check() == PLAN


def test_outputs_are_whole_and_kept():
    assert three(outputs=[1, 2]) == OK
    assert three((0, 16, 28), outputs=[1, 2]) == PLAN
    assert three(outputs=[0, 2]) == OK
    assert three((0, 16, 0), outputs=[0, 2]) == PLAN
    assert three(steps=[(0, 0, 4), (1, 0, 3)]) == PLAN


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ([(0, 0, 2), (1, 0, 1), (0, 2, 4), (1, 1, 4)], OK),
        ([(0, 0, 2), (0, 1, 4), (1, 0, 4)], OK),
        ([(0, 0, 3), (0, 0, 2), (0, 3, 4), (1, 0, 4)], OK),
        ([(0, 0, 3), (0, 3, 4), (0, 2, 3), (1, 0, 4)], OK),
        ([(0, 0, 2), (0, 3, 4), (1, 0, 4)], PLAN),
        ([(0, 1, 4), (1, 0, 4)], PLAN),
        ([(1, 0, 4), (0, 0, 4)], GRAPH),
        ([(0, 0, 4)], GRAPH),
        ([(0, 0, 4), (1, 0, 4), (2, 0, 4)], GRAPH),
        ([(0, 0, 4), (1, 2, 2), (1, 0, 4)], GRAPH),
    ],
)
def test_rows(steps, status):
    assert three(steps=steps) == status


def test_rows_in_place():
    steps = [(0, 0, 2), (1, 0, 2), (0, 2, 4), (1, 2, 4)]
    assert three((0, 16, 16), steps=steps) == PLAN  # node 0 is not the one that works in place there
    assert three((0, 16, 16), steps=[(0, 0, 4), (1, 0, 2), (1, 2, 4)]) == OK
    assert three((0, 16, 16), nodes=[([0], [1]), ([3, 1], [2])], steps=[(0, 0, 4), (1, 0, 2), (1, 2, 4)],
                 tensors=[(0, 4, 4), (16, 4, 4), (16, 4, 4), (0, 4, 4, PARAMS)]) == OK  # fmt: skip


def test_lost_between_two_steps_of_its_reader():
    nodes: list[Node] = [([0], [1]), ([3], [2])]
    tensors = [(0, 4, 4), (16, 4, 4), (0, 4, 4), (0, 4, 4, PARAMS)]
    steps = [(0, 0, 2), (1, 0, 4), (0, 2, 4)]
    assert Case(tensors, nodes, steps, outputs=[1]).check() == PLAN
    tensors[2] = (32, 4, 4)
    assert Case(tensors, nodes, steps, outputs=[1]).check() == OK


def test_further_outputs_and_workspaces_lie_apart():
    tensors = [(64, 4, 4), (16, 4, 4), (28, 4, 4), (48, 4, 2)]
    assert Case(tensors, [([0], [1, 2])], outputs=[1]).check() == PLAN
    assert Case(tensors, [([0], [1], 2)], outputs=[1]).check() == PLAN
    tensors[2] = (32, 4, 2)
    assert Case(tensors, [([0], [1, 2])], outputs=[1, 2]).check() == OK
    assert Case(tensors, [([0], [1, 2], 3)], outputs=[1, 2]).check() == OK
    assert Case(tensors, [([0], [1], 2)], outputs=[1]).check() == OK
    assert Case(tensors, [([0], [1, 2])], [(0, 0, 2), (0, 2, 4)], outputs=[1, 2]).check() == OK
    tensors[2] = (64, 4, 2)  # over the input
    assert Case(tensors, [([0], [1, 2])], outputs=[1]).check() == PLAN
    assert Case(tensors, [([0], [1], 2)], outputs=[1]).check() == PLAN
    for bad, status in ((99, GRAPH), (4, PLAN)):
        case = Case([*tensors[:2], (32, 4, 2), (48, 4, 2), (252, 4, 2)], [([0], [1, 2])], outputs=[1])
        case.graph.args[2] = bad
        assert case.check() == status


VIEWED = [(0, 4, 4), (16, 4, 4), (16, 8, 2), (32, 4, 4), (48, 4, 4)]
"""Tensor 2 views tensor 1."""


def test_views():
    nodes: list[Node] = [([0], [1]), ([2], [3])]
    assert Case(VIEWED, nodes, outputs=[3, 2]).check() == OK
    assert Case(VIEWED, nodes, outputs=[3, 1]).check() == OK
    assert Case(VIEWED, nodes, [(0, 0, 3), (1, 0, 4)], outputs=[2]).check() == PLAN  # of parts
    for other in ((16, 4, 5), (20, 4, 4), (16, 4, 4, 1), (16, 2, 8)):  # not the very place, or misaligned
        assert Case([*VIEWED[:2], other, *VIEWED[3:]], nodes, outputs=[3]).check() == PLAN
    over = [*VIEWED[:3], (24, 4, 4), (48, 4, 4)]
    assert Case(over, [([0], [1]), ([0], [3]), ([2], [4])], outputs=[4]).check() == PLAN
    assert Case(over, [([0], [1]), ([2], [3])], outputs=[3]).check() == OK  # in place


def test_what_is_written_is_no_view():
    nodes: list[Node] = [([0], [1]), ([0], [2]), ([1, 2], [3])]
    assert Case(VIEWED, nodes, outputs=[3]).check() == PLAN
    tensors = [(0, 4, 4), (32, 4, 4), (0, 4, 4), (48, 4, 4)]
    assert Case(tensors, [([1], [2]), ([0], [3])], inputs=[0, 1], outputs=[3]).check() == PLAN
    assert Case(tensors, [([0], [2]), ([1], [3])], inputs=[0, 1], outputs=[3]).check() == OK


def test_inputs_and_their_views():
    nodes: list[Node] = [([1], [2])]
    tensors = [(0, 4, 4), (8, 4, 4), (32, 4, 4)]
    assert Case(tensors, nodes, inputs=[0, 1], outputs=[2]).check() == PLAN
    assert Case(tensors, [([1], [2])], inputs=[1], outputs=[2]).check() == OK
    assert Case(tensors, nodes, inputs=[0], outputs=[2]).check() == PLAN  # no input, and no view
    tensors[1] = (0, 8, 2)
    assert Case(tensors, nodes, inputs=[0], outputs=[2]).check() == OK
    tensors[1] = (64, 8, 2)
    assert Case(tensors, nodes, inputs=[0], outputs=[2]).check() == PLAN  # nobody wrote it
    assert Case(tensors, [([0], [2]), ([0], [1])], [(0, 0, 4), (1, 1, 2)], outputs=[1]).check() == PLAN
    case = Case(tensors, [([0], [2])], inputs=[0, 0], outputs=[2])
    assert case.check() == OK


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Up to six nodes on small tensors that often collide; each tensor that nobody reads is an output."""
    count = draw(st.integers(1, 6))
    offsets = st.sampled_from([0, 8, 16, 24, 32, 40, 48])
    rows = draw(st.integers(1, 3))
    first, second = draw(st.sampled_from([(0, 24), (24, 0), (8, 32), (48, 16)]))  # the caller writes both, in any order
    tensors = [(first, 8, rows), (second, 8, rows), *((draw(offsets), 8, rows) for _ in range(count))]
    nodes: list[Node] = []
    for index in range(count):
        sources = draw(st.lists(st.integers(0, index + 1), min_size=1, max_size=3, unique=True))
        workspace = draw(st.integers(0, 9))
        nodes.append((sources, [index + 2], len(tensors)) if workspace == 0 else (sources, [index + 2]))
        if workspace == 0:
            tensors.append((draw(offsets), 8, 1))
    if draw(st.booleans()):  # a view of something, in the place of a reader's input
        viewed = draw(st.integers(0, count + 1))
        tensors.append((tensors[viewed][0], 4, 2 * rows))
        nodes[-1] = ([len(tensors) - 1], nodes[-1][1])
    steps = []
    for index in range(count):
        cut = draw(st.integers(1, rows))
        steps += [(index, 0, cut), *([(index, cut, rows)] if cut < rows else [])]
    read = {index for ins, *_ in nodes for index in ins}
    outputs = [made[0] for _, made, *_ in nodes if made[0] not in read]
    return Case(tensors, nodes, steps, inputs=[0, 1], outputs=outputs)


@settings(max_examples=1500, deadline=None)
@given(cases())
def test_going_back_and_going_forward_agree(case):
    assert case.check() == case.play()
