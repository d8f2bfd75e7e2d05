"""Archives of TVM run: small ones that are written here, and real ones beside the repository."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import tvm_archives
from tests.shared import shared
from tests.tvm_archives import Made

from micrort import inputs, mlf, packages, places
from micrort.errors import TargetError, UsageError
from micrort.mlf import Package

ARCHIVES: dict[str, Callable[[], Made]] = {
    "graph, version 7": tvm_archives.graph_archive,
    "graph, version 6": partial(tvm_archives.graph_archive, 6),
    "graph, version 5": partial(tvm_archives.graph_archive, 5),
    "graph, version 4": partial(tvm_archives.graph_archive, 4),
    "graph, version 2": partial(tvm_archives.graph_archive, 2),
    "graph, constants in the C": partial(tvm_archives.graph_archive, linked=True),
    "graph, constants by look-up": partial(tvm_archives.graph_archive, looked_up=True),
    "graph, with a copy": partial(tvm_archives.graph_archive, copied=True),
    "graph, a name with punctuation": partial(tvm_archives.graph_archive, module="my-model.v2"),
    "graph, operators by name alone": partial(tvm_archives.graph_archive, hidden=True),
    "aot, memory planned by TVM": tvm_archives.aot_archive,
    "aot, memory taken while running": partial(tvm_archives.aot_archive, planned=False),
    "aot, version 5": partial(tvm_archives.aot_archive, 5),
    "aot, memory given by the caller": tvm_archives.given_pools_archive,
    "aot, inputs in the caller's memory": tvm_archives.mapped_archive,
    "aot, plain pointers": tvm_archives.plain_archive,
    "aot, packed": tvm_archives.packed_aot_archive,
}
REAL = (
    "ad01_int8-graph-m7",
    "hello_world_int8-aot-m7-hill",
    "hello_world_int8-aot-m7-nousmp",
    "hello_world_int8-aotpacked-m7",
    "hello_world_int8-graph-m7",
    "hello_world_int8-graphlp-m7",
    "kws_ref_model-aot-m7-hill",
    "kws_ref_model-graph-m7",
    "kws_ref_model-graphlp-m7",
)


def run(package: Package, values: np.ndarray, where: str = "host") -> np.ndarray:
    """The only output for values of the only input."""
    (index,) = package.graph.inputs
    entry = package.graph.tensors[index]
    (outputs,) = places.place(where).run(package, [{entry.name: values.reshape(entry.shape)}]).outputs
    (found,) = outputs.values()
    return found.reshape(-1)


@pytest.mark.parametrize("name", ARCHIVES)
def test_small_archives(name: str, tmp_path: Path) -> None:
    package = packages.of_archive(ARCHIVES[name]().write(tmp_path / "small.tar"))
    values = np.array([5, -7, 120, -128], np.int8)
    assert run(package, values).tolist() == tvm_archives.expected(values).tolist()


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(-128, 127), min_size=4, max_size=4))
def test_any_input(numbers: list[int]) -> None:
    values = np.array(numbers, np.int8)
    assert run(small(), values).tolist() == tvm_archives.expected(values).tolist()


def small() -> Package:
    """The package of a small graph archive."""
    from micrort import tvm

    made = tvm_archives.graph_archive()
    return tvm.convert(tvm.parse({**made.members}, made.metadata, "small.tar", None), "small")


@pytest.mark.parametrize("machine", ["mps2-an385", "mps2-an386", "mps3-an547"])
def test_small_archives_on_boards(machine: str, tmp_path: Path) -> None:
    """With the DSP extension, and without it, where its instructions are C."""
    name = {"mps2-an385": "graph, constants by look-up", "mps2-an386": "aot, memory taken while running"}.get(machine)
    archive = ARCHIVES[name or "graph, operators by name alone"]()
    package = packages.of_archive(archive.write(tmp_path / "small.tar"))
    values = np.array([5, -7, 120, -128], np.int8)
    assert run(package, values, f"qemu:{machine}").tolist() == tvm_archives.expected(values).tolist()


def real(name: str) -> tuple[Package, np.ndarray, str]:
    """A real archive, its input, and the bytes that TVM's own code makes of it on a Cortex-M7."""
    package = packages.of_archive(shared("tvm", f"{name}.tar"))
    wanted = json.loads(shared("tvm", "outputs.json").read_text())[name]
    (values,) = inputs.make("lcg:12345", [package.graph.tensors[index] for index in package.graph.inputs]).values()
    return package, values, wanted


