"""Our archives read by the rules of Model Library Format version 7 alone, without a word of our additions."""

from __future__ import annotations

import io
import json
import math
import struct
import tarfile
from typing import Any

import pytest
from tests.codegen.models import NAMES, compiled

from micrort import tvm
from micrort.mlf import archive

SIZES = {"int8": 1, "uint8": 1, "int16": 2, "int32": 4, "float32": 4, "bool": 1, "int64": 8, "uint32": 4}


def members(name: str, executor: str) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive.to_bytes(compiled(name, executor))), mode="r:") as tar:
        return {item.name.removeprefix("./"): tar.extractfile(item).read() for item in tar if item.isreg()}


def module_of(found: dict[str, bytes]) -> dict[str, Any]:
    metadata = json.loads(found["metadata.json"])
    assert metadata["version"] == 7
    ((name, module),) = metadata["modules"].items()
    assert module["model_name"] == name
    return module


def names_in_params(data: bytes) -> dict[str, int]:
    """Name -> bytes, as relay.load_param_dict walks through them."""
    magic, _, count = struct.unpack_from("<QQQ", data)
    assert magic == 0xF7E58D4F05049CB7
    at, names, found = 24, [], {}
    for _ in range(count):
        (length,) = struct.unpack_from("<Q", data, at)
        names.append(data[at + 8 : at + 8 + length].decode())
        at += 8 + length
    assert struct.unpack_from("<Q", data, at) == (count,)
    at += 8
    for name in names:
        array_magic, _, device, number, rank = struct.unpack_from("<QQiii", data, at)
        assert (array_magic, device, number) == (0xDD5E40F096B4A13F, 1, 0)
        _, bits, lanes = struct.unpack_from("<BBH", data, at + 28)
        shape = struct.unpack_from(f"<{rank}q", data, at + 32)
        (size,) = struct.unpack_from("<q", data, at + 32 + 8 * rank)
        assert size == math.prod(shape) * ((bits + 7) // 8) and lanes == 1
        found[name] = size
        at += 40 + 8 * rank + size
    assert at == len(data)
    return found


@pytest.mark.parametrize("executor", ["graph", "aot"])
@pytest.mark.parametrize("name", NAMES)
def test_metadata_by_the_table_of_the_format(name: str, executor: str) -> None:
    module = module_of(members(name, executor))
    assert module["style"] == "full-model"
    assert module["executors"] == [executor]
    assert all(isinstance(item, str) and item.startswith("c ") for item in module["target"])
    assert ("sids" in module["memory"]) == (executor == "graph")
    for item in module["memory"]["functions"]["operator_functions"]:
        assert set(item) == {"function_name", "workspace"}
        assert all(set(space) == {"device", "workspace_size_bytes"} for space in item["workspace"])
    (main,) = module["memory"]["functions"]["main"]
    sizes = [item["size"] for role in ("inputs", "outputs") for item in main[role].values()]
    assert main["device"] == 1
    assert main["io_size_bytes"] == sum(sizes)
    assert main["workspace_size_bytes"] > 0


@pytest.mark.parametrize("name", NAMES)
def test_graph_params_and_storages_agree(name: str) -> None:
    found = members(name, "graph")
    module = module_of(found)
    text = found[f"executor-config/graph/{name}.graph"].decode()
    graph = json.loads(text)
    assert list(graph)[:5] == ["nodes", "arg_nodes", "heads", "attrs", "node_row_ptr"]
    assert list(graph)[5:] == ["metadata"]  # tolerated by TVM's loaders as the last key
    params = names_in_params(found[f"parameters/{name}.params"])
    pointers, attrs = graph["node_row_ptr"], graph["attrs"]
    storages, kinds, shapes = (attrs[key][1] for key in ("storage_id", "dltype", "shape"))
    assert {kind for kind, _ in attrs.values()} <= {"list_str", "list_int", "list_shape"}
    assert len(pointers) == len(graph["nodes"]) + 1
    assert pointers[-1] == len(storages) == len(kinds) == len(shapes)
    sizes: dict[int, int] = {}
    inputs = []
    for index, node in enumerate(graph["nodes"]):
        count = 1 if node["op"] == "null" else int(node["attrs"]["num_outputs"])
        assert pointers[index + 1] - pointers[index] == count
        assert all(
            source < index and output < pointers[source + 1] - pointers[source] for source, output, _ in node["inputs"]
        )
        if node["op"] == "null":
            assert index in graph["arg_nodes"]
            inputs += [] if node["name"] in params else [node["name"]]
        else:
            assert all(isinstance(value, str) for value in node["attrs"].values())
            assert int(node["attrs"]["num_inputs"]) == len(node["inputs"])
        for entry in range(pointers[index], pointers[index + 1]):
            size = math.prod(shapes[entry]) * SIZES[kinds[entry]]
            if node["op"] == "null" and node["name"] in params:
                assert params[node["name"]] == size
            else:
                sizes[storages[entry]] = max(size, sizes.get(storages[entry], 0))
    listed = module["memory"]["sids"]
    assert {item["storage_id"]: item["size_bytes"] for item in listed} == sizes
    assert [item["input_binding"] for item in listed if "input_binding" in item] == inputs
    assert inputs == [*module["memory"]["functions"]["main"][0]["inputs"]]


@pytest.mark.parametrize("executor", ["graph", "aot"])
def test_a_reader_of_tvms_archives_takes_ours(executor: str) -> None:
    """The reader of TVM's archives finds in ours what it looks for, where it looks."""
    found = members("digits_int8", executor)
    metadata = json.loads(found["metadata.json"])
    del metadata["modules"]["digits_int8"]["micrort"]
    read = tvm.parse(found, metadata, "ours.tar", None)
    assert (read.version, read.module, read.executor) == (7, "digits_int8", executor)
    assert read.graph_json and read.params and read.sources and read.headers
    assert read.main["inputs"] == metadata["modules"]["digits_int8"]["memory"]["functions"]["main"][0]["inputs"]
