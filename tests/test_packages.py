"""Packages of models, compiled or from the cache."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.codegen.models import MODELS

from micrort import mlf, packages
from micrort.compiler import CompileOptions


@pytest.mark.parametrize("damage", ["archive", "graph"])
def test_what_the_cache_holds_damaged_is_made_again(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A truncated archive, or one whose graph this version refuses."""
    monkeypatch.setenv("MICRORT_CACHE", str(tmp_path))
    model = MODELS / "sine_int8.tflite"
    first = packages.obtain(model, CompileOptions())
    (cached,) = (tmp_path / "packages").iterdir()
    if damage == "archive":
        cached.write_bytes(cached.read_bytes()[:700])
    else:
        kernel = first.graph.nodes[0].kernel
        mlf.write(replace(first, graph_json=first.graph_json.replace(kernel, "of_another_version")), cached)
    assert packages.obtain(model, CompileOptions()).graph_json == first.graph_json
    assert mlf.read(cached).graph_json == first.graph_json
