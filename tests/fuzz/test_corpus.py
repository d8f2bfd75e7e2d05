"""Replays what the fuzzing harnesses start from, and what they once found, under ASan and UBSan."""

from __future__ import annotations

import re

import pytest
from tests.fuzz import harness

from micrort import sources
from micrort.codegen import blob_reader

pytestmark = pytest.mark.skipif(not harness.is_available(), reason="clang is not installed: ./dev installs it")


@pytest.mark.parametrize("name", harness.HARNESSES)
def test_corpus(name):
    done = harness.replay(name)
    assert done.returncode == 0, done.stderr[-4000:]
    assert len(re.findall(r"^Executed ", done.stderr, re.MULTILINE)) == len(harness.corpus(name)) > 0


def test_seeds_are_models_that_load_and_run():
    """Else the harness would only ever see refusals; seeds.py makes them again when the format changes."""
    done = harness.replay("graph")
    seeds = [path for path in harness.corpus("graph") if path.suffix == ".mrt"]
    assert harness.stat("models_loaded", done.stderr) >= len(seeds)
    assert harness.stat("models_run", done.stderr) >= 0.9 * len(seeds)


def test_every_kernel_with_an_operator_has_a_seed():
    found = set()
    for path in harness.corpus("graph"):
        if path.suffix == ".mrt":
            found |= {node.kernel for node in blob_reader.read(path.read_bytes(), path.name).nodes}
    assert len(found) > 55
    assert {"conv2d_s8", "depthwise_conv2d_s8", "softmax_s16", "resize_nearest", "split", "lut_s8"} <= found


@pytest.mark.parametrize("name", ["graph", "params"])
def test_many_mutants_get_past_the_checks(name, tmp_path):
    """The mutator mends what it breaks: of a few thousand mutants hundreds run, and none does harm."""
    result = harness.fuzz(name, seconds=60, runs=4000, findings=tmp_path)
    assert not result.failed, result.output[-4000:]
    assert result.executions == 4000
    assert result.ran > 200


def test_the_harness_finds_what_is_wrong(tmp_path):
    """A kernel whose check lets everything through is found out at once."""
    unit = sources.root() / "runtime/kernels/portable/copy.c"
    text = unit.read_text()
    blind = tmp_path / "copy.c"
    blind.write_text(
        re.sub(r"(mrt_status_t mrt_copy_check\(const mrt_call_t \*call\)\n{)", r"\1 if (call) return MRT_OK;", text)
    )
    assert blind.read_text() != text
    program = harness.build("graph", {"runtime/kernels/portable/copy.c": blind})
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    for path in harness.corpus("graph"):
        if path.name.startswith("copy"):
            (inputs / path.name).write_bytes(path.read_bytes())
    result = harness.fuzz("graph", seconds=60, runs=1_000_000, program=program, findings=tmp_path, inputs=inputs)
    assert result.failed
    assert "AddressSanitizer" in result.output
    assert len(list(tmp_path.glob("graph-crash-*"))) == 1
