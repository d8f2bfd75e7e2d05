"""mrt_graph_check_plan: schedules that lose no tensor, and each way to lose one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.executor_graphs import chain

from micrort.ir import DType, Tensor, schedule
from micrort.native import kernels, library
from micrort.native.executor import Tables
from micrort.operators.window import Padding, Window

OK, ARGUMENT, MEMORY, PLAN = 0, -1, -3, -8
LOOP, INPUT, OUTPUT = schedule.LOOP, schedule.INPUT, schedule.OUTPUT
PARAMS = 255
NEVER = "fully_connected_f32"
"""A kernel that never works in place, and needs row i for row i."""
WHOLE = "mean_f32"
"""One that needs all rows."""
ELEMENTS = "relu_f32"
"""An elementwise one."""

POOL_BYTES = 128
WORDS = 2 * POOL_BYTES // 4
"""Of the two pools of a case."""


class Case:
    """A graph of one pool, described by the places of its tensors, and what the check says of it.

    Only what the check reads is there: kernels need not accept their nodes.
    """

    def __init__(
        self,
        tensors: Sequence[tuple[Any, ...]],
        nodes: Sequence[tuple[Any, ...]],
        steps: Sequence[tuple[int, ...]],
        inputs: Sequence[int] = (0,),
        outputs: Sequence[int] = (),
    ) -> None:
        """Tensors: (offset, row bytes, rows[, pool[, dtype]]). Nodes: (kernel, inputs, outputs[, workspace]).

        An offset that is a tuple places each row by itself. Steps: (node, row_begin, row_end[, advance]).
        """
        self.ffi, self.lib = library.load()
        table_of_rows: list[int] = []
        rows = []
        for offset, row_bytes, count, *rest in tensors:
            pool, dtype = rest[0] if rest else 0, rest[1] if len(rest) > 1 else 4
            if isinstance(offset, tuple):
                table_of_rows += (place // 4 for place in offset)
                offset, pool = len(table_of_rows) - len(offset), pool | 16
            rows.append((offset, row_bytes, count, pool, dtype))
        args: list[int] = []
        table = []
        for index, (_, ins, outs, *workspace) in enumerate(nodes):
            table.append((index, len(args), 0, len(ins), len(outs), len(workspace), 0, 0))
            args += [*ins, *outs, *workspace]
        self.kernels = self.ffi.new(
            "mrt_kernel_t *[]", [self.lib.mrt_kernels + kernels.ids()[name] for name, *_ in nodes] or 1
        )
        self.attrs = self.ffi.new("int32_t[64]")
        new = self.ffi.new
        self.owned = {
            "tensors": new("mrt_tensor_t[]", rows or 1),
            "nodes": new("mrt_node_t[]", table or 1),
            "steps": new("mrt_step_t[]", list(steps) or 1),
            "args": new("uint16_t[]", args or 1),
            "attrs": self.attrs,
            "inputs": new("mrt_tensor_info_t[]", [{"tensor": index} for index in inputs] or 1),
            "outputs": new("mrt_tensor_info_t[]", [{"tensor": index} for index in outputs] or 1),
            "pools": new("mrt_pool_t[]", [(POOL_BYTES, 16)] * 2),
            "row_table": new("uint16_t[]", table_of_rows or 1),
        }
        counts = {"tensor": tensors, "node": nodes, "step": steps, "arg": args, "input": inputs, "output": outputs}
        members = {**self.owned, **{f"{k}_count": len(v) for k, v in counts.items()}}
        self.graph = new("mrt_graph_t *", {**members, "row_count": len(table_of_rows), "pool_count": 2})
        self.words = new("uint32_t[]", WORDS)
        self.node = new("uint32_t *", 99)

    def check(self) -> tuple[int, int]:
        """Status, and the refused node (99: none)."""
        status = self.lib.mrt_graph_check_plan(self.graph, self.kernels, self.words, WORDS, self.node)
        return status, self.node[0]


SOUND = (OK, 99)


def three(offsets: tuple[int, int, int] = (0, 16, 32), **changes: Any) -> Case:
    """Two nodes in a row, four rows of four bytes in each of three tensors."""
    case = {
        "tensors": [(offset, 4, 4) for offset in offsets],
        "nodes": [(NEVER, [0], [1]), (NEVER, [1], [2])],
        "steps": [(0, 0, 4), (1, 0, 4)],
        "outputs": [2],
    }
    return Case(**{**case, **changes})


def test_sound_chains():
    ffi, lib = library.load()
    for pools in (1, 2, 3):
        for rows in (1, 2, 5):
            tables = Tables(chain(1, (2, 4, 3, 5), pools, rows).graph, ffi, lib)
            count = lib.mrt_graph_plan_words(tables.graph)
            assert count == sum(-(-tables.graph.pools[i].size // 4) for i in range(pools))
            words = ffi.new("uint32_t[]", count)
            assert lib.mrt_graph_check_plan(tables.graph, tables.kernel_rows, words, count, ffi.NULL) == OK


def test_arguments():
    case = three()
    call, null = case.lib.mrt_graph_check_plan, case.ffi.NULL
    assert call(null, case.kernels, case.words, WORDS, null) == ARGUMENT
    assert call(case.graph, null, case.words, WORDS, null) == ARGUMENT
    assert call(case.graph, case.kernels, null, WORDS, null) == ARGUMENT
    assert call(case.graph, case.kernels, case.words, WORDS - 1, null) == MEMORY
    assert call(case.graph, case.kernels, case.words, WORDS, null) == OK
    empty = Case([], [], [], [])
    empty.graph.pool_count = 0
    assert call(empty.graph, empty.kernels, null, 0, null) == OK


def test_a_fault_needs_no_place_for_the_node():
    case = three(steps=[(1, 0, 4)])
    assert case.lib.mrt_graph_check_plan(case.graph, case.kernels, case.words, WORDS, case.ffi.NULL) == PLAN


def test_places_may_be_used_again_once_nobody_reads():
    assert three((0, 16, 0)).check() == SOUND


@pytest.mark.parametrize("offset", [4, 8, 12, -8, -12])
def test_a_node_does_not_write_over_its_input(offset):
    assert three((16, 16 + offset, 48)).check() == (PLAN, 0)
    assert three((48, 16, 16 + offset)).check() == (PLAN, 1)


@pytest.mark.parametrize("offset", [1, 2, 3, 5])
def test_tensors_begin_with_whole_words(offset):
    assert three((16 + offset, 48, 64)).check() == (PLAN, 2)


def test_neighbours_do_not_overlap():
    assert three((16, 0, 32)).check() == SOUND


def test_other_pools_do_not_overlap():
    tensors = [(0, 4, 4), (0, 4, 4, 1), (0, 4, 4, 0)]
    assert three(tensors=tensors).check() == SOUND


@pytest.mark.parametrize("size", [33, 34, 35, 36])
def test_the_bytes_behind_the_last_whole_word_count(size):
    """Tensors 1 and 2 lie there both, and node 2 reads tensor 1."""
    tensors = [(0, 4, 1), (32, size - 32, 1), (32, size - 32, 1), (4, 4, 1)]
    nodes = [(NEVER, [0], [1]), (NEVER, [0], [2]), (NEVER, [1], [3])]
    for steps, verdict in (([0, 1, 2], (PLAN, 2)), ([1, 0, 2], SOUND)):
        case = Case(tensors, nodes, [(node, 0, 1) for node in steps], outputs=[3])
        case.graph.pools[0].size = size
        assert case.check() == verdict


def test_nothing_holds_before_it_is_written():
    """Also where memory begins, and whatever stood in the words."""
    for before in (0, 0xFFFFFFFF, 0x00010000):
        case = Case([(0, 4, 1), (16, 4, 1)], [(NEVER, [0], [1])], [(0, 0, 1)], inputs=[], outputs=[1])
        case.ffi.buffer(case.words)[:] = before.to_bytes(4, "little") * WORDS
        assert case.check() == (PLAN, 0)


def test_the_words_that_are_asked_for_are_enough():
    case = three()
    room = case.ffi.new("uint32_t[]", [0x77777777] * (WORDS + 2))
    assert case.lib.mrt_graph_check_plan(case.graph, case.kernels, room + 1, WORDS, case.ffi.NULL) == OK
    assert room[0] == room[WORDS + 1] == 0x77777777
    assert 0x77777777 not in list(room)[1:-1]


def test_constants_lie_anywhere():
    tensors = [(0, 4, 4), (16, 4, 4), (2, 4, 4, PARAMS)]
    assert Case(tensors, [(NEVER, [0, 2], [1])], [(0, 0, 4)], outputs=[1]).check() == SOUND


def test_read_before_written():
    assert three(steps=[(1, 0, 4), (0, 0, 4)]).check() == (PLAN, 1)


def test_lost_before_its_second_reader():
    nodes = [(NEVER, [0], [1]), (NEVER, [1], [2]), (NEVER, [0], [3])]
    steps = [(0, 0, 4), (1, 0, 4), (2, 0, 4)]
    tensors = [(0, 4, 4), (16, 4, 4), (32, 4, 4), (48, 4, 4)]
    assert Case(tensors, nodes, steps, outputs=[3]).check() == SOUND
    tensors[2] = (0, 4, 4)  # node 1 writes over the model's input, which node 2 still reads
    assert Case(tensors, nodes, steps, outputs=[3]).check() == (PLAN, 2)
    tensors[2], tensors[3] = (32, 4, 4), (40, 4, 4)  # node 2 writes over an output of the model
    assert Case(tensors, nodes, steps, outputs=[2, 3]).check() == (PLAN, 3)


def test_inputs_of_the_model_lie_apart():
    tensors = [(0, 4, 4), (8, 4, 4), (32, 4, 4)]
    nodes, steps = [(NEVER, [0, 1], [2])], [(0, 0, 4)]
    assert Case(tensors, nodes, steps, inputs=[0, 1], outputs=[2]).check() == (PLAN, 1)
    tensors[1] = (16, 4, 4)
    assert Case(tensors, nodes, steps, inputs=[0, 1], outputs=[2]).check() == SOUND


def test_constants_are_always_there():
    tensors = [(0, 4, 4), (0, 4, 4, PARAMS), (16, 4, 4)]
    assert Case(tensors, [(NEVER, [0, 1], [2])], [(0, 0, 4)], outputs=[2]).check() == SOUND


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(0, 0, 2), (1, 0, 1), (0, 2, 4), (1, 1, 4)], SOUND),
        ([(0, 0, 2), (0, 1, 4), (1, 0, 4)], SOUND),  # a row made again
        ([(0, 2, 4), (0, 0, 2), (1, 0, 4)], SOUND),  # in any order
        ([(0, 1, 3), (1, 1, 3), (0, 0, 1), (0, 3, 4), (1, 3, 4), (1, 0, 1)], SOUND),
        ([(0, 0, 4), (1, 0, 4), (0, 0, 4), (1, 0, 4)], SOUND),  # all again
        ([(0, 0, 2), (0, 3, 4), (1, 0, 4)], (PLAN, 1)),  # a gap
        ([(0, 1, 4), (1, 0, 4)], (PLAN, 1)),  # without its first row
        ([(0, 0, 3), (1, 0, 4)], (PLAN, 1)),  # without its last
        ([(0, 0, 4), (1, 0, 3)], (PLAN, 2)),  # an output that is not whole
        ([(0, 0, 4)], (PLAN, 2)),
        ([(LOOP, 2, 4, 0), (0, 0, 1, 1), (1, 0, 1, 1)], SOUND),
        ([(0, 0, 2), (LOOP, 2, 2, 0), (0, 2, 3, 1), (1, 1, 2, 1), (1, 3, 4), (1, 0, 1)], SOUND),
        ([(LOOP, 2, 2, 0), (0, 0, 1, 1), (1, 0, 1, 1)], (PLAN, 2)),
        ([(LOOP, 2, 2, 0), (0, 0, 1, 2), (1, 0, 2, 2)], (PLAN, 1)),
    ],
)
def test_rows(steps, expected):
    assert three(steps=steps).check() == expected


@pytest.mark.parametrize(("kernel", "expected"), [(NEVER, SOUND), (WHOLE, (PLAN, 1))])
def test_a_kernel_that_does_not_say_so_needs_all_rows(kernel, expected):
    nodes = [(NEVER, [0], [1]), (kernel, [1], [2])]
    assert three(nodes=nodes, steps=[(0, 0, 2), (1, 0, 1), (0, 2, 4), (1, 1, 4)]).check() == expected


def test_rows_that_share_words():
    """Three bytes a row: a word belongs to two rows, and is lost with both."""
    tensors = [(0, 3, 4), (16, 3, 4), (32, 3, 4)]
    pieces = [(0, 0, 1), (0, 1, 3), (1, 0, 2), (0, 3, 4), (1, 2, 4)]
    assert three(tensors=tensors, steps=pieces).check() == SOUND
    assert three(tensors=tensors, steps=[(0, 0, 1), (1, 0, 2), (0, 1, 4), (1, 2, 4)]).check() == (PLAN, 1)
    for offset, expected in ((16, (PLAN, 1)), (28, SOUND), (24, (PLAN, 1))):
        tensors = [(0, 3, 4), (16, 3, 4), (32, 3, 4), (offset, 3, 1)]
        nodes = [(NEVER, [0], [1]), (NEVER, [1], [2]), (WHOLE, [0], [3])]
        assert three(tensors=tensors, nodes=nodes, steps=[(0, 0, 4), (2, 0, 1), (1, 0, 4)]).check() == expected


@pytest.mark.parametrize(
    ("row_bytes", "steps", "expected"),
    [
        (1, [(0, 0, 1), (0, 1, 4)], SOUND),
        (1, [(0, 1, 4)], (PLAN, 0)),
        (1, [(0, 1, 4), (0, 0, 1)], (PLAN, 0)),
        (1, [(0, 0, 1), (0, 2, 4)], (PLAN, 0)),
        (1, [(0, 0, 2), (0, 3, 4)], (PLAN, 0)),
        (1, [(0, 0, 2), (0, 1, 4)], SOUND),
        (3, [(0, 0, 1), (0, 2, 4)], (PLAN, 0)),
        (3, [(0, 0, 2), (0, 1, 4)], SOUND),
        (6, [(0, 0, 1), (0, 1, 3), (0, 3, 4)], SOUND),
        (6, [(0, 1, 4), (0, 0, 1)], (PLAN, 0)),
    ],
)
def test_rows_that_share_words_are_made_in_order(row_bytes, steps, expected):
    """A later row's word says nothing of a row before it that was never made."""
    tensors = [(0, row_bytes, 4), (32, row_bytes, 4)]
    assert Case(tensors, [(NEVER, [0], [1])], steps, outputs=[1]).check() == expected


