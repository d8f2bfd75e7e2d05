"""The operator corpus on emulated boards: the bytes of the target on the target's own instruction sets.

    MICRORT_CORPUS=all pytest -n 2 tests/project/test_corpus_on_boards.py      every case, some minutes a board

Without that, one case of each operator and type. Models are loaded as blobs by firmware that holds their kernels, so
that cases with the same kernels share a build.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from tests.shared import corpus
from tests.test_operator_corpus import QUIRKS, SEED, TOLERANCE, expected, index, is_refused, names
from tests.tflite_builder import lcg_inputs

from micrort.compiler import CompileOptions, compile_model
from micrort.devices import boards
from micrort.frontends import tflite
from micrort.mlf import blob
from micrort.project.emulator import emulate

MACHINES = ("mps2-an386", "mps3-an547")


def chosen() -> list[str]:
    """All supported cases, or the last of each operator and type."""
    supported = [name for name in names() if not is_refused(name) and name not in QUIRKS]
    if os.environ.get("MICRORT_CORPUS") == "all":
        return supported
    kinds = {(index()[name]["operator"], index()[name]["dtype"]): name for name in supported}
    return [name for (_, dtype), name in kinds.items() if dtype == "int8"]


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", chosen())
def test_bytes_on_boards(name: str, machine: str) -> None:
    graph = tflite.load(corpus(f"{name}.tflite"), "case", f"{name}.tflite")
    package = compile_model(graph, CompileOptions(boards.for_machine(machine).target.name))
    entries = [package.graph.tensors[i] for i in package.graph.inputs]
    arrays = lcg_inputs(SEED, [(entry.shape, entry.dtype.value) for entry in entries])
    inputs = {entry.name: array for entry, array in zip(entries, arrays, strict=True)}
    run = emulate(blob.make(package), machine, [inputs])
    for result, want in zip((run.outputs[0][name] for name in graph.outputs), expected(name), strict=True):
        if want.dtype.kind == "f":
            np.testing.assert_allclose(result, want, rtol=TOLERANCE, atol=TOLERANCE)
        else:
            np.testing.assert_array_equal(result, want)
