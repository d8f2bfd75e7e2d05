"""mean_rows_s8 against the kernels in whose place it stands, and what its check refuses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrort.errors import RuntimeStatusError
from micrort.ir import DType
from micrort.native import kernels

SCALE = {"input_offset": 0, "output_offset": 0, "multiplier": 0, "shift": 0}


def run(image: np.ndarray, attrs: dict[str, int], pieces: bool = False, scattered: int | None = None) -> np.ndarray:
    _, rows, _, channels = image.shape
    outputs = [((1, rows, 1, channels), DType.S32), ((1, 1, 1, channels), DType.S8)]
    steps = [(row, row + 1) for row in range(rows)] if pieces else None
    sums, made = kernels.call("mean_rows_s8", attrs, [image], outputs, steps, scattered=scattered)
    np.testing.assert_array_equal(sums[0, :, 0], image[0].astype(np.int32).sum(axis=1).cumsum(axis=0))
    return made


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 9), st.integers(1, 7), st.integers(1, 6), st.integers(0, 999), st.booleans())
def test_equals_the_kernels_that_read_the_whole_image(
    rows: int, width: int, channels: int, seed: int, pooled: bool
) -> None:
    random = np.random.default_rng(seed)
    image = random.integers(-128, 128, (1, rows, width, channels), dtype=np.int8)
    shape = {"rows": rows, "width": width, "channels": channels}
    if pooled:
        clamp = {"activation_min": int(random.integers(-128, 0)), "activation_max": int(random.integers(0, 128))}
        window = {f"input_{axis}": size for axis, size in zip(("height", "width"), (rows, width), strict=True)}
        window |= {"kernel_height": rows, "kernel_width": width, "output_height": 1, "output_width": 1}
        window |= dict.fromkeys(("stride_height", "stride_width", "dilation_height", "dilation_width"), 1)
        window |= {"padding_top": 0, "padding_left": 0, "input_channels": channels, "output_channels": channels}
        whole = ("average_pool2d_s8", {**window, **clamp})
        attrs = {**shape, "pooled": 1, **SCALE, **clamp}
    else:
        scale = {"input_offset": int(random.integers(-127, 129)), "output_offset": int(random.integers(-128, 128))}
        scale |= {"multiplier": int(random.integers(1 << 24, 1 << 30)), "shift": int(random.integers(-4, 2))}
        reduction = {"rows0": 1, "rows1": 1, "rows2": 1, "rows3": rows, "width": width, "channels": channels}
        whole = ("mean_s8", {**reduction, "reduced": 0b011000, **scale})
        attrs = {**shape, "pooled": 0, **scale, "activation_min": -128, "activation_max": 127}
    (wanted,) = kernels.call(*whole, [image], [((1, 1, 1, channels), DType.S8)])
    np.testing.assert_array_equal(run(image, attrs), wanted)
    np.testing.assert_array_equal(run(image, attrs, pieces=True), wanted)
    np.testing.assert_array_equal(run(image, attrs, pieces=True, scattered=seed), wanted)


GOOD = {"rows": 3, "width": 2, "channels": 4, "pooled": 1, **SCALE, "activation_min": -128, "activation_max": 127}


@pytest.mark.parametrize(
    "change",
    [
        {"rows": 0},
        {"rows": 4},
        {"width": 0},
        {"width": 3},
        {"channels": 0},
        {"channels": 5},
        {"rows": 60000, "width": 60000},
        {"pooled": 2},
        {"pooled": -1},
        {"input_offset": 129},
        {"output_offset": 128},
        {"multiplier": -1},
        {"shift": 31},
        {"activation_min": 1, "activation_max": 0},
        {"activation_min": -129},
        {"activation_max": 128},
    ],
)
def test_refusals(change: dict[str, int]) -> None:
    image = np.zeros((1, 3, 2, 4), np.int8)
    run(image, GOOD)
    with pytest.raises(RuntimeStatusError, match="check"):
        run(image, {**GOOD, **change})


@pytest.mark.parametrize(
    "outputs",
    [
        [((1, 3, 1, 4), DType.S32)],
        [((1, 3, 1, 4), DType.S8), ((1, 1, 1, 4), DType.S8)],
        [((1, 2, 1, 4), DType.S32), ((1, 1, 1, 4), DType.S8)],
        [((1, 3, 1, 4), DType.S32), ((1, 2, 1, 4), DType.S8)],
    ],
)
def test_outputs_are_as_described(outputs: list[tuple[tuple[int, ...], DType]]) -> None:
    with pytest.raises(RuntimeStatusError, match="check"):
        kernels.call("mean_rows_s8", GOOD, [np.zeros((1, 3, 2, 4), np.int8)], outputs)