def test_rows_that_share_words_with_another_tensor_by_then():
    """The first row was lost to tensor 2 before the second, which has bytes of the same word, was made."""
    tensors = [(0, 3, 2), (16, 3, 2), (16, 3, 1)]
    nodes = [(NEVER, [0], [1]), (WHOLE, [0], [2])]
    steps = [(0, 0, 1), (1, 0, 1), (0, 1, 2)]
    assert Case(tensors, nodes, steps, outputs=[1]).check() == (PLAN, 0)


# Rows that are placed one by one


RING = (64, 4, 4)
"""Bytes of a row, rows: of a tensor that has two places for four rows."""


def ring(steps: Sequence[tuple[int, ...]], places: tuple[int, ...] = (64, 72, 64, 72)) -> Case:
    return three(tensors=[(0, 4, 4), (places, 4, 4), (32, 4, 4)], steps=steps)


def test_rows_take_the_places_of_others():
    assert ring([(LOOP, 2, 4, 0), (0, 0, 1, 1), (1, 0, 1, 1)]).check() == SOUND
    assert ring([(0, 0, 2), (1, 0, 2), (0, 2, 4), (1, 2, 4)]).check() == SOUND
    assert ring([(0, 0, 4), (1, 0, 4)]).check() == (PLAN, 0)  # rows of one step over one another
    assert ring([(0, 0, 2), (0, 2, 3), (1, 0, 3), (0, 3, 4), (1, 3, 4)]).check() == (PLAN, 1)


