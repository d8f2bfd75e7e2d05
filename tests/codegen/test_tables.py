"""Generated C: clean under strict flags with every compiler, deterministic, and the same bytes as on the host."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.codegen.models import MODELS, NAMES, STRICT, Linked, compiled, random_input, run_compiler, write_sources
from tests.executor_graphs import chain

from micrort import codegen, compiler, sources
from micrort.codegen import c_text, tables
from micrort.errors import ModelError
from micrort.ir import DType, schedule
from micrort.ir.executor_graph import PARAMS_POOL, ExecutorGraph, TensorEntry
from micrort.mlf import Package
from micrort.native.executor import HostExecutor

COMPILERS = (
    ("gcc",),
    ("clang",),
    ("arm-none-eabi-gcc", "-mcpu=cortex-m0plus", "-mthumb"),
    ("arm-none-eabi-gcc", "-mcpu=cortex-m55", "-mthumb", "-mfloat-abi=hard"),
)
INCLUDE = f"-I{sources.root() / 'include'}"


@pytest.mark.parametrize("compiler_", COMPILERS, ids=lambda command: " ".join(command[:2]))
@pytest.mark.parametrize("executor", ["graph", "aot"])
@pytest.mark.parametrize("name", NAMES)
def test_generated_c_is_clean(name: str, executor: str, compiler_: tuple[str, ...], tmp_path: Path) -> None:
    if shutil.which(compiler_[0]) is None:
        pytest.skip(f"{compiler_[0]} is not installed")
    for file in write_sources(compiled(name, executor), tmp_path):
        run_compiler(*compiler_, *STRICT, "-O1", INCLUDE, f"-I{tmp_path}", "-c", str(file), "-o", str(tmp_path / "x.o"))


@pytest.mark.parametrize("executor", ["graph", "aot"])
def test_header_may_be_included_from_cpp(executor: str, tmp_path: Path) -> None:
    package = compiled("digits_int8", executor)
    write_sources(package, tmp_path)
    unit = tmp_path / "main.cpp"
    call = "mrt_digits_int8_run()" if executor == "aot" else "mrt_digits_int8_init(nullptr)"
    unit.write_text(f'#include "mrt_digits_int8.h"\nint main() {{ return static_cast<int>({call}); }}\n')
    run_compiler("g++", "-std=c++11", "-Wall", "-Wextra", "-Werror", INCLUDE, "-fsyntax-only", str(unit))


@pytest.mark.parametrize("name", NAMES)
def test_tables_give_the_bytes_of_the_host(name: str, tmp_path: Path) -> None:
    package = compiled(name)
    linked, executor = Linked(package, tmp_path), HostExecutor(package.graph)
    state = linked.ffi.new("mrt_executor_t *")
    assert linked.function("init", "mrt_status_t (*)(mrt_executor_t *)")(state) == 0
    for seed in range(3):
        for index, array in enumerate(random_input(package.graph, seed)):
            executor.set_input(index, array)
            data = array.tobytes()
            assert linked.lib.mrt_executor_set_input(state, index, data, len(data)) == 0
        assert linked.lib.mrt_executor_run(state) == 0
        for index, want in enumerate(executor.run().values()):
            room = linked.ffi.new("uint8_t[]", want.nbytes)
            assert linked.lib.mrt_executor_get_output(state, index, room, want.nbytes) == 0
            assert bytes(linked.ffi.buffer(room)) == want.tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_direct_calls_give_the_bytes_of_the_host(name: str, tmp_path: Path) -> None:
    package = compiled(name, "aot")
    linked, executor = Linked(package, tmp_path), HostExecutor(package.graph)
    accessor = "mrt_status_t (*)(uint32_t, mrt_buffer_t *)"
    find_input, find_output = linked.function("input", accessor), linked.function("output", accessor)
    buffer = linked.ffi.new("mrt_buffer_t *")
    for seed in range(3):
        for index, array in enumerate(random_input(package.graph, seed)):
            executor.set_input(index, array)
            assert find_input(index, buffer) == 0
            assert buffer.size == array.nbytes
            linked.ffi.memmove(buffer.data, array.tobytes(), array.nbytes)
        assert linked.function("run", "mrt_status_t (*)(void)")() == 0
        for index, want in enumerate(executor.run().values()):
            assert find_output(index, buffer) == 0
            assert bytes(linked.ffi.buffer(buffer.data, buffer.size)) == want.tobytes()
    assert find_input(len(package.graph.inputs), buffer) == linked.lib.MRT_ERR_ARGUMENT
    assert find_output(0, linked.ffi.NULL) == linked.lib.MRT_ERR_ARGUMENT


@pytest.mark.parametrize("name", NAMES)
def test_compiled_tables_hold_what_the_graph_says(name: str, tmp_path: Path) -> None:
    package = compiled(name)
    graph, c = package.graph, (linked := Linked(package, tmp_path)).graph()
    assert linked.lib.mrt_graph_check(c) == 0
    for index, entry in enumerate(graph.tensors):
        row = c.tensors[index]
        offset, pool = graph.place(index)
        assert (row.offset, row.row_bytes, row.rows, row.pool) == (offset, entry.row_bytes, entry.rows, pool)
    assert bytes(linked.ffi.buffer(linked.ffi.cast("const char *", c.params), c.params_size)) == graph.params
    entries = [c.steps[i] for i in range(c.step_count)]
    made = schedule.expand([(entry.node, entry.row_begin, entry.row_end, entry.advance) for entry in entries])
    assert tuple(made) == graph.steps
    assert [c.row_table[i] for i in range(c.row_count)] == graph.row_table
    assert c.seal == linked.lib.mrt_graph_seal(c)
    info, entry = c.inputs[0], graph.tensors[graph.inputs[0]]
    assert tuple(info.shape)[: info.rank] == entry.shape
    assert (np.float32(info.scale), info.zero_point) == (np.float32(entry.scale), entry.zero_point)


def packed(graph: ExecutorGraph, executor: str) -> Package:
    """A package of generated C for a graph that was made by hand."""
    files, header = codegen.sources(graph, executor), {tables.header_name(graph): tables.header(graph, executor)}
    return replace(compiled("sine_int8", executor), name=graph.name, sources=files, headers=header)


@pytest.mark.parametrize("pools", [1, 2])
def test_several_pools_and_steps(pools: int, tmp_path: Path) -> None:
    hand_made = chain(1, pools=pools, rows_per_step=2)
    graph = replace(hand_made.graph, name="chain")
    value = hand_made.input(0)
    *_, want = hand_made.expected(value).values()
    linked = Linked(packed(graph, "aot"), tmp_path)
    buffer = linked.ffi.new("mrt_buffer_t *")
    accessor = "mrt_status_t (*)(uint32_t, mrt_buffer_t *)"
    assert linked.function("input", accessor)(0, buffer) == 0
    linked.ffi.memmove(buffer.data, value.tobytes(), value.nbytes)
    assert linked.function("run", "mrt_status_t (*)(void)")() == 0
    assert linked.function("output", accessor)(0, buffer) == 0
    assert bytes(linked.ffi.buffer(buffer.data, buffer.size)) == want.tobytes()

    linked = Linked(packed(graph, "graph"), tmp_path / "graph")
    state, room = linked.ffi.new("mrt_executor_t *"), linked.ffi.new("uint8_t[]", want.nbytes)
    assert linked.function("init", "mrt_status_t (*)(mrt_executor_t *)")(state) == 0
    assert linked.lib.mrt_executor_set_input(state, 0, value.tobytes(), value.nbytes) == 0
    assert linked.lib.mrt_executor_run(state) == 0
    assert linked.lib.mrt_executor_get_output(state, 0, room, want.nbytes) == 0
    assert bytes(linked.ffi.buffer(room)) == want.tobytes()


@pytest.mark.parametrize("executor", ["graph", "aot"])
def test_the_same_model_gives_the_same_text(executor: str) -> None:
    options = compiler.CompileOptions(executor=executor)
    assert compiler.compile_model(MODELS / "digits_int8.tflite", options) == compiled("digits_int8", executor)


def renamed(package: Package, names: dict[int, str]) -> ExecutorGraph:
    """The graph with other names of some tensors."""
    tensors = list(package.graph.tensors)
    for index, name in names.items():
        tensors[index] = replace(tensors[index], name=name)
    nodes = [replace(node, name="*/ int x; /*") for node in package.graph.nodes]
    return replace(package.graph, tensors=tuple(tensors), nodes=tuple(nodes))


@pytest.mark.parametrize("executor", ["graph", "aot"])
def test_hostile_names_stay_in_comments_and_strings(executor: str, tmp_path: Path) -> None:
    names = ["*/ #error", 'a"b\\', "??/", "int", "größe\n", "1st", "", "x" * 500, "a.b", "a/b", "%s", "*/", "/*", "?"]
    graph = renamed(compiled("digits_int8", executor), dict(enumerate(names)))
    assert Linked(packed(graph, executor), tmp_path)


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (-(2**31), DType.S32, "INT32_MIN"),
        (-(2**63), DType.S64, "INT64_MIN"),
        (5, DType.S64, "INT64_C(5)"),
        (2**32 - 1, DType.U32, "4294967295u"),
        (float("inf"), DType.F32, "INFINITY"),
        (float("-inf"), DType.F32, "-INFINITY"),
        (float("nan"), DType.F32, "NAN"),
        (-0.0, DType.F32, "-0.0f"),
        (1.0, DType.F32, "1.0f"),
        (1e-40, DType.F32, "9.9999461e-41f"),
    ],
)
def test_literals(value: float, dtype: DType, text: str) -> None:
    exact = float(np.float32(value)) if dtype is DType.F32 else value
    assert c_text.literal(exact, dtype) == text


def test_every_float_survives() -> None:
    values = np.random.default_rng(0).integers(0, 2**32, 10_000, dtype=np.uint32).view(np.float32)
    finite = values[np.isfinite(values)]
    texts = [c_text.literal(float(value), DType.F32) for value in finite]
    np.testing.assert_array_equal(np.array([text.rstrip("f") for text in texts]).astype(np.float32), finite)


def test_limits_of_the_tables_are_named() -> None:
    graph = compiled("sine_int8").graph
    tall = TensorEntry("tall", (70_000, 1, 1), DType.S8, PARAMS_POOL, 0)
    deep = TensorEntry("deep", (1,) * 7, DType.S8, 0, 0)
    count = len(graph.tensors)
    large = replace(graph, tensors=(*graph.tensors, tall, deep), outputs=(count + 1,))
    with pytest.raises(ModelError, match=r"tall .* has 70000 rows.*\n.*deep has rank 7"):
        tables.check_limits(large)
