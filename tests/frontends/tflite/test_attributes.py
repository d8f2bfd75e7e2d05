"""What the functions of the table read, and what they refuse: one operator a model, written by the test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.tflite_builder import ModelBuilder

from micrort.errors import ModelError, UnsupportedError
from micrort.frontends import tflite
from micrort.ir import Graph
from micrort.operators.binary import Add
from micrort.operators.concatenation import Concatenation, Pack
from micrort.operators.leaky_relu import LeakyRelu
from micrort.operators.mean import Mean
from micrort.operators.pad import Pad
from micrort.operators.pool2d import MaxPool2D
from micrort.operators.quantise import Activation
from micrort.operators.resize import ResizeNearest
from micrort.operators.softmax import Softmax
from micrort.operators.split import Split, SplitV, Unpack
from micrort.operators.strided_slice import Slice, StridedSlice
from micrort.operators.transpose import Transpose
from micrort.operators.window import Padding

Shape = tuple[int, ...]
X = "x"
"""Stands for the model's input among the inputs of an operator."""


def ints(*values: Any) -> np.ndarray:
    return np.array(values, np.int32)


def load(name: str, shape: Shape, inputs: list[Any], outputs: list[Shape], **options: Any) -> Graph:
    """A model of one operator: float32 input X of `shape`, constants, float32 outputs."""
    model = ModelBuilder()
    x = model.input("x", shape, "float32")
    indices = [x if item is X else model.constant(f"c{i}", item) for i, item in enumerate(inputs)]
    made = [model.tensor(f"y{i}", output, "float32") for i, output in enumerate(outputs)]
    model.operator(name, indices, made, **options)
    return tflite.load(model.build(outputs=made), "one", "one.tflite")


READ = [
    ("ADD", (1, 4), [X, np.float32([1])], [(1, 4)], {"fusedActivationFunction": "RELU6"}, Add(Activation.RELU6)),
    ("CONCATENATION", (2, 3), [X, X], [(2, 6)], {"axis": -1}, Concatenation(1)),
    ("LEAKY_RELU", (4,), [X], [(4,)], {"alpha": 0.25}, LeakyRelu(0.25)),
    (
        "MAX_POOL_2D",
        (1, 5, 7, 2),
        [X],
        [(1, 3, 3, 2)],
        {"padding": "SAME", "strideH": 2, "strideW": 3, "filterHeight": 3, "filterWidth": 2},
        MaxPool2D((3, 2), (2, 3), Padding.SAME),
    ),
    ("MEAN", (1, 4, 4, 2), [X, ints(1, -2)], [(1, 1, 1, 2)], {"keepDims": True}, Mean((1, -2), keep_dims=True)),
    ("PACK", (2, 3), [X, X], [(2, 3, 2)], {"axis": -1, "valuesCount": 2}, Pack(2)),
    ("PAD", (2, 3), [X, ints([1, 0], [0, 2])], [(3, 5)], {}, Pad(((1, 0), (0, 2)))),
    ("PADV2", (2, 3), [X, ints([1, 0], [0, 2]), np.float32(9)], [(3, 5)], {}, Pad(((1, 0), (0, 2)))),
    (
        "RESIZE_NEAREST_NEIGHBOR",
        (1, 2, 3, 1),
        [X, ints(4, 6)],
        [(1, 4, 6, 1)],
        {"halfPixelCenters": True},
        ResizeNearest(half_pixel_centers=True),
    ),
    ("SLICE", (4, 4), [X, ints(1, 0), ints(2, -1)], [(2, 4)], {}, Slice((1, 0), (2, -1))),
    ("SOFTMAX", (1, 4), [X], [(1, 4)], {"beta": 0.5}, Softmax(0.5)),
    ("SPLIT", (2, 6), [ints(-1), X], [(2, 3), (2, 3)], {"numSplits": 2}, Split(1)),
    ("SPLIT_V", (2, 6), [X, ints(2, -1), np.int32(1)], [(2, 2), (2, 4)], {"numSplits": 2}, SplitV(1)),
    (
        "STRIDED_SLICE",
        (4, 6),
        [X, ints(0, 5), ints(2, 0), ints(1, -2)],
        [(2, 3)],
        {"endMask": 2},
        StridedSlice((0, 5), (2, 0), (1, -2), end_mask=2),
    ),
    ("TRANSPOSE", (2, 3, 4), [X, ints(2, 0, 1)], [(4, 2, 3)], {}, Transpose((2, 0, 1))),
    ("UNPACK", (2, 3), [X], [(3,), (3,)], {"axis": 0, "num": 2}, Unpack(0)),
]


