"""What the checks of the kernels for DSP cores refuse: each row damages a call that they accept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.runtime.kernels.calls import ERR_ATTRIBUTE, OK, Call, descriptor
from tests.runtime.kernels.dsp.cases import Case, conv2d, depthwise_conv2d, fully_connected, pairs_of

from micrort.ir import DType, Tensor
from micrort.ir.executor_graph import PARAMS_POOL
from micrort.variants import Refusal, Variant, dsp, dsp_patch
from micrort.variants.dsp_winograd import winograd


def sound(case: Case, variant: Variant | Refusal | None = None) -> Call:
    """The call of the case's variant."""
    variant = case.variant(dsp) if variant is None else variant
    assert isinstance(variant, Variant)
    (constant,) = variant.constants
    assert constant.data is not None
    inputs = [descriptor(case.tensors["x"]), descriptor(constant)]
    contents = [case.constants[0].tobytes(), constant.data.tobytes()]
    outputs = [descriptor(case.tensors["y"])]
    return Call(variant.call.kernel, dict(variant.call.attrs), inputs, outputs, contents)


def addition() -> Call:
    """Two operands of 2 rows of 6 elements."""
    attrs = {"factor0": 1, "factor1": 2, "constant": 3, "activation_min": -128, "activation_max": 127}
    row = descriptor(Tensor("x", (1, 2, 2, 3), DType.S8))
    return Call("add_s8_dsp", attrs, [row, row], [row])


def tiles() -> Call:
    """A convolution 3 x 3 by tiles."""
    case = conv2d(pairs_of(5), (1, 5, 6, 4), 6, (3, 3))
    return sound(case, winograd(case.call, case.tensors))


def wide(case: Case) -> Call:
    """The call of the case's variant with wide weights."""
    (found,) = (variant for kernel, variant in case.variants(dsp).items() if kernel.endswith("_wide"))
    return sound(case, found)


def tall() -> Call:
    """Depthwise in tall strips."""
    case = depthwise_conv2d(pairs_of(4, -128), (1, 17, 6, 4), 1, (3, 3))
    return sound(case, case.variants(dsp)["depthwise3x3_s8_dsp_linear_tall"])


def single() -> Call:
    """A vector at a time."""
    case = fully_connected(pairs_of(6), (1, 8), 8, 5)
    return sound(case, case.variants(dsp)["matvec_s8_dsp"])


def patch(case: Case, kernel: str) -> Call:
    """The call in little code."""
    return sound(case, case.variants(dsp_patch, "size")[kernel])


CALLS = {
    "patch": patch(conv2d(pairs_of(3), (1, 5, 6, 3), 6, (3, 3)), "conv2d_patch_s8_dsp"),
    "depthwise patch": patch(depthwise_conv2d(pairs_of(4), (1, 5, 6, 4), 1, (3, 2)), "depthwise_patch_s8_dsp"),
    "product": sound(fully_connected(pairs_of(1), (3, 8), 8, 5)),
    "wide product": wide(fully_connected(pairs_of(1), (3, 8), 8, 5)),
    "single": single(),
    "rows": sound(fully_connected(pairs_of(2), (2, 4, 1, 4), 16, 5)),
    "convolution": sound(conv2d(pairs_of(3), (1, 5, 6, 4), 6, (3, 3))),
    "wide convolution": wide(conv2d(pairs_of(3), (1, 5, 6, 4), 6, (3, 3))),
    "tiles": tiles(),
    "depthwise": sound(depthwise_conv2d(pairs_of(4), (1, 5, 6, 4), 1, (3, 2))),
    "depthwise3x3": sound(depthwise_conv2d(pairs_of(4), (1, 5, 6, 4), 1, (3, 3))),
    "dilated depthwise3x3": sound(depthwise_conv2d(pairs_of(4), (1, 5, 6, 4), 1, (3, 3), dilation=(2, 3))),
    "addition": addition(),
    "linear product": sound(fully_connected(pairs_of(1, -128), (3, 8), 8, 5)),
    "wide linear product": wide(fully_connected(pairs_of(1, -128), (3, 8), 8, 5)),
    "linear convolution": sound(conv2d(pairs_of(3, -128), (1, 5, 6, 4), 6, (3, 3))),
    "wide linear convolution": wide(conv2d(pairs_of(3, -128), (1, 5, 6, 4), 6, (3, 3))),
    "linear depthwise3x3": sound(depthwise_conv2d(pairs_of(4, -128), (1, 5, 6, 4), 1, (3, 3))),
    "tall linear depthwise3x3": tall(),
}
CLAMPS = ({"activation_min": -129}, {"activation_max": 128}, {"activation_min": 5, "activation_max": 4})
POINTS = tuple({name: value} for name in ("input_point", "output_point") for value in (-129, 128))
WINDOWS = ({"kernel_height": 0}, {"stride_width": 0}, {"input_channels": 5}, {"output_channels": 32767})


