"""Graph JSON: a well-formed graph in TVM's schema, read back exactly, and no damage that is not reported."""

from __future__ import annotations

import copy
import json
import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from tests.codegen.models import NAMES, compiled, random_input
from tests.passes.graphs import graphs

from micrort import compiler
from micrort.codegen import graph_reader, params
from micrort.errors import ModelError
from micrort.ir import DType, Graph
from micrort.mlf import Package
from micrort.native import kernels
from micrort.native.executor import HostExecutor


def check_schema(graph: dict[str, Any]) -> None:
    """What TVM's readers rely on; SPEC-microtvm.md A.2."""
    assert list(graph) == ["nodes", "arg_nodes", "heads", "attrs", "node_row_ptr", "metadata"]
    outputs = [int(node["attrs"]["num_outputs"]) if node["op"] == "tvm_op" else 1 for node in graph["nodes"]]
    assert graph["node_row_ptr"] == [sum(outputs[:i]) for i in range(len(outputs) + 1)]
    entries = graph["node_row_ptr"][-1]
    for kind, values in graph["attrs"].values():
        assert len(values) == entries
        assert {"list_str": str, "list_int": int, "list_shape": list}[kind] is type(values[0])
    assert graph["arg_nodes"] == [i for i, node in enumerate(graph["nodes"]) if node["op"] == "null"]
    for index, node in enumerate(graph["nodes"]):
        assert set(node) == ({"op", "name", "inputs"} if node["op"] == "null" else {"op", "name", "attrs", "inputs"})
        for source, output, version in node["inputs"]:
            assert source < index
            assert output < outputs[source]
            assert version == 0
        if node["op"] == "tvm_op":
            assert {"num_outputs", "num_inputs", "func_name", "flatten_data"} <= set(node["attrs"])
            assert all(isinstance(value, str) for value in node["attrs"].values())
            assert int(node["attrs"]["num_inputs"]) == len(node["inputs"])
    # what TVM's readers skip without knowing it: lists of integers
    assert {graph["attrs"][name][0] for name in ("mrt_pool", "mrt_offset")} == {"list_int"}


