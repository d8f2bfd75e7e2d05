"""Arithmetic with two operands against LiteRT's reference kernels, which give the target's bytes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.elements import elements, scales, seeds, zero_points
from tests.lowered import Lowered, lower, tensor
from tests.tflite_builder import ModelBuilder, litert

from micrort.errors import RuntimeStatusError
from micrort.ir import DType
from micrort.native import kernels
from micrort.operators.base import Operator
from micrort.operators.binary import Add, Maximum, Minimum, Mul, Sub
from micrort.operators.broadcast import broadcast_attrs, broadcast_shape
from micrort.operators.quantise import Activation, quantise_multiplier

DTYPES = ["int8", "int16", "int32", "float32"]
QUANTISED = ("int8", "int16")
ARITHMETIC = {"ADD": Add, "SUB": Sub, "MUL": Mul}
EXTREMA = {"MINIMUM": Minimum, "MAXIMUM": Maximum}


@st.composite
def shape_pairs(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two shapes that broadcast, of up to 6 dimensions, equal in one of three."""
    full = tuple(draw(st.lists(st.integers(1, 4), min_size=0, max_size=6)))
    if draw(st.integers(0, 2)) == 0:
        return full, full
    found = []
    for _ in range(2):
        axes = tuple(1 if draw(st.booleans()) else size for size in full)
        found.append(axes[draw(st.integers(0, len(axes))) :] if draw(st.booleans()) else axes)
    return found[0], found[1]


def reference(
    name: str, lowered: Lowered, quantised: dict[str, dict[str, float]], activation: str | None
) -> np.ndarray:
    """What LiteRT makes of the same arrays."""
    model = ModelBuilder()
    left, right = lowered.arrays
    dtype = left.dtype.name
    inputs = [
        model.input("a", left.shape, dtype, **quantised.get("a", {})),
        model.input("b", right.shape, dtype, **quantised.get("b", {})),
    ]
    output = model.tensor("o", lowered.output.shape, dtype, **quantised.get("o", {}))
    options = {} if activation is None else {"fusedActivationFunction": activation}
    if activation is not None and name != "MUL":
        options["potScaleInt16"] = False  # the general path, the only one that the target has
    model.operator(name, inputs, [output], **options)
    return litert(model.build([output]), [left, right], "ref")[0]


def with_litert_multipliers(name: str, lowered: Lowered, quantised: dict[str, dict[str, float]]) -> Lowered:
    """The same call with multipliers as LiteRT 2.3 computes them: SUB in float64 and MUL in float32.

    TensorFlow Lite Micro, and so the operators, do it the other way round: see test_multipliers_are_the_targets.
    One int16 element of some thousands shows it.
    """
    attrs = dict(lowered.call.attrs)
    left, right, output = (np.float32(quantised[key]["scale"]) for key in "abo")
    if name == "SUB":
        twice_larger = 2 * float(max(left, right))
        unit = (1 << (20 if lowered.output.dtype is DType.S8 else 15)) * float(output)
        factors = {"input0_": float(left) / twice_larger, "input1_": float(right) / twice_larger}
        factors["output_"] = twice_larger / unit
    else:
        factors = {"": float(left * right / output)}
    for prefix, factor in factors.items():
        attrs[f"{prefix}multiplier"], attrs[f"{prefix}shift"] = quantise_multiplier(factor)
    return replace(lowered, call=replace(lowered.call, attrs=attrs))


def compare(name: str, operator: Operator, lowered: Lowered, quantised: dict[str, dict[str, float]]) -> None:
    if quantised and name in ("SUB", "MUL"):
        lowered = with_litert_multipliers(name, lowered, quantised)
    activation = operator.activation.name if isinstance(operator, Add | Sub | Mul) else None
    want = reference(name, lowered, quantised, activation)
    np.testing.assert_array_equal(lowered.run_every_way(), want, strict=True)