def damages() -> Iterator[tuple[str, dict[str, int]]]:
    """Attributes that no call may have."""
    for name, call in CALLS.items():
        changes = [change for change in (*CLAMPS, *POINTS, *WINDOWS) if set(change) <= set(call.attrs)]
        yield from ((name, change) for change in changes)
    for name in CALLS:
        if name.startswith(("linear", "wide linear")) and "depthwise" not in name:
            yield from ((name, {"linear": value}) for value in (-1, 2))
    yield "tiles", {"linear": 1}
    for name in ("single", "rows"):
        yield from ((name, {"copied": value}) for value in (-1, 2))
    yield "rows", {"copied": 0}
    yield "rows", {"depth": 12}
    for name in ("product", "single", "rows", "wide product"):
        yield from ((name, change) for change in ({"depth": 0}, {"channels": 0}))
        yield from ((name, change) for change in ({"depth": 7}, {"channels": 4}, {"depth": 2**31 - 1}))
    for name in ("convolution", "patch", "depthwise patch"):
        yield name, {"kernel_height": 32767, "kernel_width": 32767}
    yield "depthwise patch", {"output_channels": 6}
    for axis in ("height", "width"):
        for name, value in (("kernel", 1), ("stride", 2), ("dilation", 2)):
            yield "tiles", {f"{name}_{axis}": value}
    yield "tiles", {"input_channels": 2, "input_width": 12}
    for change in ({"transposed": 2}, {"block": 0}, {"block": 6}):
        yield "depthwise", change
    for change in ({"dilation_width": 0}, {"output_channels": 6}):
        yield "depthwise", change
    for axis in ("height", "width"):
        for name, value in (("kernel", 2), ("stride", 3), ("dilation", 2)):
            yield "depthwise3x3", {f"{name}_{axis}": value}
            yield "tall linear depthwise3x3", {f"{name}_{axis}": value}
        for name, value in (("kernel", 2), ("stride", 2), ("dilation", 0)):
            yield "dilated depthwise3x3", {f"{name}_{axis}": value}
    for change in ({"block": 0}, {"block": 6}, {"columns": 0}, {"columns": 7}, {"output_channels": 6}):
        yield "depthwise3x3", change
        yield "dilated depthwise3x3", change
    for change in ({"block": 0}, {"block": 15}, {"columns": 0}, {"columns": 15}, {"output_channels": 6}):
        yield "tall linear depthwise3x3", change


@pytest.mark.parametrize("name", CALLS)
def test_the_sound_call_is_accepted(name: str) -> None:
    call = CALLS[name]
    assert call.check() == OK
    assert (call.attrs.get("linear", 0) == 1 or "_linear" in call.kernel) == ("linear" in name)