def test_rows_over_rows_of_the_input_that_are_dead():
    nodes = [(NEVER, [0], [1]), (NEVER, [1], [2])]
    down = [(0, 4, 4), (16, 4, 4), ((12, 16, 20, 24), 4, 4)]
    by_row = [(LOOP, 2, 4, 0), (0, 0, 1, 1), (1, 0, 1, 1)]
    assert three(tensors=down, nodes=nodes, steps=by_row, outputs=[]).check() == (PLAN, 0)  # row 3 of input
    down[2] = ((32, 16, 20, 24), 4, 4)
    assert three(tensors=down, nodes=nodes, steps=by_row, outputs=[]).check() == SOUND
    down[2] = ((16, 20, 24, 28), 4, 4)
    assert three(tensors=down, nodes=nodes, steps=by_row, outputs=[]).check() == (PLAN, 1)  # the row that it reads
    in_place = [(NEVER, [0], [1]), (ELEMENTS, [1], [2])]
    assert three(tensors=down, nodes=in_place, steps=by_row, outputs=[]).check() == SOUND
    down[2] = ((20, 24, 28, 32), 4, 4)
    assert three(tensors=down, nodes=in_place, steps=[(0, 0, 4), (1, 0, 4)], outputs=[]).check() == (PLAN, 1)


