"""Runs a .tflite model through the frontend, `lower` and the C kernels, each call in every way it offers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tests.runtime.kernels.calls import execute
from tests.tflite_builder import litert

from micrort.frontends import tflite
from micrort.ir import DType, KernelCall, Tensor


def outputs_of(model: bytes, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The outputs of `model`. Row pieces and in-place execution are compared with the plain call on the way."""
    graph = tflite.load(model, "model", "model.tflite")
    values = {name: tensor.data for name, tensor in graph.tensors.items() if tensor.data is not None}
    values.update(zip(graph.inputs, inputs, strict=True))
    for node in graph.nodes:
        operands = graph.operands(node)
        assert node.operator.problems(operands) == []
        shapes = node.operator.output_shapes(operands)
        assert shapes is None or shapes == tuple(tensor.shape for tensor in operands.outputs)
        lowering = node.operator.lower(node.name, operands)
        values.update({tensor.name: tensor.data for tensor in lowering.constants if tensor.data is not None})
        for call in lowering.calls:
            made = _call(call, values, [graph.tensors[name] for name in call.outputs])
            values.update(zip(call.outputs, made, strict=True))
        for view, original in lowering.aliases.items():
            values[view] = values[original].reshape(graph.tensors[view].shape)
    return [values[name] for name in graph.outputs]


def _call(call: KernelCall, values: dict[str, np.ndarray], outputs: list[Tensor]) -> list[np.ndarray]:
    inputs = [values[name] for name in call.inputs]
    wanted = [(tensor.shape, tensor.dtype) for tensor in outputs]
    results = execute(call.kernel, call.attrs, inputs, wanted)
    ways = [{"pieces": True}] if call.by_rows else []
    ways += [{"in_place": offer} for offer in call.in_place]
    ways += [{"in_place": offer, "pieces": True} for offer in call.in_place if call.by_rows]
    for way in ways:
        for plain, other in zip(results, execute(call.kernel, call.attrs, inputs, wanted, **way), strict=True):
            assert plain.tobytes() == other.tobytes(), way
    return results


def assert_like_litert(
    model: bytes, inputs: Sequence[np.ndarray], resolver: str = "ref", tolerance: float = 0.0
) -> None:
    """Compare with LiteRT: integers byte for byte, floats within `tolerance` (absolute and relative)."""
    for ours, theirs in zip(outputs_of(model, inputs), litert(model, inputs, resolver), strict=True):
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
        if ours.dtype.kind == "f" and tolerance:
            np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)
        else:
            assert ours.tobytes() == theirs.tobytes(), (ours, theirs)


def random_array(seed: int, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Any elements of an integer type; floats around zero of many magnitudes."""
    random = np.random.default_rng(seed)
    if dtype == "float32":
        return (random.standard_normal(shape) * 10.0 ** random.integers(-3, 2, shape)).astype(np.float32)
    if dtype == "bool":
        return random.integers(0, 2, shape).astype(bool)
    limits = np.iinfo(DType(dtype).numpy)
    return random.integers(limits.min, limits.max, shape, endpoint=True).astype(dtype)