def run_as_tvm(package: Package, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """Execute by storage ids alone, ignoring pools, offsets and steps: nodes in order, views by shared storage."""
    graph = json.loads(package.graph_json)
    attrs = {name: values for name, (_, values) in graph["attrs"].items()}
    known = params.read(package.params, "params")
    dtypes = [DType(name).numpy for name in attrs["dltype"]]
    storage: dict[int, bytes] = {}

    def entry(reference: list[int]) -> int:
        return int(graph["node_row_ptr"][reference[0]] + reference[1])

    def load(index: int) -> np.ndarray:
        return np.frombuffer(storage[attrs["storage_id"][index]], dtypes[index]).reshape(attrs["shape"][index])

    waiting = list(inputs)
    for number, node in enumerate(graph["nodes"]):
        first = graph["node_row_ptr"][number]
        if node["op"] == "null":
            value = known[node["name"]] if node["name"] in known else waiting.pop(0)
            storage[attrs["storage_id"][first]] = value.tobytes()
        elif node["attrs"]["func_name"] != "__nop":
            behind = graph["node_row_ptr"][number + 1]
            made = [(tuple(attrs["shape"][i]), DType(attrs["dltype"][i])) for i in range(first, behind)]
            call = package.graph.nodes[[item.name for item in package.graph.nodes].index(node["name"])]
            results = kernels.call(call.kernel, call.attrs, [load(entry(item)) for item in node["inputs"]], made)
            storage.update({attrs["storage_id"][first + i]: array.tobytes() for i, array in enumerate(results)})
    return [load(entry(head)) for head in graph["heads"]]


@pytest.mark.parametrize("name", NAMES)
def test_schema_of_real_models(name: str) -> None:
    check_schema(json.loads(compiled(name).graph_json))


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_a_reader_that_ignores_what_is_ours_computes_the_same(graph: Graph) -> None:
    package = compiler.compile_model(graph)
    check_schema(json.loads(package.graph_json))
    inputs = random_input(package.graph, 0)
    executor = HostExecutor(package.graph)
    executor.set_input(0, inputs[0])
    results = executor.run()
    names = [package.graph.tensors[index].name for index in package.graph.outputs]
    for name, value in zip(names, run_as_tvm(package, inputs), strict=True):
        np.testing.assert_array_equal(value, results[name], strict=True)


def test_storage_ids_are_shared_by_views_only() -> None:
    graph = json.loads(compiled("digits_int8").graph_json)
    ids, names = graph["attrs"]["storage_id"][1], graph["metadata"]["mrt_tensor_names"]
    views = sum(node["op"] == "tvm_op" and node["attrs"]["func_name"] == "__nop" for node in graph["nodes"])
    assert len(set(ids)) == len(names) - views


def sample() -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    package = compiled("digits_int8")
    return json.loads(package.graph_json), params.read(package.params, "params")


def first_call(graph: dict[str, Any]) -> dict[str, Any]:
    return next(node for node in graph["nodes"] if node["op"] == "tvm_op" and node["attrs"]["func_name"] != "__nop")


def attr(name: str, value: str):
    def change(graph: dict[str, Any]) -> None:
        first_call(graph)["attrs"][name] = value

    return change


def column(name: str, index: int, value: Any):
    def change(graph: dict[str, Any]) -> None:
        graph["attrs"][name][1][index] = value

    return change


def item(key: str, value: Any):
    return lambda graph: graph.update({key: value})


def meta(key: str, value: Any):
    return lambda graph: graph["metadata"].update({key: value})


DAMAGE = [
    (lambda graph: graph.pop("heads"), "heads is missing"),
    (lambda graph: graph.pop("metadata"), "made by another tool"),
    (meta("mrt_version", 99), "version is 99"),
    (meta("mrt_name", "x; int y"), "no C identifier"),
    (item("nodes", {}), "nodes is not a list"),
    (item("node_row_ptr", [0]), "node_row_ptr has 1 items"),
    (lambda graph: graph["node_row_ptr"].__setitem__(1, 7), "node_row_ptr\\[1\\] is 7"),
    (item("heads", [[10_000, 0, 0]]), "node of a head is 10000"),
    (item("heads", [[0, 1, 0]]), "output of a head is 1"),
    (item("arg_nodes", []), "not the list of all null nodes"),
    (lambda graph: graph["nodes"][0].update(op="magic"), "op 'magic'"),
    (lambda graph: first_call(graph)["inputs"].__setitem__(0, [10_000, 0, 0]), "an input of node"),
    (attr("mrt_kernel", "warp_drive"), "needs the kernel warp_drive"),
    (attr("mrt_groups", "one"), "'one', not a number"),
    (attr("mrt_groups", "1.5"), "groups"),
    (attr("mrt_groups", str(2**40)), "groups"),
    (attr("mrt_surplus", "1"), "has no attribute surplus"),
    (attr("num_inputs", "3"), "inputs"),
    (column("shape", 0, [0, 1]), "an extent of"),
    (column("shape", 0, [2**31, 2**31]), "an extent of"),
    (column("shape", 0, [2**20, 2**20]), "larger than"),
    (column("shape", 0, "x"), "is not a list"),
    (column("dltype", 0, "int7"), "unknown type 'int7'"),
    (column("mrt_pool", 0, 3), "pool 3, which does not exist"),
    (column("mrt_pool", 0, 255), "the params hold no"),
    (column("mrt_offset", 0, 10**6), "ends behind the arena"),
    (column("mrt_offset", 0, -1), "offset of"),
    (column("mrt_offset", 1, 4), "aligned in the params|overlaps"),
    (meta("mrt_steps", [[0, 0, 10_000]]), "end of a step"),
    (meta("mrt_steps", [[10_000, 0, 1]]), "call of a step"),
    (meta("mrt_arenas", [{"name": "ram", "size": 10**6, "alignment": 3, "lower_bound": 0}]), "no power of two"),
    (meta("mrt_arenas", [{"name": "ram", "size": 10, "alignment": 16, "lower_bound": 0}]), "ends behind the arena"),
    (lambda graph: graph["metadata"]["mrt_scales"].__setitem__(0, math.inf), "cannot be parsed|scale of"),
    (lambda graph: graph["metadata"]["mrt_tensor_names"].__setitem__(1, graph["nodes"][0]["name"]), "same name"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGE)
def test_damage_is_reported(damage, message: str) -> None:
    graph, arrays = sample()
    damage(graph)
    with pytest.raises(ModelError, match=message):
        graph_reader.read(json.dumps(graph), arrays, "test")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"nodes": NaN}', "[" * 100_000, "{}"])
def test_what_is_no_graph_is_reported(text: str) -> None:
    with pytest.raises(ModelError):
        graph_reader.read(text, {}, "test")


def test_missing_and_different_params_are_reported() -> None:
    graph, arrays = sample()
    name = next(iter(arrays))
    for other in ({}, {**arrays, name: arrays[name][:0]}, {**arrays, name: arrays[name].astype(np.float32)}):
        with pytest.raises(ModelError, match=r"in the params|hold no"):
            graph_reader.read(json.dumps(graph), other, "test")


def mutate(value: Any, generator: random.Random) -> Any:
    """`value` with one random part of it replaced."""
    strange = [None, -1, 0, 1, 2**31, 2**64, 1.5, "", "x", [], {}, True, [0], {"name": 1}]
    if isinstance(value, (list, dict)) and value and generator.random() < 0.93:
        key = generator.choice(list(value) if isinstance(value, dict) else range(len(value)))
        value[key] = mutate(value[key], generator)
        return value
    return copy.deepcopy(generator.choice(strange))


@pytest.mark.parametrize("seed", range(4))
def test_random_damage_raises_nothing_but_model_errors(seed: int) -> None:
    original, arrays = sample()
    text = json.dumps(original)
    generator = random.Random(seed)
    refused = 0
    for _ in range(250):
        graph = mutate(json.loads(text), generator)
        try:
            graph_reader.read(json.dumps(graph), arrays, "test")
        except ModelError:
            refused += 1
    assert refused > 150
