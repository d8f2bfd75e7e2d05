"""Linear forms of sums: every sum that a channel can have, against gemmlowp's arithmetic in whole numbers."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from micrort.variants.dsp_linear import SHIFT, linear
from micrort.variants.scales import Scales


def requantise(total: int, multiplier: int, shift: int) -> int:
    """SaturatingRoundingDoublingHighMul, then RoundingDivideByPOT, as gemmlowp's fixedpoint.h has them."""
    product = total * multiplier
    nudged = product + ((1 << 30) if product >= 0 else 1 - (1 << 30))
    high = abs(nudged) >> 31  # a division toward zero
    high = high if nudged >= 0 else -high
    mask = (1 << shift) - 1
    return (high >> shift) + int((high & mask) > (mask >> 1) + (high < 0))


def scales_of(multiplier: int, shift: int, start: int, reach: int) -> Scales:
    """One channel, whose sums lie within `reach` of `start`."""
    arrays = [np.array([value], np.int64) for value in (start, multiplier, shift, start - reach, start + reach)]
    return Scales(*arrays)


def attrs_of(point: int, low: int, high: int) -> dict[str, int | float]:
    return {"output_offset": point, "activation_min": low, "activation_max": high}


CHANNELS = st.tuples(
    st.integers(1 << 30, (1 << 31) - 1), st.integers(1, 12), st.integers(-9000, 9000), st.integers(1, 12000)
)
RANGES = st.sampled_from([(-128, -128, 127), (-128, -128, 96), (-40, -40, 127), (0, 3, 9)])


@settings(deadline=None, max_examples=60)
@given(CHANNELS, RANGES)
def test_a_line_gives_the_bytes_of_two_roundings_for_every_sum(
    channel: tuple[int, int, int, int], limits: tuple[int, int, int]
) -> None:
    multiplier, shift, start, reach = channel
    point, low, high = limits
    line = linear(scales_of(*channel), attrs_of(*limits))
    if line is None:
        return
    factor, addend = int(line.multiplier[0]), int(line.addend[0])
    for total in range(start - reach, start + reach + 1):
        twice = 256 * total + addend
        assert -(1 << 31) <= twice < 1 << 31
        made = ((twice * factor + (1 << 31)) >> 32) >> SHIFT
        wanted = requantise(total, multiplier, shift) + point
        assert min(max(made, low), high) == min(max(wanted, low), high), total


def test_lines_are_found_for_scales_of_all_layers_behind_a_relu() -> None:
    random = np.random.default_rng(3)
    found = 0
    for _ in range(200):
        channel = (int(random.integers(1 << 30, (1 << 31) - 1)), int(random.integers(5, 10)), 100, 200_000)
        found += linear(scales_of(*channel), attrs_of(-128, -128, 127)) is not None
    assert found >= 190


def test_there_is_no_line_where_both_signs_count() -> None:
    channel = scales_of(1518500250, 8, 0, 200_000)
    assert linear(channel, attrs_of(0, -128, 127)) is None


def test_there_is_none_for_one_output_no_scale_or_sums_beyond_a_word() -> None:
    assert linear(scales_of(1518500250, 8, 0, 1000), attrs_of(-128, 7, 7)) is None
    assert linear(scales_of(0, 8, 0, 1000), attrs_of(-128, -128, 127)) is None
    assert linear(scales_of(1518500250, 16, 0, 1 << 23), attrs_of(-128, -128, 127)) is None