def sums(places: tuple[int, ...], steps: Sequence[tuple[int, ...]]) -> tuple[int, int]:
    """A node whose rows go on from the ones before them, as running sums do; its further output has one row."""
    tensors = [(0, 4, 4), (places, 4, 4), (96, 4, 1)]
    case = Case(tensors, [(NEVER, [0], [1, 2])], steps, outputs=[2])
    row = case.ffi.new("mrt_kernel_t *", case.kernels[0][0])
    row.reads = case.lib.mrt_reads_sums
    case.kernels[0] = row
    return case.check()


def test_rows_that_go_on_from_the_one_before():
    by_row = [(LOOP, 1, 4, 0), (0, 0, 1, 1)]
    assert sums((64, 64, 64, 64), by_row) == SOUND
    assert sums((64, 72, 80, 88), by_row) == SOUND
    assert sums((64, 72, 80, 88), [(0, 0, 1), (0, 2, 3), (0, 1, 2), (0, 3, 4)]) == (PLAN, 0)
    assert sums((64, 72, 80, 88), by_row[1:] and [(0, 0, 1), (0, 1, 2)]) == (PLAN, 1)  # the further output is not made


def test_no_more_rows_are_read_than_there_are():
    """By a kernel that says row i for row i, of an input that has fewer."""
    case = Case([(0, 4, 3), (64, 4, 4)], [(NEVER, [0], [1])], [(0, 0, 4)], outputs=[1])
    row = case.ffi.new("mrt_kernel_t *", case.kernels[0][0])
    row.reads = case.lib.mrt_reads_sums
    case.kernels[0] = row
    assert case.check() == SOUND


def test_a_workspace_over_rows_that_are_read_is_no_work_in_place():
    """Of a pooling kernel, which may write its output so far before its input."""
    window = {"kernel_height": 3, "kernel_width": 1, "stride_height": 1, "stride_width": 1, "dilation_height": 1}
    window |= {"dilation_width": 1, "padding_top": 1, "padding_left": 0, "activation_min": -128, "activation_max": 127}
    window |= {f"{side}_{axis}": size for side in ("input", "output") for axis, size in (("height", 4), ("width", 4))}
    window |= {"input_channels": 1, "output_channels": 1}
    for workspace, verdict in ((40, SOUND), (12, (PLAN, 0))):
        tensors = [(8, 4, 4, 0, 0), (0, 4, 4, 0, 0), (workspace, 4, 1, 0, 0)]
        case = Case(tensors, [("max_pool2d_s8", [0], [1], 2)], [(0, 0, 1)], outputs=[])
        case.ffi.memmove(case.attrs, kernels.pack_attrs("max_pool2d_s8", window), 4 * len(window))
        assert case.check() == verdict


