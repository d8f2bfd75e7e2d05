"""What the checks of the kernels for cores without SIMD refuse: each row damages a call that they accept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from tests.runtime.kernels.calls import ERR_ATTRIBUTE, OK, Call, descriptor
from tests.runtime.kernels.dsp.cases import Case, conv2d, depthwise_conv2d, fully_connected, pairs_of

from micrort.ir import DType
from micrort.native import kernels
from micrort.variants import scalar
from micrort.variants.scalar_scales import EXACT


def sound(case: Case, kernel: str) -> Call:
    """The call of the case's variant by a kernel."""
    variant = case.variant(scalar, kernel)
    (constant,) = variant.constants
    assert constant.data is not None
    inputs = [descriptor(case.tensors["x"]), descriptor(constant)]
    contents = [case.constants[0].tobytes(), constant.data.tobytes()]
    outputs = [descriptor(case.tensors["y"])]
    return Call(variant.call.kernel, dict(variant.call.attrs), inputs, outputs, contents)


CALLS = {
    "convolution": sound(conv2d(pairs_of(3), (1, 5, 6, 4), 6, (3, 3)), "conv2d_s8_scalar"),
    "quads": sound(conv2d(pairs_of(3), (1, 5, 6, 4), 6, (3, 3)), "conv2d_quads_s8_scalar"),
    "depthwise": sound(depthwise_conv2d(pairs_of(4), (1, 5, 6, 4), 1, (3, 3)), "depthwise_conv2d_s8_scalar"),
    "planes": sound(depthwise_conv2d(pairs_of(4), (1, 5, 6, 4), 1, (3, 3)), "depthwise_planes_s8_scalar"),
    "product": sound(fully_connected(pairs_of(1), (3, 8), 8, 6), "fully_connected_s8_scalar"),
    "rows": sound(fully_connected(pairs_of(2), (2, 4, 1, 4), 16, 6), "fully_connected_s8_scalar"),
}
CLAMPS = ({"activation_min": -129}, {"activation_max": 128}, {"activation_min": 5, "activation_max": 4})
POINTS = tuple({name: value} for name in ("input_point", "output_point") for value in (-129, 128))
WINDOWS = ({"kernel_height": 0}, {"stride_width": 0}, {"input_channels": 5}, {"output_channels": 32767})
SCALINGS = (
    *({"coarse": value} for value in (0, 16)),
    *({"fraction": value} for value in (0, 25)),
    *({"two_sided": value} for value in (-1, 2)),
)


def damages() -> Iterator[tuple[str, dict[str, int]]]:
    """Attributes that no call may have."""
    for name, call in CALLS.items():
        changes = [change for change in (*CLAMPS, *POINTS, *WINDOWS, *SCALINGS) if set(change) <= set(call.attrs)]
        yield from ((name, change) for change in changes)
    for name in ("convolution", "quads"):
        yield name, {"kernel_height": 32767, "kernel_width": 32767}
    for name in ("quads", "planes"):
        yield from ((name, change) for change in ({"coarse": 5}, {"fraction": 23}))
    for change in ({"lines": 0}, {"lines": 4097}, {"kernel_height": 4}, {"kernel_width": 2}, {"stride_width": 4}):
        yield "planes", change
    for change in ({"dilation_height": 2}, {"dilation_width": 2}, {"output_channels": 6}):
        yield "planes", change
    yield from (("convolution", {"plain": value}) for value in (-1, 2))
    for name in ("product", "rows"):
        yield from ((name, change) for change in ({"depth": 0}, {"channels": 0}, {"chunk": 4}, {"chunk": 12}))
        yield from ((name, change) for change in ({"depth": 7}, {"channels": 4}, {"depth": 2**31 - 1}, {"chunk": 5000}))
    for change in ({"pair_rows": 2}, {"phases": 2}, {"phases": 0}, {"stride_width": 2, "dilation_width": 2}):
        yield "depthwise", change
    for change in ({"dilation_height": 2}, {"output_channels": 6}, {"kernel_width": 200}, {"kernel_height": 511}):
        yield "depthwise", change


@pytest.mark.parametrize("name", CALLS)
def test_the_sound_call_is_accepted(name: str) -> None:
    assert CALLS[name].check() == OK


@pytest.mark.parametrize(("name", "change"), list(damages()), ids=str)
def test_attributes_out_of_range_are_refused(name: str, change: dict[str, int]) -> None:
    call = CALLS[name]
    assert replace(call, attrs={**call.attrs, **change}, offsets=[]).check() == ERR_ATTRIBUTE


@pytest.mark.parametrize("name", CALLS)
def test_tensors_of_another_size_type_or_number_are_refused(name: str) -> None:
    call = CALLS[name]
    for index, (rows, row_bytes, dtype) in enumerate((*call.inputs, *call.outputs)):
        for other in ((rows + 1, row_bytes, dtype), (rows, row_bytes + 4, dtype), (rows, row_bytes, DType.F32)):
            tensors = [*call.inputs, *call.outputs]
            tensors[index] = other
            damaged = replace(call, inputs=tensors[:-1], outputs=tensors[-1:], contents=(), offsets=[])
            assert damaged.check() == ERR_ATTRIBUTE, (index, other)
    assert replace(call, inputs=call.inputs[:1], contents=(), offsets=[]).check() == ERR_ATTRIBUTE
    assert replace(call, outputs=[], offsets=[]).check() == ERR_ATTRIBUTE
    variable = replace(call, offsets=[])
    variable._table[1].pool = 0
    assert variable.check() == ERR_ATTRIBUTE


