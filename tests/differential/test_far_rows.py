"""Schedules by rows in arenas larger than row tables reach: rows that these place begin within the first 256 KiB."""

from __future__ import annotations

import numpy as np
import pytest
from tests.differential import streamed_models
from tests.differential.streamed_models import SCALE, Image
from tests.differential.test_rows import arena, compiled, outputs
from tests.tflite_builder import litert

from micrort import inputs
from micrort.codegen import blob
from micrort.errors import UsageError
from micrort.ir.executor_graph import ROW_OFFSET_MAX
from micrort.native.executor import HostExecutor


def reduced(net: streamed_models.Layers, x: Image, filters: int) -> bytes:
    """The image through convolutions down to two numbers."""
    x = net.conv(x, filters, (3, 3), (2, 2))
    x = net.conv(net.depthwise(x, (3, 3), (2, 2)), 8, (1, 1))
    x = net.depthwise(x, (3, 3), (2, 2))
    return net.model.build([net.conv(net.average(x), 2, (1, 1)).index])


def large_input() -> bytes:
    """The input alone is larger than 256 KiB."""
    net = streamed_models.Layers(4, 640, 160, 3)
    return reduced(net, net.x, 8)


def channels_first() -> bytes:
    """The input is transposed as a whole, so that two tensors as large as it live at once."""
    net = streamed_models.Layers(5, 3, 256, 200)
    shape = (1, 256, 200, 3)
    table = net.model.constant("axes", np.array([0, 2, 3, 1], np.int32))
    y = net.model.tensor("turned", shape, "int8", scale=SCALE, zero_point=-128)
    net.model.operator("TRANSPOSE", [net.x.index, table], [y])
    return reduced(net, Image(y, shape), 32)


MODELS = {"large_input": large_input, "channels_first": channels_first}


@pytest.mark.parametrize("name", MODELS)
def test_bytes_and_arena(name: str) -> None:
    model = MODELS[name]()
    whole, graph = compiled(model, optimize="speed"), compiled(model, optimize="ram")
    (array,) = inputs.generate(5, [graph.tensors[index] for index in graph.inputs]).values()
    (made,) = outputs(HostExecutor(graph), 5).values()
    assert made == np.asarray(litert(model, [array])[0]).tobytes()
    assert list(outputs(HostExecutor(graph, blob.write(graph).model), 5).values()) == [made]
    assert len(graph.steps) > len(graph.nodes)
    assert ROW_OFFSET_MAX < arena(graph) < arena(whole)


def test_two_pools() -> None:
    """The large input goes to the large memory, rows to the small one."""
    pools = (("fast", 65536), ("slow", 1 << 20))
    graph = compiled(large_input(), optimize="ram", pools=pools)
    (made,) = outputs(HostExecutor(graph), 5).values()
    assert list(outputs(HostExecutor(compiled(large_input(), optimize="speed")), 5).values()) == [made]
    sizes = {item.name: item.size for item in graph.arenas}
    assert sizes["fast"] <= 65536 < sizes["slow"]


def test_a_small_pool_that_rows_do_not_fit_into() -> None:
    """Rows go to the large memory with the input, and lie within the tables' reach there."""
    graph = compiled(large_input(), optimize="ram", pools=(("fast", 512), ("slow", 1 << 20)))
    (made,) = outputs(HostExecutor(graph), 5).values()
    assert list(outputs(HostExecutor(compiled(large_input(), optimize="speed")), 5).values()) == [made]
    assert len(graph.steps) > len(graph.nodes)


def test_streams_of_rows_that_no_table_reaches() -> None:
    net = streamed_models.Layers(6, 4, 25000, 6)
    model = net.model.build([net.conv(net.x, 1, (3, 3), (2, 2)).index])
    with pytest.raises(UsageError, match=r"x cannot be streamed: .* first 262,144 bytes"):
        compiled(model, optimize="ram", stream_inputs=("x",))
