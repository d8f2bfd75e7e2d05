"""What the benches conclude from figures, without running anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.bench import kernels, models, report
from tests.bench.goals import GOALS, PEERS, goal, peer
from tests.bench.measure import CORES, Case, Measurement, Refusal
from tests.bench.shapes import SHAPES, model_of
from tests.shared import ROOT

from micrort import frontends

CASE = Case(Path("m.tflite"), "cortex-m4")
NODES = [
    {"name": "a", "operator": "conv2d", "kernel": "k", "macs": 10, "instructions": 30},
    {"name": "b", "operator": "conv2d", "kernel": "k", "macs": 5, "instructions": 10},
]
MEASURED = Measurement(1000, 100, 4000, 50, 64, 200, 256, 0, 15, {"y": "00000000"}, NODES)


def changed(**figures):
    return {CASE.label: {**models.entry(MEASURED), **figures}}


@pytest.mark.parametrize("name", models.COMPARED)
def test_growth_over_two_percent_is_a_regression(name):
    old = changed(**{name: 1000})
    assert not list(models.regressions(changed(**{name: 1020}), old))
    (problem,) = models.regressions(changed(**{name: 1021}), old)
    assert name in problem and CASE.label in problem


def test_other_outputs_and_new_refusals_are_regressions():
    assert len(list(models.regressions(changed(outputs={"y": "1"}), changed()))) == 1
    assert len(list(models.regressions({CASE.label: {"refused": "why"}}, changed()))) == 1
    assert not list(models.regressions(changed(), {CASE.label: {"refused": "why"}}))
    assert not list(models.regressions(changed(), {}))


def test_limits_of_every_model():
    over = Measurement(1000, 100, 4000, 50, 64, 513, 514, 129, 15, {}, NODES)
    assert not list(models.excesses({CASE: MEASURED, Case(Path("n"), "cortex-m3"): Refusal("why")}))
    assert len(list(models.excesses({CASE: over}))) == len(GOALS["every"])


def test_nodes_of_one_kind_are_added_up():
    assert models.entry(MEASURED)["operators"] == {"conv2d k": [2, 15, 40]}


def test_figures_of_peers_and_goals_name_cores_and_models():
    tables = [row["instructions"] for rows in PEERS.values() for row in rows.values()]
    tables += [row for level in GOALS.values() for row in level.get("instructions", {}).values()]
    assert {core for table in tables for core in table} <= set(CORES)
    assert peer("tflm", "ad01_int8", "instructions", "cortex-m4") == 582_943
    assert peer("tflm", "ad01_int8", "instructions", "cortex-m3") is None
    assert goal("balanced", "instructions", "ad01_int8", "cortex-m55") == 48_000
    assert goal("balanced", "code_bytes", "ad01_int8", "cortex-m4") == 4_096
    assert goal("balanced", "code_bytes", "ad01_int8", "cortex-m7") is None
    assert goal("speed", "stack_bytes", "unknown", "cortex-m7") == 512
    if (ROOT / "models").is_dir():
        assert {name for rows in PEERS.values() for name in rows} <= {path.stem for path in models.models([])}


def test_shapes_are_models_that_the_compiler_reads(tmp_path):
    names = list(SHAPES)
    assert {shaped.near for shaped in SHAPES.values()} <= {"", *names}
    path = tmp_path / "kernels.tflite"
    path.write_bytes(model_of(names))
    assert [node.name for node in frontends.load(path).nodes] == names


def test_a_shape_that_needs_more_than_committed_is_a_regression():
    costs = {"fc 8-16 cortex-m4 balanced": {"kernel": "k", "instructions": 102, "units": 10}}
    before = {"fc 8-16 cortex-m4 balanced": {"kernel": "k", "instructions": 100, "units": 10}}
    assert not list(kernels.regressions(costs, before))
    assert (
        len(list(kernels.regressions({name: {**item, "instructions": 103} for name, item in costs.items()}, before)))
        == 1
    )


def test_the_page_shows_the_committed_figures():
    results = json.loads(models.RESULTS.read_text())
    assert report.PAGE.read_text() == report.page(results), "make it again: python -m tests.bench.report"
    assert "| ad01_int8 | TFLM + CMSIS-NN | 582,943 | 29,056 | 270,880 | 3,024 | 556 | 272 | 83,369 |" in report.page(
        results
    )