@pytest.mark.parametrize(("name", "shape", "inputs", "outputs", "options", "operator"), READ, ids=[r[0] for r in READ])
def test_attributes_are_read(
    name: str, shape: Shape, inputs: list[Any], outputs: list[Shape], options: dict[str, Any], operator: Any
) -> None:
    (node,) = load(name, shape, inputs, outputs, **options).nodes
    assert node.operator == operator


RESHAPED = [
    ("RESHAPE", (2, 6), [X, ints(3, 4)], (3, 4), {}),
    ("RESHAPE", (2, 6), [X, ints(-1, 4)], (3, 4), {}),
    ("RESHAPE", (2, 6), [X, np.array([3, -1], np.int64)], (3, 4), {}),
    ("RESHAPE", (2, 6), [X], (12,), {"newShape": [12]}),
    ("SQUEEZE", (1, 3, 1, 2), [X], (3, 2), {}),
    ("SQUEEZE", (1, 3, 1, 2), [X], (1, 3, 2), {"squeezeDims": [-2]}),
    ("EXPAND_DIMS", (3, 2), [X, np.int32(0)], (1, 3, 2), {}),
    ("EXPAND_DIMS", (3, 2), [X, ints(-1)], (3, 2, 1), {}),
]


@pytest.mark.parametrize(("name", "shape", "inputs", "output", "options"), RESHAPED)
def test_shapes_that_only_name_the_same_elements(
    name: str, shape: Shape, inputs: list[Any], output: Shape, options: dict[str, Any]
) -> None:
    graph = load(name, shape, inputs, [output], **options)
    (node,) = graph.nodes
    lowering = node.operator.lower(node.name, graph.operands(node))
    assert (lowering.calls, lowering.aliases) == ((), {"y0": "x"})


WRONG = [
    ("reshape to other elements", "RESHAPE", (2, 6), [X, ints(5, 5)], [(3, 4)], {}, "reshapes to [5, 5]"),
    ("reshape to two open sizes", "RESHAPE", (2, 6), [X, ints(-1, -1)], [(3, 4)], {}, "reshapes to [-1, -1]"),
    ("squeeze of a larger axis", "SQUEEZE", (1, 3), [X], [(1,)], {"squeezeDims": [1]}, "squeezes the axes [1]"),
    ("squeeze of too many axes", "SQUEEZE", (1, 3), [X], [(3,)], {"squeezeDims": [0] * 9}, "has 9 elements"),
    ("axis beyond the rank", "CONCATENATION", (2, 3), [X, X], [(2, 6)], {"axis": 2}, "axis is 2"),
    ("two axes for a split", "SPLIT", (2, 6), [ints(0, 1), X], [(2, 3)], {"numSplits": 1}, "has 2 elements"),
    ("wrong number of splits", "SPLIT", (2, 6), [ints(1), X], [(2, 3), (2, 3)], {"numSplits": 3}, "NumSplits is 3"),
    ("sizes that contradict", "SPLIT_V", (2, 6), [X, ints(3, 3), ints(1)], [(2, 2), (2, 4)], {}, "size 0 is 3"),
    ("too few paddings", "PAD", (2, 3), [X, ints([1, 1])], [(4, 3)], {}, "2 amounts of padding for 2"),
    ("paddings of floats", "PAD", (2, 3), [X, np.ones((2, 2), np.float32)], [(4, 5)], {}, "type float32"),
    ("a wrong output of a pad", "PAD", (2, 3), [X, ints([1, 0], [0, 2])], [(3, 4)], {}, "must be [3, 5]"),
    ("resize to another size", "RESIZE_NEAREST_NEIGHBOR", (1, 2, 3, 1), [X, ints(4, 6)], [(1, 4, 5, 1)], {}, "[4, 6]"),
    ("infinite beta", "SOFTMAX", (1, 4), [X], [(1, 4)], {"beta": float("inf")}, "Beta is inf"),
    ("alpha that is no number", "LEAKY_RELU", (4,), [X], [(4,)], {"alpha": float("nan")}, "Alpha is nan"),
    ("a mean along no axis", "MEAN", (2, 3), [X, ints(5)], [(2,)], {}, "axis 5"),
    ("too many attributes", "TRANSPOSE", (2, 3), [X, np.zeros(2000, np.int32)], [(3, 2)], {}, "2000 elements"),
    ("a permutation that repeats", "TRANSPOSE", (2, 3), [X, ints(1, 1)], [(3, 2)], {}, "permutation [1, 1]"),
]


