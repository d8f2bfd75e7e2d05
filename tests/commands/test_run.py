"""micrort run: what the profile tells of each operator."""

from __future__ import annotations

import json

import pytest
from tests.codegen.models import MODELS

from micrort import cli

DIGITS = str(MODELS / "digits_int8.tflite")


def test_profile_names_kernel_cost_and_what_was_not_taken(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["run", DIGITS, "--on", "qemu:mps2-an386", "--profile"]
    assert cli.run([*arguments, "--json"]) == 0
    operators = json.loads(capsys.readouterr().out)["operators"]
    for item in operators:
        assert item["instructions"] > 0
        if item["macs"]:
            assert item["instructions_per_mac"] == pytest.approx(item["instructions"] / item["macs"], abs=5e-4)
        else:
            assert item["instructions_per_mac"] is None
    assert {"conv2d_s8", "depthwise_conv2d_s8"} <= {other["kernel"] for item in operators for other in item["refused"]}
    assert cli.run(arguments) == 0
    text = capsys.readouterr().out
    assert "a MAC" in text and "not conv2d_s8: " in text
