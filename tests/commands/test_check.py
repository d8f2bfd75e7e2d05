"""`micrort check`: every node that cannot be compiled, as text and as JSON; figures where all can."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.frontends.tflite.editing import DIGITS, SINE, edited
from tests.shared import shared
from tests.tflite_builder import ModelBuilder

from micrort import cli


def two_unsupported() -> bytes:
    """x → RSQRT → y → COS → z, and a RELU that is fine."""
    model = ModelBuilder()
    x = model.input("x", (1, 4), "float32")
    y, z, out = (model.tensor(name, (1, 4), "float32") for name in ("y", "z", "out"))
    model.operator("RSQRT", [x], [y])
    model.operator("COS", [y], [z])
    model.operator("RELU", [z], [out])
    return model.build(outputs=[out])


def test_a_model_that_can_be_compiled_is_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["check", str(DIGITS)]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "can be compiled" in captured.out
    assert "12: 4 conv2d, 3 depthwise_conv2d" in captured.out


def test_figures_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["check", str(SINE), "--json", "--target", "cortex-m4"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["supported"] is True
    assert report["operators"] == {"fully_connected": 3}
    assert report["macs"] == 16 + 16 * 16 + 16
    assert report["dtypes"] == ["int8"]
    assert report["constant_bytes"] == 16 + 64 + 256 + 64 + 16 + 4
    assert report["inputs"] == {"serving_default_x:0": {"dtype": "int8", "shape": [1, 1]}}
    assert report["unsupported"] == report["problems"] == []


def test_every_unsupported_node_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(two_unsupported())
    assert cli.run(["check", str(path)]) == 1
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert [line.split(";")[0] for line in lines] == ["y (RSQRT", "z (COS"]
    assert all("float32[1, 4]" in line and "Supported: " in line and "Try: " in line for line in lines)
    assert "2 node(s) cannot be compiled" in captured.err


def test_unsupported_nodes_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(two_unsupported())
    assert cli.run(["check", str(path), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["supported"] is False
    first = report["unsupported"][0]
    assert (first["node"], first["operator"]) == ("y", "RSQRT")
    assert (first["dtypes"], first["shapes"]) == (["float32", "float32"], [[1, 4], [1, 4]])
    assert first["reason"] and first["supported"] and first["suggestion"]


def test_a_dynamic_range_quantised_model_is_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    path = shared("models", "kws_ref_model_float32.tflite")
    assert cli.run(["check", str(path)]) == 1
    out = capsys.readouterr().out
    assert "CONV_2D; float32[1, 49, 10, 1], int8[64, 10, 4, 1]" in out
    assert "quantisation" in out


def damage(model: Any) -> None:
    model.subgraphs[0].tensors[18].quantization.scale = np.float32([0])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"hello", "only 5 bytes"),
        (b"no model at all, just words", "unknown format"),
        (b"\x08\x07\x12\x07pytorch" + bytes(300), "ONNX"),
        (bytes(257) + b"ustar" + bytes(300), "archive"),
        (SINE.read_bytes()[:200], "damaged"),
        (edited(DIGITS, damage), "has the scale 0.0"),
    ],
    ids=["empty", "short", "words", "onnx", "tar", "cut", "scale"],
)
@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_bad_files_give_a_message_and_exit_1(content: bytes, message: str, options: list[str], tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-m", "micrort.cli", "check", str(path), *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert message in (done.stdout if options else done.stderr)
    assert "Traceback" not in done.stderr
    if options:
        assert json.loads(done.stdout)["supported"] is False


@pytest.mark.parametrize(("name", "message"), [("nosuch.tflite", "no such file"), ("", "a folder")])
def test_paths_that_are_no_files(name: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["check", str(tmp_path / name)]) == 1
    assert message in capsys.readouterr().err


def test_an_unknown_target_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["check", str(SINE), "--target", "cortex-m44"]) == 2
    assert "did you mean cortex-m4" in capsys.readouterr().err
