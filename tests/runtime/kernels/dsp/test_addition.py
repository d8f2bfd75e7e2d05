"""Addition and subtraction for DSP cores: equal to the portable kernels for all pairs, or not offered."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.elements import scales, seeds, zero_points
from tests.lowered import lower, tensor

from micrort.ir import DType
from micrort.native import kernels
from micrort.operators.binary import Add, Sub
from micrort.operators.quantise import Activation
from micrort.variants import dsp

OPERATORS = st.sampled_from([Add(Activation.NONE), Add(Activation.RELU), Sub(Activation.NONE), Sub(Activation.RELU6)])


@settings(deadline=None, max_examples=60)
@given(OPERATORS, st.tuples(scales(0.05, 1.0), scales(0.05, 1.0)), st.data())
def test_all_pairs_equal_the_portable_kernel(operator: Add, operands: tuple[float, float], data: st.DataObject) -> None:
    points = [data.draw(zero_points("int8")) for _ in range(3)]
    output_scale = max(operands) * data.draw(st.floats(0.6, 2.0))
    shape = (1, 4, 3, data.draw(st.integers(1, 13)))
    random = np.random.default_rng(data.draw(seeds))
    sources = [
        (tensor(name, shape, DType.S8, scale, point), random.integers(-128, 128, shape, dtype=np.int8))
        for name, scale, point in zip(("a", "b"), operands, points[:2], strict=True)
    ]
    lowered = lower(operator, sources, tensor("y", shape, DType.S8, output_scale, points[2]))
    known = {"a": sources[0][0], "b": sources[1][0], "y": lowered.output}
    offer = next(dsp.variants(lowered.call, known, "balanced"), None)
    expected = lowered.run()
    if offer is not None:
        made = [(shape, DType.S8)]
        (whole,) = kernels.call("add_s8_dsp", offer.call.attrs, lowered.arrays, made)
        np.testing.assert_array_equal(whole, expected)
        rows = [(row, row + 1) for row in range(4)]
        for place in offer.call.in_place:
            (pieces,) = kernels.call("add_s8_dsp", offer.call.attrs, lowered.arrays, made, rows, place)
            np.testing.assert_array_equal(pieces, expected)


def offer_for(left: float, right: float, shape: tuple[int, ...] = (1, 2, 2, 5)) -> object:
    """The variant of an addition of operands with these scales, into an output of scale 1."""
    sources = [
        (tensor("a", (1, 2, 2, 5), DType.S8, left, 3), np.zeros((1, 2, 2, 5), np.int8)),
        (tensor("b", shape, DType.S8, right, -5), np.zeros(shape, np.int8)),
    ]
    lowered = lower(Add(), sources, tensor("y", (1, 2, 2, 5), DType.S8, 1.0, 0))
    known = {"a": sources[0][0], "b": sources[1][0], "y": lowered.output}
    return next(dsp.variants(lowered.call, known, "balanced"), None)


def test_usual_scales_have_a_linear_form() -> None:
    assert offer_for(0.7134567, 0.4378901) is not None
    assert offer_for(0.4378901, 2.7134567) is not None


def test_ties_that_the_portable_kernel_rounds_away_from_zero_stay_portable() -> None:
    assert offer_for(0.5, 0.5) is None


@pytest.mark.parametrize("left", [8.1, 40.0])
def test_factors_that_32_bits_do_not_hold_stay_portable(left: float) -> None:
    assert offer_for(left, 0.5) is None


def test_repeated_operands_stay_portable() -> None:
    assert offer_for(0.7134567, 0.4378901, (1, 1, 1, 5)) is None
