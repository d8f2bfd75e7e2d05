"""Damaged and contradictory models: each is refused with a message that names the trouble, never with a traceback."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import flatbuffers
import numpy as np
import pytest
import tflite as generated
from ai_edge_litert import schema_py_generated as schema
from tests.frontends.tflite.editing import DIGITS, SINE, edited

from micrort.errors import ModelError, UnsupportedError
from micrort.frontends import tflite
from micrort.ir import Graph

Edit = Callable[[Any], None]


def put(path: str, value: Any) -> Edit:
    """An edit that sets one member, e.g. `put("subgraphs[0].tensors[3].type", 77)`."""

    def edit(model: Any) -> None:
        exec(f"model.{path} = value", {"model": model, "value": value})

    return edit


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


GRAPH = "subgraphs[0]."
OPERATOR = GRAPH + "operators"
TENSOR = GRAPH + "tensors"


def swap_operators(model: Any) -> None:
    operators = model.subgraphs[0].operators
    operators[4], operators[6] = operators[6], operators[4]


def repeat_operator(model: Any) -> None:
    model.subgraphs[0].operators.append(model.subgraphs[0].operators[2])


def shorten_buffer(model: Any) -> None:
    model.buffers[4].data = model.buffers[4].data[:-1]


def write_constant(model: Any) -> None:
    model.subgraphs[0].operators[0].outputs = ints(17)


BROKEN: dict[str, tuple[Edit, str]] = {
    "schema version of the future": (put("version", 4), "schema version 4"),
    "no subgraph": (put("subgraphs", []), "no subgraph"),
    "no inputs": (put(GRAPH + "inputs", ints()), "no inputs"),
    "no outputs": (put(GRAPH + "outputs", ints()), "no outputs"),
    "input index out of range": (put(GRAPH + "inputs", ints(99)), "inputs name tensor 99"),
    "negative output index": (put(GRAPH + "outputs", ints(-1)), "outputs name tensor -1"),
    "output named twice": (put(GRAPH + "outputs", ints(29, 29)), "stands twice"),
    "an input that is a constant": (put(GRAPH + "inputs", ints(0, 17)), "also a constant"),
    "an output that nothing makes": (put(GRAPH + "outputs", ints(0)), "no operator makes it"),
    "an input that an operator writes": (put(GRAPH + "inputs", ints(0, 20)), "is an input of the model, but"),
    "operator code out of range": (put(OPERATOR + "[3].opcodeIndex", 50), "names operator code 50"),
    "no operator codes": (put("operatorCodes", []), "names operator code"),
    "operator reads a tensor out of range": (put(OPERATOR + "[3].inputs", ints(18, 1000)), "reads tensor 1000"),
    "operator reads a negative tensor": (put(OPERATOR + "[3].inputs", ints(18, -7)), "reads tensor -7"),
    "operator writes a tensor out of range": (put(OPERATOR + "[3].outputs", ints(30)), "writes tensor 30"),
    "operator writes tensor -1": (put(OPERATOR + "[3].outputs", ints(-1)), "writes tensor -1"),
    "operator without output": (put(OPERATOR + "[3].outputs", ints()), "has no output"),
    "operator without input": (put(OPERATOR + "[0].inputs", ints()), "has 0 inputs; 2 to 3 are expected"),
    "a needed input left out": (put(OPERATOR + "[0].inputs", ints(0, -1, 16)), "input 1 is left out"),
    "too many outputs": (put(OPERATOR + "[0].outputs", ints(18, 20)), "has 2 outputs; 1 are expected"),
    "operator writes a constant": (write_constant, "is a constant, but"),
    "a cycle of two": (put(OPERATOR + "[1].inputs", ints(20, 15, 14)), "a cycle"),
    "an operator that reads its own output": (put(OPERATOR + "[0].inputs", ints(18, 17, 16)), "a cycle"),
    "operators out of order": (swap_operators, "operators out of order"),
    "a tensor written twice": (repeat_operator, "is written 2 times"),
    "a dangling tensor": (put(OPERATOR + "[3].inputs", ints(18, 28)), "makes later"),
    "a tensor that nothing makes": (put(GRAPH + "operators", []), "no operator makes it"),
    "unknown element type": (put(TENSOR + "[18].type", 77), "unknown element type 77"),
    "wrong element type": (put(TENSOR + "[3].type", schema.TensorType.INT32), "needs 1280 bytes"),
    "a negative dimension": (put(TENSOR + "[17].shape", ints(16, -3, 3, 1)), "has shape [16, -3, 3, 1]"),
    "constant with another shape": (put(TENSOR + "[3].shape", ints(10, 31)), "needs 310 bytes"),
    "a huge shape": (put(TENSOR + "[3].shape", ints(10, 2**31 - 1)), "needs 21474836470 bytes"),
    "a buffer that is too short": (shorten_buffer, "buffer 4 has 319"),
    "buffer index out of range": (put(TENSOR + "[18].buffer", 4096), "in buffer 4096"),
    "signature of another rank": (put(TENSOR + "[0].shapeSignature", ints(-1, 8)), "shape signature [-1, 8]"),
    "signature of another size": (put(TENSOR + "[0].shapeSignature", ints(1, 9, 8, 1)), "9 in the shape signature"),
    "scale of zero": (put(TENSOR + "[18].quantization.scale", np.float32([0])), "has the scale 0.0"),
    "scale of infinity": (put(TENSOR + "[18].quantization.scale", np.float32([np.inf])), "has the scale inf"),
    "scale of NaN": (put(TENSOR + "[18].quantization.scale", np.float32([np.nan])), "has the scale nan"),
    "negative scale": (put(TENSOR + "[18].quantization.scale", np.float32([-1])), "has the scale -1.0"),
    "zero point out of range": (put(TENSOR + "[18].quantization.zeroPoint", np.int64([128])), "zero point 128"),
    "two zero points, 16 scales": (put(TENSOR + "[17].quantization.zeroPoint", np.int64([0, 0])), "but 2 zero points"),
    "scales for other channels": (put(TENSOR + "[17].quantization.quantizedDimension", 1), "16 scales for 3 channels"),
    "scales along no dimension": (put(TENSOR + "[17].quantization.quantizedDimension", 9), "along dimension 9"),
    "no options": (put(OPERATOR + "[0].builtinOptions", None), "carries no Conv2DOptions"),
    "options of another operator": (put(OPERATOR + "[0].builtinOptionsType", 2), "instead of Conv2DOptions"),
    "stride of zero": (put(OPERATOR + "[0].builtinOptions.strideW", 0), "option StrideW is 0"),
    "negative dilation": (put(OPERATOR + "[0].builtinOptions.dilationHFactor", -1), "option DilationHFactor is -1"),
    "a padding that does not exist": (put(OPERATOR + "[0].builtinOptions.padding", 9), "padding is 9"),
    "an activation that does not exist": (
        put(OPERATOR + "[0].builtinOptions.fusedActivationFunction", 99),
        "fused activation is 99",
    ),
    "output shape of another convolution": (put(TENSOR + "[18].shape", ints(1, 8, 9, 16)), "but must be [1, 8, 8, 16]"),
}


def add_subgraph(model: Any) -> None:
    model.subgraphs.append(schema.SubGraphT())


def make_custom(model: Any) -> None:
    model.operatorCodes[0].builtinCode = model.operatorCodes[0].deprecatedBuiltinCode = 32
    model.operatorCodes[0].customCode = b"MyOperator"


def other_operator(code: int) -> Edit:
    def edit(model: Any) -> None:
        model.operatorCodes[0].builtinCode = code
        model.operatorCodes[0].deprecatedBuiltinCode = min(code, 127)

    return edit


def per_channel_activation(model: Any) -> None:
    quantisation = model.subgraphs[0].tensors[18].quantization
    quantisation.scale, quantisation.zeroPoint = np.full(16, 0.5, np.float32), np.zeros(16, np.int64)
    quantisation.quantizedDimension = 3


REFUSED: dict[str, tuple[Edit, str]] = {
    "several subgraphs": (add_subgraph, "2 subgraphs"),
    "a custom operator": (make_custom, "CUSTOM MyOperator"),
    "control flow": (other_operator(schema.BuiltinOperator.WHILE), "without loops"),
    "an operator that is not supported": (other_operator(schema.BuiltinOperator.RSQRT), "RSQRT"),
    "an operator that nobody knows": (other_operator(9999), "operator code 9999"),
    "a negative operator code": (other_operator(-3), "operator code -3"),
    "float16 elements": (put(TENSOR + "[18].type", schema.TensorType.FLOAT16), "type float16"),
    "string elements": (put(TENSOR + "[18].type", schema.TensorType.STRING), "type string"),
    "a dynamic height": (put(TENSOR + "[0].shapeSignature", ints(-1, -1, 8, 1)), "dynamic shape [1, -1, 8, 1]"),
    "a shape with -1": (put(TENSOR + "[0].shape", ints(-1, 8, 8, 1)), "dynamic shape [-1, 8, 8, 1]"),
    "a shape with 0": (put(TENSOR + "[0].shape", ints(1, 0, 8, 1)), "dynamic shape [1, 0, 8, 1]"),
    "seven dimensions": (put(TENSOR + "[0].shape", ints(1, 1, 1, 1, 8, 8, 1)), "7 dimensions"),
    "more rows than the tables hold": (put(TENSOR + "[0].shape", ints(1, 70000, 8, 1)), "70000 rows"),
    "a variable": (put(TENSOR + "[18].isVariable", True), "is a variable"),
    "sparse weights": (put(TENSOR + "[17].sparsity", schema.SparsityParametersT()), "stored sparse"),
    "activations quantised per channel": (per_channel_activation, "quantised per channel"),
    "activations without scale": (put(TENSOR + "[18].quantization", None), "has no scale"),
    "an activation fused that is not": (put(OPERATOR + "[0].builtinOptions.fusedActivationFunction", 4), "TANH"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_models_are_refused_with_the_reason(case: str) -> None:
    edit, message = BROKEN[case]
    with pytest.raises(ModelError) as caught:
        tflite.load(edited(DIGITS, edit), "digits", "digits.tflite")
    assert not isinstance(caught.value, UnsupportedError), caught.value
    assert message in str(caught.value)


@pytest.mark.parametrize("case", REFUSED)
def test_sound_models_that_cannot_be_compiled_are_refused_with_the_reason(case: str) -> None:
    edit, message = REFUSED[case]
    with pytest.raises(UnsupportedError) as caught:
        tflite.load(edited(DIGITS, edit), "digits", "digits.tflite")
    assert message in str(caught.value)
    assert all(item.reason and item.supported and item.suggestion for item in caught.value.unsupported)


def test_every_problem_is_listed_at_once() -> None:
    def edit(model: Any) -> None:
        for case in ("scale of zero", "a buffer that is too short", "negative output index"):
            BROKEN[case][0](model)
        model.subgraphs[0].tensors[20].isVariable = True
        model.subgraphs[0].operators[5].builtinOptions.strideW = 0

    with pytest.raises(ModelError) as caught:
        tflite.load(edited(DIGITS, edit), "digits", "digits.tflite")
    text = str(caught.value)
    for message in ("StrideW is 0", "scale 0.0", "buffer 4 has 319", "outputs name tensor -1", "is a variable"):
        assert message in text


def test_unused_tensors_may_be_whatever_they_are() -> None:
    def edit(model: Any) -> None:
        spare = schema.TensorT()
        spare.type, spare.shape = schema.TensorType.STRING, ints(-1)
        model.subgraphs[0].tensors.append(spare)

    graph = tflite.load(edited(DIGITS, edit), "digits", "digits.tflite")
    assert len(graph.tensors) == 30


def sections(data: bytes) -> list[int]:
    """Where the file's tables and vectors begin."""
    model = generated.Model.GetRootAs(data, 0)
    graph = model.Subgraphs(0)
    positions = [4, 8, model._tab.Pos, graph._tab.Pos]
    positions += [graph.Tensors(index)._tab.Pos for index in range(graph.TensorsLength())]
    positions += [graph.Operators(index)._tab.Pos for index in range(graph.OperatorsLength())]
    positions += [model.Buffers(index)._tab.Pos for index in range(model.BuffersLength())]
    positions += [model.OperatorCodes(index)._tab.Pos for index in range(model.OperatorCodesLength())]
    return sorted(set(positions))


