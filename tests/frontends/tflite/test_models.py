"""Real models as graphs: everything is there, under the names of the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.frontends.tflite.editing import DIGITS, MODELS, edited
from tests.frontends.tflite.test_broken import assert_valid
from tests.shared import shared

from micrort import frontends
from micrort.errors import UnsupportedError
from micrort.ir import DType
from micrort.operators.quantise import Activation
from micrort.operators.window import Padding

OWN = sorted(path.name for path in MODELS.glob("*.tflite"))
GIVEN = {
    "ad01_fp32.tflite": 264192,
    "ad01_int8.tflite": 264192,
    "hello_world_float.tflite": 288,
    "hello_world_int8.tflite": 288,
    "kws_ref_model.tflite": 2656768,
    "pretrainedResnet_quant.tflite": 12501632,
    "vww_96_int8.tflite": 7489664,
}
"""Model -> multiply-accumulates."""


@pytest.mark.parametrize("name", GIVEN)
def test_given_models_load(name: str) -> None:
    graph = frontends.load(shared("models", name))
    assert_valid(graph)
    assert sum(node.operator.macs(graph.operands(node)) for node in graph.nodes) == GIVEN[name]


@pytest.mark.parametrize("name", OWN)
def test_own_models_load(name: str) -> None:
    assert_valid(frontends.load(MODELS / name))


def test_a_dynamic_range_quantised_model_is_refused_node_by_node() -> None:
    with pytest.raises(UnsupportedError) as caught:
        frontends.load(shared("models", "kws_ref_model_float32.tflite"))
    assert {item.operator for item in caught.value.unsupported} == {"CONV_2D"}
    assert all("dynamic-range" in item.reason for item in caught.value.unsupported)


def test_tensors_keep_names_shapes_types_quantisation_and_bytes() -> None:
    graph = frontends.load(DIGITS)
    assert graph.name == "digits_int8"
    assert graph.inputs == ("serving_default_image:0",)
    assert graph.outputs == ("StatefulPartitionedCall_1:0",)
    source = graph.tensors["serving_default_image:0"]
    assert (source.shape, source.dtype, source.data) == ((1, 8, 8, 1), DType.S8, None)
    assert source.quantisation is not None and source.quantisation.axis is None
    weights = graph.operands(graph.nodes[0]).input(1)
    assert weights.data is not None and weights.data.shape == weights.shape == (16, 3, 3, 1)
    assert not weights.data.flags.writeable
    assert weights.quantisation is not None
    assert (len(weights.quantisation.scales), weights.quantisation.axis) == (16, 0)
    bias = graph.operands(graph.nodes[0]).input(2)
    assert bias.data is not None and bias.data.dtype == np.int32


def test_nodes_bear_the_first_of_the_names_that_converters_join() -> None:
    graph = frontends.load(DIGITS)
    names = [node.name for node in graph.nodes]
    assert len(set(names)) == len(names) == 12
    assert not any(";" in name for name in names)
    assert not any(tensor.startswith(f"{name}/") for tensor in graph.tensors for name in names)


def test_attributes_of_the_first_convolution() -> None:
    operator = frontends.load(DIGITS).nodes[0].operator
    assert operator.name == "conv2d"
    attributes = {name: getattr(operator, name) for name in ("stride", "dilation", "padding", "activation")}
    assert attributes == {
        "stride": (1, 1),
        "dilation": (1, 1),
        "padding": Padding.SAME,
        "activation": Activation.RELU,
    }


def test_the_batch_may_be_left_open(tmp_path: Path) -> None:
    path = shared("models", "kws_ref_model.tflite")
    graph = frontends.load(path)  # its shape signature says [-1, 49, 10, 1]
    assert graph.tensors[graph.inputs[0]].shape == (1, 49, 10, 1)
    copy = tmp_path / "named otherwise.bin"
    copy.write_bytes(path.read_bytes())
    assert frontends.load(copy).name == "named otherwise"


def test_a_bias_may_state_the_dimension_of_its_filter(tmp_path: Path) -> None:
    """As converters of 2019 and 2020 wrote it for depthwise convolutions."""

    def state_dimension_3(model: Any) -> None:
        for tensor in model.subgraphs[0].tensors:
            if len(tensor.shape) == 1 and tensor.quantization.scale is not None and len(tensor.quantization.scale) > 1:
                tensor.quantization.quantizedDimension = 3

    path = tmp_path / DIGITS.name
    path.write_bytes(edited(DIGITS, state_dimension_3))
    graph = frontends.load(path)
    biases = [graph.operands(node).input(2) for node in graph.nodes if node.operator.name.endswith("conv2d")]
    assert biases
    assert {bias.quantisation.axis for bias in biases if bias.quantisation is not None} == {0}