def compare_arithmetic(
    name: str, activation: Activation, arrays: list[np.ndarray], quantised: dict[str, dict[str, float]]
) -> None:
    kind = DType(arrays[0].dtype.name)
    sources = [
        (tensor(key, array.shape, kind, **quantised.get(key, {})), array)
        for key, array in zip("ab", arrays, strict=True)
    ]
    output_shape = broadcast_shape(arrays[0].shape, arrays[1].shape)
    assert output_shape is not None
    operator = ARITHMETIC[name](activation)
    lowered = lower(operator, sources, tensor("o", output_shape, kind, **quantised.get("o", {})))
    compare(name, operator, lowered, quantised)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ARITHMETIC)
@settings(max_examples=60, deadline=None)
@given(data=st.data(), shapes=shape_pairs(), seed=seeds, activation=st.sampled_from(Activation))
def test_arithmetic(
    data: st.DataObject, name: str, dtype: str, shapes: tuple[tuple[int, ...], ...], seed: int, activation: Activation
) -> None:
    quantised = {}
    if dtype in QUANTISED:
        quantised = {key: {"scale": data.draw(scales()), "zero_point": data.draw(zero_points(dtype))} for key in "abo"}
        larger = max(quantised["a"]["scale"], quantised["b"]["scale"])
        assume(name == "MUL" or quantised["o"]["scale"] > larger / 2**13)  # else a constraint refuses
    arrays = [elements(shape, dtype, seed + index) for index, shape in enumerate(shapes)]
    compare_arithmetic(name, activation, arrays, quantised)


@pytest.mark.parametrize("dtype", QUANTISED)
@pytest.mark.parametrize("name", ARITHMETIC)
@pytest.mark.parametrize("seed", range(4))
def test_so_many_elements_that_the_last_bit_of_a_multiplier_shows(name: str, dtype: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    unit = 100 if name == "MUL" and dtype == "int8" else 30000 if name == "MUL" else 1.5
    spans = {"a": 1, "b": 1, "o": unit}
    quantised = {key: {"scale": span * random.uniform(0.5, 1.0), "zero_point": 0} for key, span in spans.items()}
    arrays = [elements((64, 256), dtype, seed + index) for index in (0, 100)]
    compare_arithmetic(name, Activation.NONE, arrays, quantised)


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        (Add(), {"input1_": (1840700374, -2), "output_": (1366580450, -14)}),
        (Sub(), {"input1_": (1840700416, -2), "output_": (1366580480, -14)}),
        (Mul(), {"": (1639896606, -2)}),
    ],
)
def test_multipliers_are_the_targets(operator: Operator, expected: dict[str, tuple[int, int]]) -> None:
    """From a C program with the expressions of add_common.cc, mul_common.cc (double) and sub_common.cc (float)."""
    array = np.zeros((1,), np.int16)
    sources = [(tensor(key, (1,), DType.S16, scale), array) for key, scale in (("a", 0.7), ("b", 0.3))]
    attrs = lower(operator, sources, tensor("o", (1,), DType.S16, 1.1)).call.attrs
    for prefix, pair in expected.items():
        assert (attrs[f"{prefix}multiplier"], attrs[f"{prefix}shift"]) == pair


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", EXTREMA)
@settings(max_examples=30, deadline=None)
@given(shapes=shape_pairs(), seed=seeds)
def test_extrema(name: str, dtype: str, shapes: tuple[tuple[int, ...], ...], seed: int) -> None:
    kind = DType(dtype)
    quantised = {key: {"scale": 0.5, "zero_point": 3} for key in "abo"} if dtype in QUANTISED else {}
    sources = [
        (tensor(key, shape, kind, **quantised.get(key, {})), elements(shape, dtype, seed + index))
        for index, (key, shape) in enumerate(zip("ab", shapes, strict=True))
    ]
    output_shape = broadcast_shape(*shapes)
    assert output_shape is not None
    operator = EXTREMA[name]()
    lowered = lower(operator, sources, tensor("o", output_shape, kind, **quantised.get("o", {})))
    compare(name, operator, lowered, quantised)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [*ARITHMETIC, *EXTREMA])