# Rows that the caller hands over


def streamed(steps: Sequence[tuple[int, ...]], outputs: tuple[int, ...] = (32, 36, 40, 44)) -> tuple[int, int]:
    """Input 0 in two places, output 0 in any."""
    tensors = [((0, 8, 0, 8), 4, 4), (outputs, 4, 4)]
    return Case(tensors, [(NEVER, [0], [1])], steps, outputs=[1]).check()


def test_rows_are_handed_over():
    one = [(LOOP, 3, 4, 0), (INPUT, 0, 1, 1), (0, 0, 1, 1), (OUTPUT, 0, 1, 1)]
    assert streamed(one) == SOUND
    assert streamed(one, (32, 32, 32, 32)) == SOUND
    two = [(LOOP, 2, 2, 0), (INPUT, 0, 1, 2), (INPUT, 1, 2, 2)]
    rest = [(0, 0, 4), (LOOP, 1, 4, 0), (OUTPUT, 0, 1, 1)]
    assert streamed([*two, *rest]) == (PLAN, 0)  # its first rows are lost by then
    made = [(LOOP, 2, 4, 0), (INPUT, 0, 1, 1), (0, 0, 1, 1)]
    assert streamed([*made, *rest[1:]]) == SOUND
    assert streamed([*made, *rest[1:]], (32, 32, 32, 32)) == (PLAN, 1)  # taken too late


@pytest.mark.parametrize(
    "steps",
    [
        [(LOOP, 2, 4, 0), (INPUT, 0, 1, 1), (0, 0, 1, 1)],  # nobody takes the output
        [(LOOP, 3, 3, 0), (INPUT, 0, 1, 1), (0, 0, 1, 1), (OUTPUT, 0, 1, 1), (0, 3, 4)],  # a row is missing
        [(INPUT, 1, 2), (INPUT, 0, 1), (0, 0, 2)],  # not in order
        [(INPUT, 0, 1), (INPUT, 0, 1)],  # twice
    ],
)
def test_every_row_is_handed_over_once_and_in_order(steps):
    assert streamed(steps)[0] == PLAN


def test_rows_come_in_order_whatever_is_made_of_them():
    """All rows are there when the node reads them, and all of its own hold."""
    tensors, nodes, rest = [((0, 4), 4, 2), (16, 4, 2)], [(NEVER, [0], [1])], [(0, 0, 2)]
    assert Case(tensors, nodes, [(INPUT, 0, 1), (INPUT, 1, 2), *rest], outputs=[1]).check() == SOUND
    assert Case(tensors, nodes, [(INPUT, 1, 2), (INPUT, 0, 1), *rest], outputs=[1]).check() == (PLAN, 1)
    assert Case(tensors, nodes, [(INPUT, 0, 1), (INPUT, 1, 2), (INPUT, 1, 2), *rest], outputs=[1]).check() == (PLAN, 1)


def test_several_streams():
    """Two inputs and two outputs, each row by row."""
    tensors = [((0, 4), 4, 2), ((8, 12), 4, 2), ((16, 20), 4, 2), ((24, 28), 4, 2)]
    nodes = [(NEVER, [0, 1], [2, 3])]
    given = [(INPUT + 1, 0, 1), (INPUT, 0, 1), (INPUT, 1, 2), (INPUT + 1, 1, 2)]
    taken = [(OUTPUT + 1, 0, 1), (OUTPUT, 0, 1), (OUTPUT, 1, 2), (OUTPUT + 1, 1, 2)]
    ports = {"inputs": [0, 1], "outputs": [2, 3]}
    assert Case(tensors, nodes, [*given, (0, 0, 2), *taken], **ports).check() == SOUND
    for missing in range(4):
        less = given[:missing] + given[missing + 1 :]
        assert Case(tensors, nodes, [*less, (0, 0, 2), *taken], **ports).check() == (PLAN, 1)
        less = taken[:missing] + taken[missing + 1 :]
        assert Case(tensors, nodes, [*given, (0, 0, 2), *less], **ports).check() == (PLAN, 1)


def test_rows_are_not_picked_up_where_they_were_lost():
    nodes = [(NEVER, [0], [1]), (NEVER, [0], [2])]
    tensors = [(0, 4, 4), (16, 4, 4), (24, 4, 4)]
    steps = [(0, 0, 4), (1, 0, 2)]
    assert Case(tensors, nodes, steps, outputs=[1]).check() == (PLAN, 2)
    assert Case(tensors, nodes, [*steps, (0, 2, 4)], outputs=[1]).check() == SOUND