@pytest.mark.parametrize("name", REAL)
def test_real_archives(name: str) -> None:
    package, values, wanted = real(name)
    assert run(package, values).tobytes().hex() == wanted


@pytest.mark.parametrize("name", REAL)
def test_real_archives_on_a_board(name: str) -> None:
    package, values, wanted = real(name)
    assert run(package, values, "qemu:mps2-an386").tobytes().hex() == wanted


@pytest.mark.parametrize("name", ["kws_ref_model-graphlp-m7", "hello_world_int8-aotpacked-m7"])
def test_real_archives_with_mve(name: str) -> None:
    package, values, wanted = real(name)
    assert run(package, values, "qemu:mps3-an547").tobytes().hex() == wanted


def test_outputs_that_no_operator_makes_and_outputs_twice(tmp_path: Path) -> None:
    made = tvm_archives.graph_archive()
    graph = made.graph
    graph["heads"] = [[0, 0, 0], [1, 0, 0], [4, 0, 0], [3, 0, 0], [4, 0, 0], [2, 0, 0]]
    made.set_graph(graph)
    package = packages.of_archive(made.write(tmp_path / "small.tar"))
    values = np.array([[5, -7, 12, -8]], np.int8)
    (outputs,) = places.place("host").run(package, [{tvm_archives.INPUT: values}]).outputs
    wide = 3 * values.reshape(4).astype(np.int16) + tvm_archives.OFFSETS
    folded = tvm_archives.expected(values)
    wanted = [values, tvm_archives.OFFSETS, folded, wide.reshape(2, 2), folded, wide]
    assert len(outputs) == len(wanted)
    for found, expected in zip(outputs.values(), wanted, strict=True):
        assert (found.shape, found.dtype, found.tolist()) == (expected.shape, expected.dtype, expected.tolist())


def test_an_operator_with_two_outputs_and_one_that_is_called_twice(tmp_path: Path) -> None:
    """split: int8 [2] into its elements; fold's call is repeated under another node's name."""
    made, prefix = tvm_archives.graph_archive(), "tvmgen_default"
    graph = made.graph
    attrs = {"num_outputs": "2", "num_inputs": "1", "flatten_data": "0", "func_name": f"{prefix}_split"}
    again = {**graph["nodes"][4], "name": f"{prefix}_fold_1"}
    split = {"op": "tvm_op", "name": f"{prefix}_split", "attrs": attrs, "inputs": [[5, 0, 0]]}
    graph["nodes"] += [again, split]
    graph["node_row_ptr"] += [6, 8]
    for name, more in (("dltype", ["int8"] * 3), ("shape", [[2], [1], [1]]), ("storage_id", [4, 5, 6])):
        graph["attrs"][name][1] += more
    graph["heads"] = [[6, 1, 0], [6, 0, 0], [4, 0, 0]]
    made.set_graph(graph)
    tensors = (("int8_t", "z"), ("int8_t", "first"), ("int8_t", "second"))
    text = tvm_archives.packed(f"{prefix}_split", tensors, "  first[0] = z[0];\n  second[0] = z[1];\n  return 0;\n")
    made.members["codegen/host/src/default_lib1.c"] += text.encode()
    package = packages.of_archive(made.write(tmp_path / "small.tar"))
    assert len({node.adapter for node in package.graph.nodes}) == 3  # widen, fold, split
    values = np.array([[5, -7, 12, -8]], np.int8)
    (outputs,) = places.place("host").run(package, [{tvm_archives.INPUT: values}]).outputs
    first, second = tvm_archives.expected(values).tolist()
    assert {name: found.tolist() for name, found in outputs.items()} == {
        f"{prefix}_split:1": [second],
        f"{prefix}_split:0": [first],
        f"{prefix}_fold": [first, second],
    }


def test_other_types_pass_between_operators(tmp_path: Path) -> None:
    """Sixteen unsigned bits, and lanes: kept as bytes of the same width."""
    made = tvm_archives.graph_archive()
    graph = made.graph
    graph["attrs"]["dltype"][1][2] = graph["attrs"]["dltype"][1][3] = "uint16"
    graph["attrs"]["dltype"][1][1], graph["attrs"]["shape"][1][1] = "uint8x2", [4]
    made.set_graph(graph)
    package = packages.of_archive(made.write(tmp_path / "small.tar"))
    values = np.array([5, -7, 12, -8], np.int8)
    assert run(package, values).tolist() == tvm_archives.expected(values).tolist()


