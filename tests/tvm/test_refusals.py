"""Nothing in an archive of TVM is believed: what cannot be run is refused, with what is wrong and what to do."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import tvm_archives
from tests.tvm_archives import Made

from micrort import packages, tvm
from micrort.errors import InternalError, MicrortError, ModelError

GRAPH: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "no nodes": (lambda g: g.pop("nodes"), "nodes is no list"),
    "a node that is none": (lambda g: g["nodes"].append(7), "node 5 is no object"),
    "an unknown op": (lambda g: g["nodes"][0].update(op="call"), "node 0 has op 'call'"),
    "control dependencies": (lambda g: g["nodes"][2].update(control_deps=[1]), "node 2 has control_deps"),
    "no name": (lambda g: g["nodes"][0].pop("name"), "node 0 has no name"),
    "no function": (lambda g: g["nodes"][2]["attrs"].pop("func_name"), "node 2 has no attribute func_name"),
    "a function that is C": (lambda g: g["nodes"][2]["attrs"].update(func_name="f(); g"), "no C identifier"),
    "an unknown function": (
        lambda g: g["nodes"][2]["attrs"].update(func_name="tvmgen_default_other"),
        "calls tvmgen_default_other, which the generated C does not define",
    ),
    "a wrong number of inputs": (lambda g: g["nodes"][2]["attrs"].update(num_inputs="3"), "node 2 has 2 inputs"),
    "no number of outputs": (lambda g: g["nodes"][2]["attrs"].update(num_outputs="-1"), "node 2 has num_outputs '-1'"),
    "outputs beyond the rows": (lambda g: g["nodes"][2]["attrs"].update(num_outputs="2"), r"node_row_ptr\[3\] is 3"),
    "an input of a later node": (lambda g: g["nodes"][2]["inputs"].append([4, 0, 0]), "no earlier node's"),
    "an input without output": (lambda g: g["nodes"][2].update(inputs=[[0, 1, 0], [1, 0, 0]]), "is output 1 of node 0"),
    "an input that is no entry": (lambda g: g["nodes"][2].update(inputs=["a", "b"]), "'a', no earlier node's"),
    "row pointers too short": (lambda g: g["node_row_ptr"].pop(), "node_row_ptr has 5 items"),
    "no attrs": (lambda g: g.pop("attrs"), "attrs is no object"),
    "shapes of a wrong kind": (
        lambda g: g["attrs"]["shape"].__setitem__(0, "list_int"),
        "attrs.shape is no list_shape",
    ),
    "too few types": (lambda g: g["attrs"]["dltype"][1].pop(), "attrs.dltype has not 5 items"),
    "an unknown type": (lambda g: g["attrs"]["dltype"][1].__setitem__(0, "posit8"), "the unknown type 'posit8'"),
    "a type of the input": (lambda g: g["attrs"]["dltype"][1].__setitem__(0, "float16"), "does not hand in; supported"),
    "a type of the output": (lambda g: g["attrs"]["dltype"][1].__setitem__(4, "uint16"), "does not hand out"),
    "an empty tensor": (lambda g: g["attrs"]["shape"][1].__setitem__(2, [4, 0]), "must be at least 1"),
    "a huge tensor": (lambda g: g["attrs"]["shape"][1].__setitem__(2, [2**20, 2**20]), "larger than 2147483647 bytes"),
    "a shape of text": (lambda g: g["attrs"]["shape"][1].__setitem__(2, ["4"]), "must be at least 1"),
    "a shape that is none": (lambda g: g["attrs"]["shape"][1].__setitem__(2, 4), "the shape of .* is no list"),
    "a storage below zero": (lambda g: g["attrs"]["storage_id"][1].__setitem__(2, -1), "has the storage -1"),
    "a view of another size": (lambda g: g["attrs"]["shape"][1].__setitem__(3, [2, 3]), "its size"),
    "params of another shape": (
        lambda g: g["attrs"]["shape"][1].__setitem__(1, [5]),
        "in the params, not what the graph",
    ),
    "no heads": (lambda g: g.update(heads=[]), "the graph has no outputs"),
    "a head beyond the nodes": (lambda g: g.update(heads=[[5, 0, 0]]), "a head is"),
}


@pytest.mark.parametrize("what", GRAPH)
def test_graphs_that_contradict_themselves(what: str, tmp_path: Path) -> None:
    change, message = GRAPH[what]
    made = tvm_archives.graph_archive()
    graph = made.graph
    change(graph)
    made.set_graph(graph)
    with pytest.raises(ModelError, match=message):
        packages.of_archive(made.write(tmp_path / "broken.tar"))


def _module(made: Made) -> dict[str, Any]:
    found: dict[str, Any] = made.metadata["modules"]["default"]
    return found


def _source(made: Made, old: bytes, new: bytes) -> None:
    for name in made.members:
        if name.endswith((".c", ".h")):
            made.members[name] = made.members[name].replace(old, new)


GRAPH_ARCHIVES: dict[str, tuple[Callable[[Made], Any], str]] = {
    "a version to come": (lambda m: m.metadata.update(version=8), "version 8; supported are 1 to 7"),
    "a version of text": (lambda m: m.metadata.update(version="7"), "version '7'"),
    "no modules": (lambda m: m.metadata.update(modules={}), "describes no modules"),
    "a module that is none": (lambda m: m.metadata.update(modules={"default": 3}), "describes no modules"),
    "a name with a slash": (lambda m: m.metadata.update(modules={"a/b": {}}), "cannot be one"),
    "a single operator": (
        lambda m: _module(m).update(style="operator"),
        "a single operator .*: export the whole model",
    ),
    "no graph": (
        lambda m: m.members.pop("executor-config/graph/default.graph"),
        "says that the graph executor runs it, but there is no graph JSON",
    ),
    "a graph that is no JSON": (
        lambda m: m.members.update({"executor-config/graph/default.graph": b"{"}),
        "graph JSON cannot be parsed",
    ),
    "a graph that is no text": (
        lambda m: m.members.update({"executor-config/graph/default.graph": b"\xff"}),
        "is not UTF-8",
    ),
    "no params": (
        lambda m: m.members.pop("parameters/default.params"),
        "p0 is neither an input of the model nor in the params",
    ),
    "params cut off": (lambda m: m.members.update({"parameters/default.params": b"\xb7"}), "not a sound params file"),
    "no C": (lambda m: [m.members.pop(n) for n in list(m.members) if n.endswith(".c")], "has no C of the model"),
    "object code": (
        lambda m: m.members.update({"codegen/host/lib/default_lib0.o": b"\x7fELF"}),
        "object code, which fits one core only: build the model with TVM's target `c`",
    ),
    "C++": (lambda m: m.members.update({"codegen/host/src/default_lib9.cc": b""}), "is no C"),
    "CMSIS-NN": (
        lambda m: _source(m, b"#include <math.h>", b"#include <arm_nnfunctions.h>"),
        "default_lib1.c calls CMSIS-NN, which is not part of micrort",
    ),
}


@pytest.mark.parametrize("what", GRAPH_ARCHIVES)
def test_graph_archives_that_cannot_be_run(what: str, tmp_path: Path) -> None:
    change, message = GRAPH_ARCHIVES[what]
    made = tvm_archives.graph_archive()
    change(made)
    with pytest.raises(ModelError, match=message):
        packages.of_archive(made.write(tmp_path / "broken.tar"))


AOT_ARCHIVES: dict[str, tuple[Callable[[Made], Any], str]] = {
    "no entry": (lambda m: _source(m, b"_run(", b"_start("), "___tvm_main__.* does not take 2 tensors"),
    "nothing told of outputs": (
        lambda m: (
            _module(m)["memory"]["functions"]["main"][0].pop("outputs"),
            m.members.pop("codegen/host/include/tvmgen_default.h"),
        ),
        "nothing in the archive tells the model's outputs",
    ),
    "no size of an output": (
        lambda m: (
            _module(m)["memory"]["functions"]["main"][0]["outputs"]["result"].pop("size"),
            _source(m, b"#define TVMGEN_DEFAULT_RESULT_SIZE 2", b""),
        ),
        "nothing in the archive tells how large result is",
    ),
    "a type that nobody knows": (
        lambda m: _module(m)["memory"]["functions"]["main"][0]["outputs"]["result"].update(dtype="float16"),
        "the type of result is float16, which cannot be handed over",
    ),
    "accelerators": (
        lambda m: _source(
            m, b"#define TVMGEN_DEFAULT_WORKSPACE_SIZE", b"struct tvmgen_default_devices { void* npu; };\n//"
        ),
        "runs on accelerators as well",
    ),
    "a pool of unknown size": (
        lambda m: _source(
            m, b"#define TVMGEN_DEFAULT_WORKSPACE_SIZE", b"struct tvmgen_default_workspace_pools { void* sram; };\n//"
        ),
        "how large its pool sram is",
    ),
}


@pytest.mark.parametrize("what", AOT_ARCHIVES)
def test_aot_archives_that_cannot_be_run(what: str, tmp_path: Path) -> None:
    change, message = AOT_ARCHIVES[what]
    made = tvm_archives.aot_archive()
    change(made)
    with pytest.raises(ModelError, match=message):
        packages.of_archive(made.write(tmp_path / "broken.tar"))


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places in a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in items for found in _paths(item, (*path, key)))]


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**40), 2**40), st.floats(), st.text(max_size=8), st.just([]), st.just({})
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_edit_of_the_json_is_taken_or_refused(data: st.DataObject) -> None:
    """Whatever value of metadata.json or graph JSON is replaced or removed: no other error than ours."""
    made = data.draw(st.sampled_from([tvm_archives.graph_archive, tvm_archives.aot_archive]))()
    metadata = copy.deepcopy(made.metadata)
    graphs = [name for name in made.members if "/graph/" in name]
    whole: dict[str, Any] = {"metadata": metadata, "graph": json.loads(made.members[graphs[0]]) if graphs else {}}
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from([item for item in _paths(whole) if len(item) > 1] or [("metadata", "more")]))
        place = whole
        for key in path[:-1]:
            place = place[key]
        if data.draw(st.booleans()):
            place[path[-1]] = data.draw(SCALARS)
        elif len(path) > 2:
            del place[path[-1]]
    if graphs:
        made.members[graphs[0]] = json.dumps(whole["graph"]).encode()
    try:
        tvm.convert(tvm.parse(made.members, whole["metadata"], "edited.tar", None), "edited")
    except MicrortError as error:
        assert not isinstance(error, InternalError)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_damage_of_the_bytes_is_taken_or_refused(data: st.DataObject) -> None:
    made = data.draw(st.sampled_from([tvm_archives.graph_archive, tvm_archives.packed_aot_archive]))()
    raw = bytearray(made.bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with tempfile.NamedTemporaryFile(suffix=".tar") as file:
        file.write(bytes(raw[: data.draw(st.integers(1, len(raw)))]))
        file.flush()
        try:
            packages.of_archive(Path(file.name))
        except MicrortError as error:
            assert not isinstance(error, InternalError)