@given(shapes=shape_pairs())
@settings(max_examples=20, deadline=None)
def test_offers_in_place_are_the_operands_that_are_not_repeated(
    name: str, dtype: str, shapes: tuple[tuple[int, ...], ...]
) -> None:
    operator = {**ARITHMETIC, **EXTREMA}[name]()
    scale = 0.5 if dtype in QUANTISED else None
    output_shape = broadcast_shape(*shapes)
    assert output_shape is not None
    sources = [
        (tensor(key, shape, DType(dtype), scale), np.zeros(shape, dtype))
        for key, shape in zip("ab", shapes, strict=True)
    ]
    call = lower(operator, sources, tensor("o", output_shape, DType(dtype), scale)).call
    whole = [index for index, shape in enumerate(shapes) if np.prod(shape) == np.prod(output_shape)]
    assert [offer.input for offer in call.in_place] == whole
    assert {offer.delta for offer in call.in_place} <= {0}


def test_a_constant_operand_offers_no_memory() -> None:
    data = np.zeros((2, 2), np.int32)
    sources = [(tensor("a", (2, 2), DType.S32), data), (tensor("b", (2, 2), DType.S32, data=data), data)]
    call = lower(Add(), sources, tensor("o", (2, 2), DType.S32)).call
    assert [offer.input for offer in call.in_place] == [0]


@pytest.mark.parametrize("first", range(64))
def test_any_axis_may_be_repeated(first: int) -> None:
    """Also where the compiler would have folded it into another one."""
    sizes = (2, 3, 2, 2, 3, 2)
    clamps = {"activation_min": -(2**31), "activation_max": 2**31 - 1}
    extents = dict(zip(("rows0", "rows1", "rows2", "rows3", "width", "channels"), sizes, strict=True))
    for second in {0, 63, first, 63 - first}:
        arrays = []
        for seed, repeats in enumerate((first, second)):
            shape = [1 if repeats >> axis & 1 else size for axis, size in enumerate(sizes)]
            arrays.append(np.random.default_rng(seed).integers(-99, 99, shape, dtype=np.int32))
        attrs = {**extents, "input0_repeats": first, "input1_repeats": second, **clamps}
        (found,) = kernels.call("sub_s32", attrs, arrays, [(sizes, DType.S32)])
        np.testing.assert_array_equal(found, arrays[0] - arrays[1] + np.zeros(sizes, np.int32))


@pytest.mark.parametrize("name", ["add_s32", "sub_s32", "mul_s32"])
def test_int32_wraps(name: str) -> None:
    left, right = np.array([[2**31 - 1, -(2**31), 65536]], np.int32), np.array([[1, -1, 65536]], np.int32)
    attrs = {**broadcast_attrs((1, 3), (1, 3)), "activation_min": -(2**31), "activation_max": 2**31 - 1}
    (result,) = kernels.call(name, attrs, [left, right], [((1, 3), DType.S32)])
    combine = {"add_s32": np.add, "sub_s32": np.subtract, "mul_s32": np.multiply}[name]
    np.testing.assert_array_equal(result, combine(left, right))


@pytest.mark.parametrize("name", ["add_f32", "sub_f32", "mul_f32"])
def test_floats_that_are_no_numbers(name: str) -> None:
    limit = np.finfo(np.float32).max
    left, right = np.array([[np.inf, -np.inf, np.nan]], np.float32), np.array([[1, 1, 1]], np.float32)
    attrs = {**broadcast_attrs((1, 3), (1, 3)), "activation_min": float(-limit), "activation_max": float(limit)}
    (result,) = kernels.call(name, attrs, [left, right], [((1, 3), DType.F32)])
    np.testing.assert_array_equal(result, np.array([[limit, -limit, np.nan]], np.float32))