@pytest.mark.parametrize("path", [DIGITS, SINE], ids=["digits", "sine"])
def test_files_cut_off_at_any_section_are_refused(path: Any) -> None:
    data = path.read_bytes()
    for position in sections(data):
        for cut in {position, position + 2}:
            with pytest.raises(ModelError):
                tflite.load(data[:cut], "cut", "cut.tflite")


@pytest.mark.parametrize("path", [DIGITS, SINE], ids=["digits", "sine"])
def test_wild_offsets_at_any_section_never_crash(path: Any) -> None:
    data = path.read_bytes()
    for position in sections(data):
        for value in (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
            loads_or_refuses(data[:position] + value.to_bytes(4, "little") + data[position + 4 :])


def test_flipped_bytes_give_a_valid_graph_or_a_refusal() -> None:
    generator = random.Random(20240607)
    data = SINE.read_bytes()
    loaded = sum(loads_or_refuses(flipped(data, generator)) for _ in range(600))
    assert 60 < loaded < 600  # flips in weights load, flips in the structure do not


def flipped(data: bytes, generator: random.Random) -> bytes:
    changed = bytearray(data)
    changed[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
    return bytes(changed)


def loads_or_refuses(data: bytes) -> bool:
    try:
        graph = tflite.load(data, "wild", "wild.tflite")
    except ModelError as error:
        assert error.problems
        return False
    assert_valid(graph)
    return True


def assert_valid(graph: Graph) -> None:
    """Each tensor is known and made once before it is read; every node can be lowered."""
    known = {name for name, tensor in graph.tensors.items() if tensor.is_constant} | set(graph.inputs)
    for node in graph.nodes:
        assert all(name is None or name in known for name in node.inputs)
        assert not known & set(node.outputs)
        known.update(node.outputs)
        operands = graph.operands(node)
        assert node.operator.problems(operands) == []
        assert node.operator.lower(node.name, operands) is not None
    assert set(graph.outputs) <= known


def repeating_model(tensors: int, name_bytes: int) -> bytes:
    """A small file whose tensors all have the very same long name."""
    builder = flatbuffers.Builder(name_bytes + 64 * tensors)
    name = builder.CreateString("/" * name_bytes)
    made = []
    for _ in range(tensors):
        generated.TensorStart(builder)
        generated.TensorAddName(builder, name)
        made.append(generated.TensorEnd(builder))
    generated.SubGraphStartTensorsVector(builder, tensors)
    for tensor in made:
        builder.PrependUOffsetTRelative(tensor)
    vector = builder.EndVector()
    generated.SubGraphStart(builder)
    generated.SubGraphAddTensors(builder, vector)
    graph = generated.SubGraphEnd(builder)
    generated.ModelStartSubgraphsVector(builder, 1)
    builder.PrependUOffsetTRelative(graph)
    graphs = builder.EndVector()
    generated.ModelStart(builder)
    generated.ModelAddVersion(builder, 3)
    generated.ModelAddSubgraphs(builder, graphs)
    builder.Finish(generated.ModelEnd(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.mark.parametrize(
    ("tensors", "name_bytes", "message"), [(20_000, 1_000_000, "overlap"), (70_000, 8, "70000 entries")]
)
def test_small_files_cannot_keep_us_busy(tensors: int, name_bytes: int, message: str) -> None:
    data = repeating_model(tensors, name_bytes)
    start = time.process_time()
    with pytest.raises(ModelError) as caught:
        tflite.load(data, "hostile", "hostile.tflite")
    assert message in str(caught.value)
    assert "and " in caught.value.problems[-1] or len(caught.value.problems) < 200
    assert time.process_time() - start < 10
