"""`micrort ops`, and the page docs/operators.md that it makes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from micrort import cli
from micrort.commands import ops
from micrort.frontends.tflite.table import ROWS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operators.md"


def test_every_operator_is_listed_with_types_and_limits(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["ops", "--json"]) == 0
    listed = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)["operators"]}
    assert set(listed) == set(ROWS)
    assert all(entry["limits"] and entry["dtypes"] for entry in listed.values())
    assert listed["CONV_2D"]["operator"] == "conv2d"
    assert {"int8", "float32"} <= set(listed["CONV_2D"]["dtypes"])


def test_one_line_an_operator_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["ops"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[0] for line in lines] == sorted(ROWS)


def test_types_are_those_of_the_first_limit_that_names_any() -> None:
    assert ops.dtypes_of(("four dimensions", "float32 or int8", "an int32 bias")) == ("int8", "float32")
    assert ops.dtypes_of(("any type",)) == ops.ANY


def test_the_page_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["ops", "--markdown"]) == 0
    assert PAGE.read_text() == capsys.readouterr().out, "run: micrort ops --markdown > docs/operators.md"