def test_a_further_output_with_other_rows_is_made_with_the_last_row():
    tensors = [(0, 4, 4), (16, 4, 4), (32, 4, 1), (48, 4, 1)]
    nodes = [(NEVER, [0], [1, 2]), (NEVER, [2], [3])]
    assert Case(tensors, nodes, [(0, 0, 2), (0, 2, 4), (1, 0, 1)], outputs=[1, 2, 3]).check() == SOUND
    assert Case(tensors, nodes, [(0, 0, 2), (1, 0, 1), (0, 2, 4)], outputs=[1, 2, 3]).check() == (PLAN, 1)


@pytest.mark.parametrize("second", [(16, 4, 4), (28, 4, 4), (12, 4, 1)])
def test_what_a_node_writes_lies_apart(second):
    tensors = [(100, 4, 4), (16, 4, 4), second]
    apart = not second[0] < 16
    outputs = Case(tensors, [(NEVER, [0], [1, 2])], [(0, 0, 4)])
    workspace = Case(tensors, [(NEVER, [0], [1], 2)], [(0, 0, 4)])
    assert outputs.check() == workspace.check() == ((PLAN, 0) if apart else SOUND)


def test_a_workspace_does_not_hide_that_outputs_overlap():
    tensors = [(100, 4, 4), (16, 4, 4), (20, 4, 4), (64, 4, 4)]
    assert Case(tensors, [(NEVER, [0], [1, 2], 3)], [(0, 0, 4)]).check() == (PLAN, 0)
    tensors[2] = (32, 4, 4)
    assert Case(tensors, [(NEVER, [0], [1, 2], 3)], [(0, 0, 4)]).check() == SOUND


def test_a_workspace_lies_apart_from_inputs_and_from_what_is_read_later():
    tensors = [(0, 4, 4), (16, 4, 4), (32, 4, 4), (8, 4, 1)]
    nodes = [(NEVER, [0], [1], 3), (NEVER, [0], [2])]
    assert Case(tensors, nodes[:1], [(0, 0, 4)], outputs=[1]).check() == (PLAN, 0)
    tensors[3] = (32, 4, 1)
    assert Case(tensors, nodes, [(0, 0, 4), (1, 0, 4)], outputs=[1, 2]).check() == SOUND
    assert Case(tensors, nodes, [(1, 0, 4), (0, 0, 4)], outputs=[1, 2]).check() == (PLAN, 2)


@pytest.mark.parametrize(
    ("output", "workspace", "expected"), [(32, 64, (PLAN, 1)), (64, 96, SOUND), (32, 96, (PLAN, 1))]
)
def test_a_workspace_holds_nothing_afterwards(output, workspace, expected):
    """Tensor 3, which nobody writes, is what lies at 64: a view of the output, or of the workspace, or of nothing."""
    tensors = [(0, 4, 4), (output, 4, 4), (workspace, 16, 1), (64, 16, 1)]
    assert Case(tensors, [(NEVER, [0], [1], 2)], [(0, 0, 4)], outputs=[3]).check() == expected


@pytest.mark.parametrize(("kernel", "expected"), [(NEVER, (PLAN, 0)), (WHOLE, (PLAN, 0)), (ELEMENTS, SOUND)])
def test_a_node_that_writes_its_input_works_in_place(kernel, expected):
    assert Case([(0, 4, 4)], [(kernel, [0], [0])], [(0, 0, 4)], outputs=[0]).check() == expected


def test_in_place():
    nodes = [(NEVER, [0], [1]), (ELEMENTS, [1], [2])]
    assert three((0, 16, 16), nodes=nodes).check() == SOUND
    assert three((0, 16, 20), nodes=nodes).check() == (PLAN, 1)
    nodes = [(ELEMENTS, [0], [1, 2])]
    tensors = [(0, 4, 4), (16, 4, 4), (0, 4, 4)]  # a further output is never in place
    assert Case(tensors, nodes, [(0, 0, 4)], outputs=[1]).check() == (PLAN, 0)


def test_a_row_without_in_place_never_works_in_place():
    case = three((0, 16, 16), nodes=[(NEVER, [0], [1]), (ELEMENTS, [1], [2])])
    row = case.ffi.new("mrt_kernel_t *", case.kernels[1][0])
    row.in_place = case.ffi.NULL
    case.kernels[1] = row
    assert case.check() == (PLAN, 1)


def test_in_place_in_pieces():
    nodes = [(ELEMENTS, [0], [1]), (NEVER, [1], [2]), (NEVER, [2], [3])]
    tensors = [(0, 4, 4), (0, 4, 4), (16, 4, 4), (32, 4, 4)]
    steps = [(0, 0, 2), (1, 0, 2), (0, 2, 4), (1, 2, 4), (2, 0, 4)]
    assert Case(tensors, nodes, steps, outputs=[3]).check() == SOUND
    tensors[2] = (12, 4, 4)  # node 1 writes over rows that node 0 has yet to read
    late = [(0, 0, 2), (1, 0, 4), (0, 2, 4)]
    assert Case(tensors, [nodes[0], (NEVER, [3], [2])], late, inputs=[0, 3]).check() == (PLAN, 0)


