"""The operator corpus: TensorFlow Lite Micro's bytes for every case whose operators the frontend takes.

Each case goes from file to executor as the command line takes it, on the host, and every output is compared: integers
byte for byte, floats within 1e-5 absolute and relative (a Cortex-M4 differs from a PC by up to 1.4e-6).
"""

from __future__ import annotations

import io
import json
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from tests.shared import ROOT, corpus
from tests.tflite_builder import lcg_inputs, litert

from micrort import passes
from micrort.codegen import graph_json, graph_reader, params
from micrort.errors import UnsupportedError
from micrort.frontends import tflite
from micrort.frontends.tflite.table import ROWS
from micrort.ir import DType, Graph
from micrort.native.executor import HostExecutor

TOLERANCE = 1e-5
SEED = 12345

REFUSED_OPERATORS = frozenset(
    """ABS ADD_N ARG_MAX ARG_MIN BATCH_MATMUL BATCH_TO_SPACE_ND BROADCAST_TO CAST CEIL COS CUMSUM DEPTH_TO_SPACE DIV
    ELU EQUAL EXP FILL FLOOR FLOOR_DIV FLOOR_MOD GATHER GATHER_ND GREATER GREATER_EQUAL L2_NORMALIZATION L2_POOL_2D
    LESS LESS_EQUAL LOG LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOG_SOFTMAX MIRROR_PAD NEG NOT_EQUAL PRELU REDUCE_MAX
    REDUCE_MIN RESIZE_BILINEAR REVERSE_V2 ROUND RSQRT SELECT_V2 SHAPE SIN SPACE_TO_BATCH_ND SPACE_TO_DEPTH
    SQRT SQUARE SQUARED_DIFFERENCE SUM SVDF TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM
    ZEROS_LIKE""".split()  # noqa: SIM905
)
"""Operators of the corpus that are not supported yet: each must be refused, by name, not miscompiled."""

QUIRKS = frozenset({"relu6_s16_002", "relu6_s8_006", "relu6_s8_010"})
"""Cases where TensorFlow Lite Micro's behaviour is doubtful and ours is TensorFlow Lite's: a RELU6 of its own whose
output is quantised unlike its input; TensorFlow Lite Micro clamps, but forgets to requantise.
"""


@lru_cache(maxsize=1)
def index() -> dict[str, Any]:
    return json.loads(corpus("index.json"))


def names() -> list[str]:
    return sorted(index()) if (ROOT / "ops" / "given.zip").exists() else []


def is_refused(name: str) -> bool:
    return index()[name]["operator"] in REFUSED_OPERATORS


def run(graph: Graph, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """Compile, read back what a package would hold, and execute that on the host."""
    program = passes.compile_graph(graph)
    arrays = params.read(params.write(graph_json.params(program)), graph.name)
    executor = HostExecutor(graph_reader.read(graph_json.write(program), arrays, graph.name))
    for index, array in enumerate(inputs):
        executor.set_input(index, array)
    outputs = executor.run()
    return [outputs[name] for name in graph.outputs]


def expected(name: str) -> list[np.ndarray]:
    """NAME.out cut into the outputs that the index lists."""
    stream = io.BytesIO(corpus(f"{name}.out"))
    found = []
    for output in index()[name]["outputs"]:
        dtype = DType(output["dtype"]).numpy
        count = int(np.prod(output["shape"], dtype=np.int64))
        found.append(np.frombuffer(stream.read(count * dtype.itemsize), dtype).reshape(output["shape"]))
    assert stream.read() == b""
    return found


@pytest.mark.parametrize("name", [name for name in names() if not is_refused(name)])
def test_bytes_are_those_of_the_target(name: str) -> None:
    graph = tflite.load(corpus(f"{name}.tflite"), name, f"{name}.tflite")
    shapes = [(tuple(item["shape"]), item["dtype"]) for item in index()[name]["inputs"]]
    inputs = lcg_inputs(SEED, shapes)
    wanted = litert(corpus(f"{name}.tflite"), inputs, "ref") if name in QUIRKS else expected(name)
    for result, want in zip(run(graph, inputs), wanted, strict=True):
        assert (result.shape, result.dtype) == (want.shape, want.dtype)
        if want.dtype.kind == "f":
            np.testing.assert_allclose(result, want, rtol=TOLERANCE, atol=TOLERANCE)
        else:
            np.testing.assert_array_equal(result, want)


@pytest.mark.parametrize("name", [name for name in names() if is_refused(name)])
def test_operators_that_are_not_supported_are_refused_by_name(name: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        tflite.load(corpus(f"{name}.tflite"), name, f"{name}.tflite")
    assert index()[name]["operator"] in {item.operator for item in caught.value.unsupported}


def test_only_cases_that_the_index_calls_doubtful_may_differ() -> None:
    if names():
        assert {name for name, item in index().items() if "quirk" in item} >= QUIRKS


def test_the_list_of_refused_operators_is_up_to_date() -> None:
    assert not REFUSED_OPERATORS & set(ROWS)
    if names():
        assert {item["operator"] for item in index().values()} - {"NET"} <= REFUSED_OPERATORS | set(ROWS)