@pytest.mark.parametrize(
    ("name", "shape", "inputs", "outputs", "options", "message"), [row[1:] for row in WRONG], ids=[r[0] for r in WRONG]
)
def test_contradictions_are_refused(
    name: str, shape: Shape, inputs: list[Any], outputs: list[Shape], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ModelError) as caught:
        load(name, shape, inputs, outputs, **options)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "meaning", "shape"),
    [
        ("PAD", "paddings", (2, 2)),
        ("MEAN", "axes", (1,)),
        ("TRANSPOSE", "permutation", (2,)),
        ("RESHAPE", "shape", (2,)),
    ],
)
def test_attributes_that_the_model_computes_are_refused(name: str, meaning: str, shape: Shape) -> None:
    model = ModelBuilder()
    x = model.input("x", (2, 3), "float32")
    attribute = model.input("attribute", shape, "int32")
    y = model.tensor("y", (2, 3), "float32")
    model.operator(name, [x, attribute], [y])
    with pytest.raises(UnsupportedError) as caught:
        tflite.load(model.build(outputs=[y]), "one", "one.tflite")
    (item,) = caught.value.unsupported
    assert item.reason == f"input 1 ({meaning}) is not constant"


def test_optional_inputs_may_be_left_out() -> None:
    model = ModelBuilder()
    x = model.input("x", (1, 4), "float32")
    weights = model.constant("w", np.ones((2, 4), np.float32))
    y = model.tensor("y", (1, 2), "float32")
    model.operator("FULLY_CONNECTED", [x, weights, -1], [y])
    (node,) = tflite.load(model.build(outputs=[y]), "one", "one.tflite").nodes
    assert node.inputs == ("x", "w", None)


def test_names_that_are_missing_or_repeated_become_unique() -> None:
    model = ModelBuilder()
    x = model.input("x", (4,), "float32")
    y, z, w = (
        model.tensor("x", (4,), "float32"),
        model.tensor("", (4,), "float32"),
        model.tensor("x/w", (4,), "float32"),
    )
    model.operator("RELU", [x], [y])
    model.operator("RELU", [y], [z])
    model.operator("RELU", [z], [w])
    graph = tflite.load(model.build(outputs=[w]), "three", "three.tflite")
    assert list(graph.tensors) == ["x", "x:1", "tensor_2", "x/w"]
    assert [node.name for node in graph.nodes] == ["x:1", "tensor_2", "x/w"]


def test_names_cannot_spoil_messages_or_generated_text() -> None:
    model = ModelBuilder()
    x = model.input("x\n*/\x1b[31m", (4,), "float32")
    y = model.tensor("y", (4,), "float32")
    model.operator("RELU", [x], [y])
    assert tflite.load(model.build(outputs=[y]), "one", "one.tflite").inputs == ("x?*/?[31m",)