VIEWED = [(0, 4, 4), (16, 4, 4), (16, 8, 2), (32, 4, 4)]
"""Tensor 2 views tensor 1."""


def test_views():
    nodes = [(NEVER, [0], [1]), (NEVER, [2], [3])]
    steps = [(0, 0, 4), (1, 0, 4)]
    assert Case(VIEWED, nodes, steps, outputs=[3, 2]).check() == SOUND
    assert Case(VIEWED, nodes, steps[1:], outputs=[3]).check() == (PLAN, 1)  # of nothing
    assert Case(VIEWED, nodes, [(0, 0, 3), *steps[1:]], outputs=[3, 2]).check() == (PLAN, 1)  # of parts
    for other in ((16, 4, 3), (12, 4, 4), (16, 4, 4, 1)):  # not the very place
        assert Case([*VIEWED[:2], other, VIEWED[3]], nodes, steps, outputs=[3]).check() == (PLAN, 1)


def test_a_view_of_one_row():
    tensors = [*VIEWED[:2], (16, 16, 1), (32, 4, 1)]
    nodes = [(NEVER, [0], [1]), (NEVER, [2], [3])]
    assert Case(tensors, nodes, [(0, 0, 4), (1, 0, 1)], outputs=[3]).check() == SOUND


def test_who_writes_is_said_by_tables_as_long_as_their_counts():
    """Behind which inputs and nodes may stand that write the tensor that is a view."""
    nodes = [(NEVER, [0], [1]), (NEVER, [2], [3]), (NEVER, [0], [2])]
    case = Case(VIEWED, nodes, [(0, 0, 4), (1, 0, 4)], inputs=[0, 2], outputs=[3])
    case.graph.input_count, case.graph.node_count = 1, 2
    assert case.check() == SOUND
    case.graph.node_count = 3
    assert case.check() == (PLAN, 1)
    case.graph.node_count, case.graph.input_count = 2, 2
    assert case.check() == (PLAN, 1)


def test_views_know_nothing_of_row_tables():
    """Neither a view of rows that are placed one by one, nor one by the very same places."""
    nodes = [(NEVER, [0], [1]), (NEVER, [2], [3])]
    steps = [(0, 0, 4), (1, 0, 4)]
    places = (16, 20, 24, 28)
    tensors = [(0, 4, 4), (places, 4, 4), (0, 4, 4), (32, 4, 4)]
    case = Case(tensors, nodes, steps, outputs=[3])
    case.owned["tensors"][2].offset = 16
    assert case.check() == (PLAN, 1)
    tensors[2] = (places, 4, 4)
    case = Case(tensors, nodes, steps, outputs=[3])
    case.owned["tensors"][2].offset = case.owned["tensors"][1].offset
    assert case.check() == (PLAN, 1)


def test_views_are_lost_with_what_they_view():
    nodes = [(NEVER, [0], [1]), (NEVER, [0], [3]), (NEVER, [2], [4])]
    tensors = [*VIEWED[:3], (24, 4, 4), (48, 4, 4)]
    assert Case(tensors, nodes, [(0, 0, 4), (1, 0, 4), (2, 0, 4)], outputs=[4]).check() == (PLAN, 2)
    assert Case(tensors, nodes, [(0, 0, 4), (2, 0, 4), (1, 0, 4)], outputs=[4]).check() == SOUND


def test_in_place_over_a_view():
    nodes = [(NEVER, [0], [1]), (ELEMENTS, [2], [3])]
    tensors = [*VIEWED[:3], (16, 8, 2)]
    assert Case(tensors, nodes, [(0, 0, 4), (1, 0, 2)], outputs=[3]).check() == SOUND
    pieces = [(0, 0, 4), (1, 0, 1), (1, 1, 2)]  # all of what is viewed must be there
    assert Case(tensors, nodes, pieces, outputs=[3]).check() == (PLAN, 1)
    for kernel in (NEVER, WHOLE):  # the view is no view of the output that took its place
        assert Case(tensors, [nodes[0], (kernel, [2], [3])], [(0, 0, 4), (1, 0, 2)], outputs=[3]).check() == (PLAN, 1)
    further = [nodes[0], (ELEMENTS, [2], [4, 3])]  # a further output is never in place
    assert Case([*tensors, (48, 8, 2)], further, [(0, 0, 4), (1, 0, 2)], outputs=[3]).check() == (PLAN, 1)