ADDITION = {
    "input0_offset": 128,
    "input0_multiplier": 2**30,
    "input0_shift": 0,
    "input1_offset": -127,
    "input1_multiplier": 2**31 - 1,
    "input1_shift": -1,
    "output_offset": -128,
    "output_multiplier": 2**31 - 1,
    "output_shift": -10,
    "activation_min": -128,
    "activation_max": 127,
}
MULTIPLICATION = {
    "input0_offset": 128,
    "input1_offset": -127,
    "output_offset": 5,
    "multiplier": 2**30,
    "shift": -3,
    "activation_min": -128,
    "activation_max": 127,
}
HOSTILE = [
    ("add_s8", ADDITION, "input0_multiplier", 2**30 + 1),
    ("add_s8", ADDITION, "input0_multiplier", -1),
    ("add_s8", ADDITION, "input1_shift", 0),
    ("add_s8", ADDITION, "input1_shift", -32),
    ("add_s8", ADDITION, "input0_offset", 129),
    ("sub_s8", ADDITION, "output_shift", 1),
    ("sub_s8", ADDITION, "output_shift", -32),
    ("sub_s8", ADDITION, "output_multiplier", -1),
    ("sub_s8", ADDITION, "output_offset", 128),
    ("sub_s8", ADDITION, "activation_min", -129),
    ("sub_s8", ADDITION, "activation_max", -129),
    ("mul_s8", MULTIPLICATION, "shift", 31),
    ("mul_s8", MULTIPLICATION, "shift", -32),
    ("mul_s8", MULTIPLICATION, "multiplier", -1),
    ("mul_s8", MULTIPLICATION, "input0_offset", 129),
    ("mul_s8", MULTIPLICATION, "output_offset", -129),
    ("mul_s8", MULTIPLICATION, "activation_max", 128),
    ("minimum_s8", {}, "rows3", 3),
    ("minimum_s8", {}, "rows0", 0),
    ("minimum_s8", {}, "rows1", -2),
    ("minimum_s8", {}, "width", 0),
    ("minimum_s8", {}, "channels", -5),
    ("minimum_s8", {}, "channels", 2**31 - 1),
    ("maximum_s8", {}, "input0_repeats", 32),
    ("maximum_s8", {}, "input1_repeats", 0),
    ("maximum_s8", {}, "input1_repeats", 64),
    ("maximum_s8", {}, "input1_repeats", -1),
]


def call_with(name: str, attrs: dict[str, int]) -> np.ndarray:
    """A call whose second operand is repeated along the channels."""
    left, right = np.ones((1, 2, 3, 5), np.int8), np.ones((1, 2, 3, 1), np.int8)
    whole = {**broadcast_attrs(left.shape, right.shape), **attrs}
    return kernels.call(name, whole, [left, right], [((1, 2, 3, 5), DType.S8)])[0]


@pytest.mark.parametrize(("name", "attrs", "member", "value"), HOSTILE)
def test_check_refuses(name: str, attrs: dict[str, int], member: str, value: int) -> None:
    call_with(name, attrs)
    with pytest.raises(RuntimeStatusError, match=f"mrt_{name}_check"):
        call_with(name, {**attrs, member: value})


@pytest.mark.parametrize(("name", "low", "high"), [("add_s32", 1, 0), ("mul_s32", 0, -1)])
def test_check_refuses_an_empty_clamp(name: str, low: int, high: int) -> None:
    arrays = [np.ones((2, 2), np.int32)] * 2
    attrs = {**broadcast_attrs((2, 2), (2, 2)), "activation_min": low, "activation_max": high}
    with pytest.raises(RuntimeStatusError, match="check"):
        kernels.call(name, attrs, arrays, [((2, 2), DType.S32)])


@pytest.mark.parametrize("bound", ["activation_min", "activation_max"])
def test_check_refuses_a_clamp_that_is_no_number(bound: str) -> None:
    arrays = [np.ones((2, 2), np.float32)] * 2
    attrs = {**broadcast_attrs((2, 2), (2, 2)), "activation_min": 0.0, "activation_max": 1.0, bound: float("nan")}
    with pytest.raises(RuntimeStatusError, match="check"):
        kernels.call("add_f32", attrs, arrays, [((2, 2), DType.F32)])


def test_check_refuses_another_dtype() -> None:
    left, right = np.ones((2, 4), np.int8), np.ones((2, 4), np.uint8)
    with pytest.raises(RuntimeStatusError, match="check"):
        kernels.call("minimum_s8", broadcast_attrs((2, 4), (2, 4)), [left, right], [((2, 4), DType.S8)])
