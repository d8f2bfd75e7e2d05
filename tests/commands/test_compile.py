"""micrort compile: figures of the real models, options, messages, nothing half-written."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.codegen.models import MODELS
from tests.shared import shared

from micrort import cli, compiler, mlf
from micrort.errors import UsageError
from micrort.native.executor import HostExecutor

DIGITS = str(MODELS / "digits_int8.tflite")


@pytest.mark.parametrize(
    ("model", "arena"),
    [
        ("kws_ref_model", 16_000),
        ("vww_96_int8", 55_296),
        ("pretrainedResnet_quant", 49_152),
        ("ad01_int8", 768),
    ],
)
def test_real_models_need_the_least_memory_and_give_the_targets_bytes(model: str, arena: int) -> None:
    package = compiler.compile_model(shared("models", f"{model}.tflite"), compiler.CompileOptions(optimize="speed"))
    figures = package.figures
    assert figures["arena_bytes"] == arena + figures["workspace_bytes"]
    assert [item["bytes"] for item in figures["arenas"]] == [item["lower_bound"] for item in figures["arenas"]]
    golden = np.load(shared("models", "golden", f"{model}.npz"))
    executor = HostExecutor(package.graph)
    executor.set_input(0, golden["input"])
    (output,) = executor.run().values()
    np.testing.assert_array_equal(output, golden["output"], strict=True)


def test_compiling_takes_less_than_three_seconds(tmp_path: Path) -> None:
    model = shared("models", "kws_ref_model.tflite")
    command = [sys.executable, "-m", "micrort.cli", "compile", str(model), "-o", str(tmp_path / "kws.tar")]
    subprocess.run(command, check=True, capture_output=True)  # the host library may have to be built
    begin = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime < 3.0


@pytest.mark.parametrize("executor", ["graph", "aot"])
def test_json_has_the_figures(executor: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "out.tar"
    arguments = ["compile", DIGITS, "--executor", executor, "--target", "cortex-m4", "-o", str(path), "--json"]
    assert cli.run(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["output"] == str(path)
    assert (report["executor"], report["target"]) == (executor, "cortex-m4")
    assert report["arena_bytes"] == sum(report["arena_by_pool"].values())
    assert mlf.read(path).module["target"] == ["c -keys=arm_cpu,cpu -mcpu=cortex-m4"]


def test_summary_and_default_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.run(["compile", DIGITS]) == 0
    text = capsys.readouterr().out
    assert "digits_int8.tar: digits_int8 for any core, executor graph" in text
    assert [path.name for path in tmp_path.iterdir()] == ["digits_int8.tar"]


def test_report_says_what_was_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "out.tar"
    arguments = ["compile", str(shared("models", "vww_96_int8.tflite")), "-o", str(path)]
    assert cli.run(arguments) == 0
    assert "channels that no output depends on: of 7,489,664 MACs" in capsys.readouterr().out
    assert cli.run([*arguments, "--json"]) == 0
    pruning = json.loads(capsys.readouterr().out)["pruning"]
    package = mlf.read(path)
    assert pruning == package.figures["pruning"]
    shapes = {item["name"]: item["outputs"][0]["shape"] for item in package.figures["operators"]}
    for name, count in pruning["removed_channels"].items():
        tensor = package.graph.tensors[next(n.outputs[0] for n in package.graph.nodes if n.name == name)].name
        removed = package.removed[tensor]
        assert (removed.count, len(removed.kept)) == (count, shapes[name][-1])
        assert set(pruning["tensors"][tensor]["removed"]) == set(map(str, range(removed.channels))) - set(
            map(str, removed.kept)
        )


def test_nothing_removed_is_not_mentioned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "out.tar"
    assert cli.run(["compile", str(shared("models", "ad01_int8.tflite")), "-o", str(path)]) == 0
    assert "channels that no output" not in capsys.readouterr().out
    pruning = mlf.read(path).figures["pruning"]
    assert pruning["macs"] == pruning["macs_before"] == 264_192
    assert pruning["removed_channels"] == pruning["tensors"] == {}


def test_board_gives_its_core(tmp_path: Path) -> None:
    path = tmp_path / "out.tar"
    assert cli.run(["compile", DIGITS, "--board", "mps2_an386", "-o", str(path)]) == 0
    assert mlf.read(path).figures["target"] == "cortex-m4"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--target", "cortex-m99"], 2, "no target 'cortex-m99'"),
        (["--board", "toaster"], 2, "toaster"),
        (["--board", "mps2_an385", "--target", "cortex-m55"], 2, "cortex-m55"),
        (["--executor", "vm"], 2, "vm"),
        (["--optimize", "magic"], 2, "magic"),
        (["-o", "no/such/folder/out.tar"], 2, "cannot write"),
        (["-o", "."], 2, "folder"),
    ],
)
def test_wrong_options(
    arguments: list[str],
    code: int,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.run(["compile", DIGITS, *arguments]) == code
    captured = capsys.readouterr()
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert list(tmp_path.iterdir()) == []


def test_broken_model_writes_nothing_and_keeps_what_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, output = tmp_path / "broken.tflite", tmp_path / "out.tar"
    model.write_bytes((MODELS / "digits_int8.tflite").read_bytes()[:1000])
    output.write_text("precious")
    assert cli.run(["compile", str(model), "-o", str(output)]) == 1
    assert "broken.tflite" in capsys.readouterr().err
    assert output.read_text() == "precious"


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("kws_ref_model", "kws_ref_model"),
        ("my-model v2", "my_model_v2"),
        ("2nd", "model_2nd"),
        ("größe", "gr_e"),
        ("---", "model"),
        ("graph", "graph_model"),
        ("executor", "executor_model"),
        ("conv2d_s8", "conv2d_s8_model"),
    ],
)
def test_names_are_identifiers_of_their_own(stem: str, name: str) -> None:
    assert compiler.module_name(stem) == name


def test_source_date_epoch_sets_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert compiler.compile_model(Path(DIGITS)).module["export_datetime"] == "1970-01-02 00:00:00Z"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
        compiler.compile_model(Path(DIGITS))


def test_report_says_why_each_kernel_was_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["compile", DIGITS, "--target", "cortex-m4", "-o", str(tmp_path / "out.tar"), "--json"]
    assert cli.run(arguments) == 0
    operators = json.loads(capsys.readouterr().out)["operators"]
    assert all(item["estimated_instructions"] > 0 for item in operators)
    (pointwise, *_) = [item for item in operators if item["kernel"] == "fully_connected_s8_dsp"]
    assert "conv2d_s8" in {other["kernel"] for other in pointwise["refused"]}
    assert all(other["reason"] for item in operators for other in item["refused"])


def test_a_budget_of_code_changes_kernels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def kernels(*options: str) -> set[str]:
        arguments = ["compile", DIGITS, "--target", "cortex-m4", "-o", str(tmp_path / "out.tar"), "--json", *options]
        assert cli.run(arguments) == 0
        return {item["kernel"] for item in json.loads(capsys.readouterr().out)["operators"]}

    assert {"depthwise3x3_s8_dsp_linear", "conv2d_s8_dsp"} <= kernels()

    assert {"depthwise_conv2d_s8", "conv2d_s8_dsp"} <= kernels("--max-code", "12000")
    assert {"depthwise_conv2d_s8", "conv2d_s8"} <= kernels("--max-code", "10700")
    assert cli.run(["compile", DIGITS, "--target", "cortex-m4", "--max-code", "1000"]) == 2
    assert "no choice of kernels takes at most 1,000 bytes" in capsys.readouterr().err
