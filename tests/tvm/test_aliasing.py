"""Functions of TVM's C that use each piece of memory by one type, and those that do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests import tvm_archives
from tests.shared import shared
from tests.tvm.test_run import ARCHIVES, run

from micrort import inputs, packages, places
from micrort.tvm.aliasing import MARK, marked
from micrort.tvm.workspace import Workspaces

TYPED = {
    "a tensor behind a void pointer": "void* a = (&(pool[8])); ((int32_t*)a)[0] = ((int32_t*)a)[1] + x[0];",
    "tensors of several types": "void* a = (&(pool[0])); void* b = (&(pool[8])); ((int16_t*)a)[0] = ((int8_t*)b)[0];",
    "a block of the workspace": "int16_t* a = (int16_t*)TVMBackendAllocWorkspace(1, 0, 8, 0, 16); a[0] = x[0];",
    "packed arguments": "int8_t* a = (int8_t*)(((DLTensor*)(((TVMValue*)args)[0].v_handle))[0].data); a[0] = x[0];",
    "a comment": "/* *(int32_t*)x */ x[0] = 1; // *(int16_t*)x",
}
PUNNED = {
    "a parameter": "x[0] = (int16_t)*(int32_t*)x;",
    "part of an array": "int16_t pad[4]; int32_t* b = (int32_t*)&pad[2]; b[0] = 3;",
    "two types behind a void pointer": "void* a = (&(pool[0])); ((int32_t*)a)[0] = ((int16_t*)a)[1];",
    "a second pointer": "void* a = (&(pool[0])); int32_t* b = a; ((int16_t*)a)[1] = (int16_t)b[0];",
    "a local array": "int16_t pad[4]; pad[0] = x[0]; x[1] = (int16_t)((int32_t*)pad)[0];",
    "a constant": "x[0] = (int16_t)((int32_t*)constant)[0];",
    "an expression": "x[0] = (int16_t)((int32_t*)(x + 2))[0];",
    "a union": "union { float f; int32_t i; } u; u.f = 1.0f; x[0] = (int16_t)u.i;",
    "a call of such": "punned(x);",
}


def is_marked(body: str) -> bool:
    text = (
        "static const int16_t __attribute__((aligned(16))) constant[4] = {1, 2, 3, 4};\n"
        "static inline\n  int32_t punned(int16_t* y) {\n  return *(int32_t*)y;\n}\n"
        f"TVM_DLL int32_t own(int16_t* x, uint8_t* pool) {{\n  {body}\n  return 0;\n}}\n"
    )
    return f"{MARK} TVM_DLL int32_t own" in marked(Workspaces({"a.c": text}, {}))["a.c"]


@pytest.mark.parametrize("name", TYPED)
def test_typed(name: str) -> None:
    assert is_marked(TYPED[name])


@pytest.mark.parametrize("name", PUNNED)
def test_punned(name: str) -> None:
    assert not is_marked(PUNNED[name])


@pytest.mark.parametrize("where", ["host", "qemu:mps2-an386"])
def test_an_operator_that_reads_words_of_halves_gives_its_bytes(where: str, tmp_path: Path) -> None:
    """fold adds the rows by words of two int16, each written as an int16 just before, and as a word after."""
    made = ARCHIVES["aot, memory planned by TVM"]()
    name = "codegen/host/src/default_lib1.c"
    body = """
  int16_t pair[4];
  for (int32_t i = 0; i < 4; ++i) {
    pair[i] = y[i];
  }
  for (int32_t i = 0; i < 2; ++i) {
    int32_t word = ((int32_t*)pair)[i];
    ((int32_t*)pair)[i] = (int32_t)(((uint32_t)word << 16) | ((uint32_t)word >> 16));
  }
  for (int32_t i = 0; i < 2; ++i) {
    int32_t sum = pair[1 - i] + pair[3 - i];
    z[i] = (int8_t)(sum > 127 ? 127 : sum < -128 ? -128 : sum);
  }
  return 0;
"""
    text = made.members[name].decode()
    assert tvm_archives.BODY_FOLD in text
    made.members[name] = text.replace(tvm_archives.BODY_FOLD, body).encode()
    package = packages.of_archive(made.write(tmp_path / "small.tar"))
    assert f"{MARK} TVM_DLL int32_t tvmgen_default_widen" in "".join(package.sources.values())
    assert f"{MARK} TVM_DLL int32_t tvmgen_default_fold" not in "".join(package.sources.values())
    values = np.array([5, -7, 120, -128], np.int8)
    assert run(package, values, where).tolist() == tvm_archives.expected(values).tolist()


def test_sums_of_a_model_planned_by_tvm_stay_in_registers() -> None:
    """19.7 million instructions where every function may mix types."""
    package = packages.of_archive(shared("tvm", "kws_ref_model-aot-m7-hill.tar"))
    values = inputs.make("lcg:12345", [package.graph.tensors[index] for index in package.graph.inputs])
    assert places.place("qemu:mps2-an386").run(package, [values]).figures["instructions"] < 15_000_000
