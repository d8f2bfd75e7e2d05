"""How shapes are folded to the axes that kernels know."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrort.operators.axes import NAMES
from micrort.operators.broadcast import broadcast_attrs, broadcast_shape
from micrort.operators.mean import reduction_attrs

Shape = tuple[int, ...]


@pytest.mark.parametrize(
    ("left", "right", "axes", "repeats"),
    [
        ((2, 3, 4, 5), (2, 3, 4, 5), (1, 1, 1, 6, 1, 20), (0, 0)),
        ((2, 3, 4, 5), (5,), (1, 1, 1, 6, 4, 5), (0, 0b011000)),
        ((2, 3, 4, 5), (), (1, 1, 1, 6, 1, 20), (0, 0b101000)),
        ((1, 4, 1, 5), (1, 1, 3, 5), (1, 1, 1, 4, 3, 5), (0b010000, 0b001000)),
        ((1, 6), (4, 1), (1, 1, 1, 1, 4, 6), (0b010000, 0b100000)),
        ((2, 1, 2, 1, 2, 1), (1, 2, 1, 2, 1, 2), (2, 2, 2, 2, 2, 2), (0b101010, 0b010101)),
        ((), (), (1, 1, 1, 1, 1, 1), (0, 0)),
    ],
)
def test_folding(left: Shape, right: Shape, axes: Shape, repeats: tuple[int, int]) -> None:
    attrs = broadcast_attrs(left, right)
    assert tuple(attrs[name] for name in NAMES) == axes
    assert (attrs["input0_repeats"], attrs["input1_repeats"]) == repeats


@pytest.mark.parametrize(
    ("shape", "reduced", "axes", "bits"),
    [
        ((1, 25, 5, 6), {1, 2}, (1, 1, 1, 25, 5, 6), 0b011000),
        ((2, 25, 5, 6), {1, 2}, (1, 1, 2, 25, 5, 6), 0b011000),
        ((2, 3, 4, 5), {0, 1, 2, 3}, (1, 1, 1, 6, 1, 20), 0b101000),
        ((2, 3, 2, 3, 2, 3), {0, 2, 4}, (2, 3, 2, 3, 2, 3), 0b010101),
        ((9,), {0}, (1, 1, 1, 1, 1, 9), 0b100000),
        ((), set(), (1, 1, 1, 1, 1, 1), 0),
    ],
)
def test_reductions(shape: Shape, reduced: set[int], axes: Shape, bits: int) -> None:
    attrs = reduction_attrs(shape, reduced)
    assert tuple(attrs[name] for name in NAMES) == axes
    assert attrs["reduced"] == bits


@given(
    left=st.lists(st.integers(1, 3), max_size=6).map(tuple), right=st.lists(st.integers(1, 3), max_size=6).map(tuple)
)
def test_shapes_are_numpys(left: Shape, right: Shape) -> None:
    try:
        want: Shape | None = np.broadcast_shapes(left, right)
    except ValueError:
        want = None
    assert broadcast_shape(left, right) == want
