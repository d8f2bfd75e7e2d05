"""The memory map is what the tables say, and the page shows it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from micrort import cli
from micrort.compiler import CompileOptions, compile_model
from micrort.report import memory_map

DIGITS = Path(__file__).parents[1] / "models" / "digits_int8.tflite"


@pytest.mark.parametrize("options", [CompileOptions(optimize="speed"), CompileOptions(max_ram=1)])
def test_areas_lie_apart_and_fill_the_arena(options: CompileOptions) -> None:
    graph = compile_model(DIGITS, options).graph
    found = memory_map.areas(graph)
    assert max(area.offset + area.bytes for area in found) <= graph.arenas[0].size
    assert max(memory_map.busiest(graph)) <= graph.arenas[0].size
    for index, area in enumerate(found):
        for other in found[index + 1 :]:
            meet_in_time = area.start < other.end - 1 and other.start < area.end - 1
            meet_in_space = area.offset < other.offset + other.bytes and other.offset < area.offset + area.bytes
            assert not (meet_in_time and meet_in_space), (area, other)


def test_the_page_and_its_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive, page = tmp_path / "digits.tar", tmp_path / "page.html"
    assert cli.run(["compile", str(DIGITS), "--max-ram", "1", "-o", str(archive)]) == 0
    capsys.readouterr()
    assert cli.run(["report", str(archive), "-o", str(page), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["steps"] == len(report["bytes_by_step"]) > len(report["operators"])
    text = page.read_text()
    assert text.count("<rect") == len(report["memory_map"])
    assert "saved by rows" in text and f"{report['arena_bytes']:,}" in text
    assert cli.run(["report", str(tmp_path / "none.tar")]) == 2
