"""`micrort plan`: text, JSON, files, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.shared import shared

from micrort import cli
from micrort.planner import read_lifetimes


@pytest.fixture
def problem(tmp_path: Path) -> Path:
    """Three buffers whose best plan has 30 bytes."""
    path = tmp_path / "problem.csv"
    path.write_text("id,lower,upper,size\na,0,4,10\nb,2,6,20\nc,5,7,10\n")
    return path


def test_summary(problem: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["plan", str(problem)]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.splitlines()[0] == "3 buffers in 30 bytes: optimal"


def test_json(problem: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["plan", str(problem), "--json", "--capacity", "30", "--strategy", "exact"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report.pop("steps") > 0
    assert report == {
        "status": "optimal",
        "buffers": 3,
        "capacity": 30,
        "size": 30,
        "lower_bound": 30,
        "offsets": {"a": 20, "b": 0, "c": 20},
        "in_place": [],
    }


def test_output_file(problem: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert cli.run(["plan", str(problem), "-o", str(out)]) == 0
    assert out.read_text().splitlines()[:2] == ["id,lower,upper,size,offset", "a,0,4,10,20"]


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_too_little_memory_is_exit_1(
    options: list[str], problem: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.csv"
    assert cli.run(["plan", str(problem), "--capacity", "29", "-o", str(out), *options]) == 1
    captured = capsys.readouterr()
    assert not out.exists()
    if options:
        report = json.loads(captured.out)
        assert (report["status"], report["size"], report["lower_bound"]) == ("infeasible", None, 30)
        assert report["offsets"] == {}
    else:
        assert "proved" in captured.err and "at least 30 of 29" in captured.err


def test_a_spent_budget_is_exit_1(capsys: pytest.CaptureFixture[str]) -> None:
    path = shared("plan", "E.1048576.csv")
    assert cli.run(["plan", str(path), "--capacity", "1048576", "--budget", "300", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["status"] == "budget"


def test_a_published_instance(capsys: pytest.CaptureFixture[str]) -> None:
    path = shared("plan", "J.1048576.csv")
    assert cli.run(["plan", str(path), "--capacity", "1048576", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["size"] <= 1_048_576
    items = read_lifetimes(path)
    spans = [(item, report["offsets"][item.id]) for item in items]
    for index, (a, low) in enumerate(spans):
        for b, other in spans[:index]:
            assert a.end <= b.start or b.end <= a.start or low + a.size <= other or other + b.size <= low


def test_minimise_goes_on_below_the_capacity(problem: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problem.write_text("id,lower,upper,size\n" + "".join(f"{i},{i},{i + 2},{10 + i % 3}\n" for i in range(20)))
    assert cli.run(["plan", str(problem), "--capacity", "1000", "--minimise", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["status"] == "optimal" and report["size"] == 23


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("id,lower,upper,size\na,4,2,10\n", [], "problem.csv:2: lower 4 is not below upper 2"),
        ("", [], "problem.csv:1: the header lacks"),
        ("id,lower,upper,size\na,0,1,1\n", ["--strategy", "best"], "supported: auto, greedy, hill_climb, exact"),
        ("id,lower,upper,size\na,0,1,1\n", ["--capacity", "-1"], "-1"),
        ("id,lower,upper,size\na,0,1,1\n", ["--budget", "0"], "0"),
        ("id,lower,upper,size\na,0,1,1\n", ["-o", "/no/such/folder/out.csv"], "cannot be written"),
    ],
)
def test_wrong_usage_is_exit_2(
    content: str, options: list[str], message: str, problem: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    problem.write_text(content)
    assert cli.run(["plan", str(problem), *options]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_a_missing_file_is_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["plan", str(tmp_path / "nosuch.csv")]) == 2
    assert "cannot be read" in capsys.readouterr().err
