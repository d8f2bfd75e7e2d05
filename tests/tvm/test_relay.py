"""Shapes in the Relay text of archives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.shared import shared
from tests.tvm.test_run import ARCHIVES, run

from micrort import packages
from micrort.tvm import relay

HEAD = "def @main(%in:0: Tensor[(1, 4, 2), int8] /* span=a */, %w: Tensor[(3, 8), int8]) "
BODIES = {
    "{\n  %0 = reshape(%in:0, newshape=[-1, 8]) /* b */;\n  clip(%0, a_min=0f)\n}": [(-1, 8)],
    '{\n  %0 = cast(%in:0 /* c */, dtype="int16") /* ty=x */;\n  nn.relu(%0)\n}': [(1, 4, 2)],
    '{\n  %0 = reshape(%in:0, newshape=[1, 8]);\n  %1 = qnn.dense(%0, %w, 3, units=3, out_dtype="int32");\n'
    "  %2 = nn.bias_add(%1, %b);\n  (%2, %0)\n}": [(1, 3), (1, 8)],
    "{\n  %0 = nn.dense(%in:0, %w, units=3);\n  nn.softmax(%0)\n}": [(1, 4, 3)],
    "{\n  %0 = nn.conv2d(%in:0, %w);\n  nn.relu(%0)\n}": [None],
    "{\n  %0 = reshape(%in:0, newshape=[0, -1]);\n  %0\n}": [None],
    "{\n  %0 = nn.relu(%0);\n  %0\n}": [None],
    "{\n  add(%in:0, %w)\n}": [None],
    "-> (Tensor[(1, 2), int8], Tensor[(3), float32]) {\n  %7\n}": [(1, 2), (3,)],
}


@pytest.mark.parametrize("body", BODIES)
def test_results(body: str) -> None:
    assert [item.shape for item in relay.results(f'#[version = "0.0.5"]\n{HEAD}{body}\n')] == BODIES[body]


def test_parameters() -> None:
    found = relay.parameters(HEAD + "{\n  %in:0\n}\n")
    assert [(item.name, item.shape, item.dtype) for item in found] == [
        ("in:0", (1, 4, 2), "int8"),
        ("w", (3, 8), "int8"),
    ]


@pytest.mark.parametrize("text", ["", "def @main(", "def @main() {\n\n}\n", "def @main() {\n  ()\n}"])
def test_no_results(text: str) -> None:
    assert all(item.shape is None for item in relay.results(text))


def test_outputs_of_a_real_archive_compiled_ahead_of_time_have_their_shape() -> None:
    graph = packages.of_archive(shared("tvm", "kws_ref_model-aot-m7-hill.tar")).graph
    assert [graph.tensors[index].shape for index in (*graph.inputs, *graph.outputs)] == [(1, 49, 10, 1), (1, 12)]


@pytest.mark.parametrize(("units", "wanted"), [("[-1, 2]", (1, 2)), ("[2, -1]", (2, 1)), ("[3, -1]", (2,))])
def test_the_size_fills_the_extent_that_is_left(units: str, wanted: tuple[int, ...], tmp_path: Path) -> None:
    """And overrules a shape that contradicts it."""
    made = ARCHIVES["aot, memory planned by TVM"]()
    body = f"{{\n  %1 = fold(%0);\n  reshape(%1, newshape={units})\n}}\n"
    made.members["src/default.relay"] = made.members["src/default.relay"].split(b"{")[0] + body.encode()
    package = packages.of_archive(made.write(tmp_path / "small.tar"))
    assert package.graph.tensors[package.graph.outputs[0]].shape == wanted
    values = np.array([5, -7, 120, -128], np.int8)
    assert run(package, values).size == 2