def test_constants_of_linear_outputs_lie_in_the_params() -> None:
    for name in CALLS:
        if "linear" in name:
            call = replace(CALLS[name], offsets=[])
            call._table[1].pool = 0
            assert call.check() == ERR_ATTRIBUTE


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


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("product", -1),
        ("rows", -3),
        ("convolution", -5),
        ("tiles", -7),
        ("depthwise", 1),
        ("depthwise3x3", 1),
        ("dilated depthwise3x3", 1),
        ("patch", -1),
        ("depthwise patch", 1),
    ],
)
def test_shifts_are_constant_and_in_range(name: str, word: int) -> None:
    call = CALLS[name]
    words = bytearray(call.contents[1])
    place = slice(4 * word, 4 * word + 4 or None)
    for shift, status in ((-1, ERR_ATTRIBUTE), (0, OK), (30, OK), (31, ERR_ATTRIBUTE)):
        words[place] = shift.to_bytes(4, "little", signed=True)
        contents = (call.contents[0], bytes(words))
        assert replace(call, contents=contents, offsets=[]).check() == status
    call = replace(call, offsets=[])
    call._table[1].pool = 0
    assert call.check() == ERR_ATTRIBUTE


def fitted(name: str, changes: dict[str, int]) -> Call:
    """A call with another window and tables of tensors that fit it, which nothing but the check sees."""
    call = replace(CALLS[name], attrs={**CALLS[name].attrs, **changes}, offsets=[])
    for index, side in ((0, "input"), (2, "output")):
        call._table[index].rows = call.attrs[f"{side}_height"]
        call._table[index].row_bytes = call.attrs[f"{side}_width"] * call.attrs[f"{side}_channels"]
    return call


LARGE = {f"{side}_{axis}": 32767 for side in ("input", "output") for axis in ("height", "width")}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("depthwise", {"output_channels": 6}),
        ("depthwise", {"kernel_height": 32767, "kernel_width": 32767}),
        ("depthwise", {"kernel_height": 600, "kernel_width": 600, "input_channels": 32767, "output_channels": 32767}),
        ("depthwise3x3", {"output_channels": 6}),
        ("depthwise patch", {"output_channels": 6}),
        ("patch", {"kernel_height": 32767, "kernel_width": 32767}),
        ("depthwise patch", {"kernel_height": 32767, "kernel_width": 32767}),
        ("depthwise3x3", {**LARGE, "block": 32767, "columns": 32767}),
        ("dilated depthwise3x3", {"output_channels": 6}),
        (
            "dilated depthwise3x3",
            {**LARGE, "block": 32767, "columns": 32767, "dilation_height": 1, "dilation_width": 1},
        ),
        ("tall linear depthwise3x3", {"stride_width": 2, "output_width": 3}),
    ],
    ids=str,
)
def test_windows_that_no_workspace_or_record_holds_are_refused(name: str, changes: dict[str, int]) -> None:
    assert fitted(name, {}).check() == OK
    assert fitted(name, changes).check() == ERR_ATTRIBUTE


def test_constants_are_not_written() -> None:
    call = addition()
    call._table[2].pool = PARAMS_POOL
    assert call.check() == ERR_ATTRIBUTE


def test_vectors_are_at_most_as_many_as_int32_counts() -> None:
    """Of one element each, in the largest tables that there can be: nothing but the check sees them."""
    for row_bytes in (2**15, 2**15 + 1):
        call = sound(fully_connected(pairs_of(1), (4, 1), 1, 1))
        for index in (0, 2):
            call._table[index].rows, call._table[index].row_bytes = 0xFFFF, row_bytes
        assert call.check() == (OK if 0xFFFF * row_bytes < 2**31 else ERR_ATTRIBUTE)


@pytest.mark.parametrize(("depth", "status"), [(8, OK), (7, ERR_ATTRIBUTE)])
def test_vectors_straight_from_the_input_are_whole_quads(depth: int, status: int) -> None:
    """One by one; pairs of them are spread into lanes, where a rest does not matter."""
    call = sound(fully_connected(pairs_of(1), (4, depth), depth, 3))
    assert replace(call, offsets=[]).check() == OK
    attrs = {name: value for name, value in call.attrs.items() if name != "linear"}
    assert replace(call, kernel="matvec_s8_dsp", attrs={**attrs, "copied": 0}, offsets=[]).check() == status