def test_in_place_before_a_view():
    """The output takes the first words of the view, which is still what it was; all of what it views must be there."""
    window = Window((3, 1), (1, 1), (1, 1), Padding.SAME)
    tensor = Tensor("image", (1, 3, 1, 8), DType.S8)
    attrs = {**window.attrs(tensor, tensor), "activation_min": -128, "activation_max": 127}

    def checked(made: int, lost: int = 96, viewed: int = 48) -> tuple[int, int]:
        tensors = [(0, 24, 1), (viewed, 24, 1), (48, 8, 3), (made, 8, 3), (lost, 8, 1)]
        nodes = [(NEVER, [0], [1]), (NEVER, [0], [4]), ("max_pool2d_s8", [2], [3])]
        case = Case(tensors, nodes, [(0, 0, 1), (1, 0, 1), (2, 0, 3)], outputs=[3])
        case.ffi.memmove(case.attrs, kernels.pack_attrs("max_pool2d_s8", attrs), 4 * len(attrs))
        return case.check()

    assert checked(32) == SOUND  # two of the view's six words are written over
    assert checked(28) == SOUND
    assert checked(36) == (PLAN, 2)  # row 1 ends in row 0 of the view, which its own window lies over
    assert checked(48) == (PLAN, 2)
    assert checked(52) == (PLAN, 2)
    assert checked(32, lost=64) == (PLAN, 2)  # the end of the view is somebody else's
    assert checked(32, viewed=52) == (PLAN, 2)  # it views nothing


# In place, kernel by kernel


def in_place(kernel: str, attrs: dict[str, int], source: tuple[int, ...], output: tuple[int, ...], index: int) -> bool:
    """What the kernel's row says of output 0 over input `index`; tensors as (offset, row bytes, rows, dtype)."""
    ffi, lib = library.load()
    tensors = ffi.new("mrt_tensor_t[]", [(o, b, r, 0, dtype) for o, b, r, dtype in (source, source, output)])
    packed = ffi.new("uint8_t[]", kernels.pack_attrs(kernel, attrs))
    args = ffi.new("uint16_t[]", [0, 1, 2])
    members = {"tensors": tensors, "args": args, "attrs": packed, "input_count": 2, "output_count": 1}
    row = lib.mrt_kernels[kernels.ids()[kernel]]
    return bool(row.in_place(ffi.new("mrt_call_t *", members), index))


@pytest.mark.parametrize(
    ("source", "output", "allowed"),
    [
        ((16, 8, 2, 4), (16, 8, 2, 4), True),
        ((16, 8, 2, 4), (16, 16, 1, 4), True),
        ((16, 8, 2, 4), (16, 2, 2, 0), True),  # bytes over floats
        ((16, 8, 2, 2), (16, 4, 2, 1), True),  # bytes over shorts
        ((16, 8, 2, 4), (16, 8, 2, 3), False),  # another type of the same size
        ((16, 2, 2, 0), (16, 8, 2, 4), False),  # floats over bytes
        ((16, 8, 2, 4), (12, 8, 2, 4), False),
        ((16, 8, 2, 4), (20, 8, 2, 4), False),
        ((16, 8, 1, 4), (16, 8, 2, 4), False),  # broadcast
        ((16, 8, 2, 4), (16, 4, 2, 0), False),  # more bytes than floats
    ],
)
def test_elements(source, output, allowed):
    attrs = {"upper": 6}
    for index in (0, 1):
        assert in_place(ELEMENTS, attrs, source, output, index) is allowed


def test_never():
    ffi, lib = library.load()
    assert lib.mrt_kernels[kernels.ids()[NEVER]].in_place == ffi.NULL


@settings(max_examples=300, deadline=None)
@given(
    st.integers(1, 9), st.integers(1, 5), st.integers(1, 3), st.integers(1, 3), st.booleans(), st.integers(1, 2),
    st.integers(-3, 3),
)  # fmt: skip
def test_windows_may_lie_just_so_far_before_their_input(height, size, stride, dilation, same, batch, nudge):
    """The operator's offer, which the planner takes up, against the runtime's judgement."""
    window = Window((size, 1), (stride, 1), (dilation, 1), Padding.SAME if same else Padding.VALID)
    source = Tensor("source", (batch, height, 3, 2), DType.S8)
    if not same and window.extent(0) > height:
        return
    output = Tensor("output", window.output_shape(source, 2), DType.S8)
    attrs = {**window.attrs(source, output), "activation_min": -128, "activation_max": 127}
    offers = window.in_place(source, output)
    delta = max(0, (offers[0].delta if offers else 100) + nudge)
    rows = (20 + delta, 6, source.rows, 0), (20, output.row_bytes, output.rows, 0)
    expected = bool(offers) and delta >= offers[0].delta
    assert in_place("max_pool2d_s8", attrs, *rows, 0) is expected
    assert not in_place("max_pool2d_s8", attrs, *rows, 1)


def test_windows_do_not_lie_behind_their_input():
    window = Window((1, 1), (1, 1))
    tensor = Tensor("t", (1, 4, 3, 2), DType.S8)
    attrs = {**window.attrs(tensor, tensor), "activation_min": -128, "activation_max": 127}
    assert in_place("max_pool2d_s8", attrs, (26, 6, 4, 0), (20, 6, 4, 0), 0)
    assert not in_place("max_pool2d_s8", attrs, (20, 6, 4, 0), (21, 6, 4, 0), 0)