@pytest.mark.parametrize("name", [name for name in CALLS if name not in ("quads", "planes")])
@pytest.mark.parametrize(("shift", "status"), [(-31, OK), (30, OK), (-32, ERR_ATTRIBUTE), (31, ERR_ATTRIBUTE)])
def test_exact_records_hold_sound_shifts(name: str, shift: int, status: int) -> None:
    call = CALLS[name]
    words = np.frombuffer(call.contents[1], np.int32).reshape(call.inputs[1][0], -1).copy()
    stride = 3 + int(call.attrs["two_sided"])
    second = words.size // 4 if name == "depthwise" else stride  # four channels
    for place in (0, second):
        changed = words.copy()
        changed.reshape(-1)[place] = (shift << 16) + EXACT
        contents = [call.contents[0], changed.tobytes()]
        attrs = {**call.attrs, "plain": 0} if "plain" in call.attrs else call.attrs
        assert replace(call, attrs=attrs, contents=contents, offsets=[]).check() == status
        if "plain" in call.attrs:
            assert replace(call, contents=contents, offsets=[]).check() == ERR_ATTRIBUTE


def test_patches_that_are_added_up_in_parts_are_never_plain() -> None:
    """Sums of more than 508 products are carried from part to part, which the plain way does not."""
    for channels, accepted in ((56, True), (57, False)):
        call = sound(conv2d(pairs_of(3), (1, 3, 3, channels), 4, (3, 3)), "conv2d_s8_scalar")
        assert replace(call, attrs={**call.attrs, "plain": 0}, offsets=[]).check() == OK
        plain = replace(call, attrs={**call.attrs, "plain": 1}, offsets=[])
        assert plain.check() == (OK if accepted else ERR_ATTRIBUTE)


@pytest.mark.parametrize("kernel", ["depthwise_conv2d_s8_scalar", "depthwise_planes_s8_scalar"])
def test_filters_of_a_part_of_a_channel_are_refused(kernel: str) -> None:
    call = sound(depthwise_conv2d(pairs_of(4), (1, 5, 6, 4), 2, (3, 3)), kernel)
    assert call.check() == OK
    (rows, row_bytes, dtype), words = call.outputs[0], call.inputs[1]
    changed = {**call.attrs, "output_channels": 6}
    outputs = [(rows, row_bytes // 8 * 6, dtype)]
    fewer = replace(call, attrs=changed, outputs=outputs, inputs=[call.inputs[0], words], contents=(), offsets=[])
    assert fewer.check() == ERR_ATTRIBUTE


def test_phases_are_as_many_as_rows_of_the_kernel_and_not_too_many() -> None:
    for height, status in ((32, OK), (33, ERR_ATTRIBUTE)):
        call = sound(depthwise_conv2d(pairs_of(4), (1, height + 2, 6, 4), 1, (height, 1)), "depthwise_conv2d_s8_scalar")
        assert replace(call, attrs={**call.attrs, "phases": 1}, offsets=[]).check() == OK
        assert replace(call, attrs={**call.attrs, "phases": height}, offsets=[]).check() == status
        assert replace(call, attrs={**call.attrs, "phases": height - 1}, offsets=[]).check() == ERR_ATTRIBUTE


@pytest.mark.parametrize(
    "change",
    [
        *({name: value} for name in ("kernel_height", "kernel_width") for value in (0, 511)),
        *({"output_width": value} for value in (0, 32768)),
        *({"stride_width": value} for value in (0, 511)),
        *({"dilation_width": value} for value in (0, 32768)),
        {"stride_width": 2, "dilation_width": 2},
        {"pair_rows": 2},
    ],
    ids=str,
)
def test_sizes_that_no_check_accepts_ask_for_no_workspace(change: dict[str, int]) -> None:
    attrs = {**CALLS["depthwise"].attrs, **change}
    assert kernels.workspace_bytes("depthwise_conv2d_s8_scalar", attrs) == 0


@pytest.mark.parametrize(
    "change",
    [
        *({f"kernel_{axis}": 2} for axis in ("height", "width")),
        *({f"dilation_{axis}": 2} for axis in ("height", "width")),
        *({f"stride_{axis}": value} for axis in ("height", "width") for value in (0, 32768)),
        *({"output_width": value} for value in (0, 32768)),
        {"lines": 0},
    ],
    ids=str,
)
def test_planes_of_other_sizes_ask_for_no_workspace(change: dict[str, int]) -> None:
    attrs = CALLS["planes"].attrs
    assert kernels.workspace_bytes("depthwise_planes_s8_scalar", attrs) > 0
    assert kernels.workspace_bytes("depthwise_planes_s8_scalar", {**attrs, **change}) == 0