@pytest.mark.parametrize("missing", ["memory", "target", "executors", "style", "model_name", "export_datetime"])
@pytest.mark.parametrize("name", ["graph, version 7", "aot, memory taken while running", "graph, version 4"])
def test_fields_of_metadata_that_are_missing(name: str, missing: str, tmp_path: Path) -> None:
    made = ARCHIVES[name]()
    described = made.metadata["modules"]["default"] if "modules" in made.metadata else made.metadata
    described.pop(missing, None)
    described.pop("runtimes" if missing == "executors" else "", None)
    package = packages.of_archive(made.write(tmp_path / "small.tar"))
    values = np.array([5, -7, 120, -128], np.int8)
    assert run(package, values).tolist() == tvm_archives.expected(values).tolist()


def test_less_memory_than_tvm_takes() -> None:
    figures = real("kws_ref_model-graph-m7")[0].figures
    assert figures["arena_bytes"] == 72_224
    assert figures["tvm"]["storage_bytes"] + figures["tvm"]["workspace_bytes"] == 92_732
    assert figures["tvm"]["copied_params_bytes"] == 52_580


def test_a_package_made_of_an_archive_is_written_and_read(tmp_path: Path) -> None:
    package = small()
    mlf.write(package, tmp_path / "ours.tar")
    again = packages.of_archive(tmp_path / "ours.tar")
    assert again == package
    values = np.array([1, 2, 3, 4], np.int8)
    assert run(again, values).tolist() == tvm_archives.expected(values).tolist()


def test_several_models_in_one_archive(tmp_path: Path) -> None:
    first, second = tvm_archives.graph_archive(module="first"), tvm_archives.graph_archive(module="second", linked=True)
    both = Made({"version": 7, "modules": {}}, {**first.members, **second.members})
    both.metadata["modules"] = {**first.metadata["modules"], **second.metadata["modules"]}
    path = both.write(tmp_path / "both.tar")
    values = np.array([9, 8, 7, 6], np.int8)
    for module in ("first", "second"):
        package = packages.of_archive(path, module)
        assert package.name == module
        assert run(package, values).tolist() == tvm_archives.expected(values).tolist()
    with pytest.raises(UsageError, match=r"several models, first, second: name one with --module"):
        packages.of_archive(path)
    with pytest.raises(UsageError, match="holds no model 'third'"):
        packages.of_archive(path, "third")


def test_an_operator_that_takes_more_than_it_says_is_stopped(tmp_path: Path) -> None:
    made = tvm_archives.graph_archive()
    (name,) = [name for name in made.members if name.endswith("lib1.c")]
    text = made.members[name].decode()
    # the size is no number in the text, so that metadata.json is believed, which says too little
    made.members[name] = text.replace("(uint64_t)20", "(uint64_t)(num_args * 100)").encode()
    package = packages.of_archive(made.write(tmp_path / "small.tar"))
    with pytest.raises(TargetError, match="a memory region is missing or too small"):
        run(package, np.zeros(4, np.int8))


def test_code_that_crashes_does_not_take_us_along(tmp_path: Path) -> None:
    made = tvm_archives.graph_archive()
    (name,) = [name for name in made.members if name.endswith("lib1.c")]
    made.members[name] = made.members[name].replace(b"int32_t dev_id = 0;", b"int32_t dev_id = *(volatile int*)8;", 1)
    package = packages.of_archive(made.write(tmp_path / "small.tar"))
    with pytest.raises(TargetError, match="the archive's code crashed"):
        run(package, np.zeros(4, np.int8))


def test_an_operator_that_fails(tmp_path: Path) -> None:
    made = tvm_archives.graph_archive()
    (name,) = [name for name in made.members if name.endswith("lib1.c")]
    made.members[name] = made.members[name].replace(b"int32_t dev_id = 0;", b"int32_t dev_id = 0; return -1;", 1)
    package = packages.of_archive(made.write(tmp_path / "small.tar"))
    with pytest.raises(TargetError, match="a kernel failed while running"):
        run(package, np.zeros(4, np.int8))
