"""Archives of TVM on the command line: run, compile, create-project, as a user types them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from tests import tvm_archives
from tests.shared import shared

from micrort import cli
from micrort.project import template

Call = Callable[..., str]


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Call:
    """A command line: what it prints; it must end with `code`."""

    def called(*words: object, code: int = 0) -> str:
        ended = cli.run(list(map(str, words)))
        out, err = capfd.readouterr()
        assert ended == code, out + err
        assert "Traceback" not in out + err
        return out or err

    return called


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tvm_archives.graph_archive().write(tmp_path / "small.tar")


def test_run_tells_what_tvm_would_take(call: Call, archive: Path) -> None:
    found = json.loads(call("run", archive, "--json"))
    assert (found["model"], found["arena_bytes"]) == ("small", 60)
    assert found["tvm"] == {
        "executor": "graph",
        "version": 7,
        "storage_bytes": 4 + 8 + 4,
        "workspace_bytes": 48,
        "copied_params_bytes": 8,
        "ram_bytes": 72,
    }
    text = call("run", archive)
    assert "TVM would take" in text and "72 bytes: 16 for storage, 48 for workspace, 8 for weights" in text


def test_outputs_and_inputs_by_file(call: Call, archive: Path, tmp_path: Path) -> None:
    values = np.array([[1, 2, 3, 40]], np.int8)
    np.savez(tmp_path / "in.npz", **{tvm_archives.INPUT: values})
    call("run", archive, "--inputs", tmp_path / "in.npz", "--outputs", tmp_path / "out.npz")
    with np.load(tmp_path / "out.npz") as found:
        assert found["result"].tolist() == tvm_archives.expected(values).tolist()


def test_profile_by_operator(call: Call, archive: Path) -> None:
    found = json.loads(call("run", archive, "--on", "qemu:mps2-an386", "--profile", "--json"))
    assert [item["operator"] for item in found["operators"]] == ["widen", "fold"]
    assert all(item["instructions"] > 10 for item in found["operators"])
    assert found["stack_bytes"] <= found["stack_bound_bytes"]


def test_compile_makes_an_archive_of_ours(call: Call, archive: Path, tmp_path: Path) -> None:
    ours = tmp_path / "ours.tar"
    found = json.loads(call("compile", archive, "-o", ours, "--target", "cortex-m4", "--json"))
    assert (found["target"], found["tvm"]["units"]) == ("cortex-m4", ["default_lib0.c", "default_lib1.c"])
    outputs = [json.loads(call("run", path, "--json"))["outputs"] for path in (archive, ours)]
    assert outputs[0] == outputs[1]


REFUSALS: dict[str, tuple[Sequence[str], str]] = {
    "its own place": (["compile", "{archive}", "-o", "{archive}"], "name another one with -o"),
    "options of models": (["compile", "{archive}", "-o", "x.tar", "--optimize", "ram"], "--target alone applies"),
    "a blob": (["run", "{archive}", "--blob"], "a blob holds tables and weights only"),
    "no such module": (["run", "{archive}", "--module", "other"], "holds no model 'other'; it holds default"),
    "ours again": (["compile", "{ours}", "-o", "x.tar"], "is compiled already"),
    "comparing": (["compare", "{archive}"], "compare needs the model itself"),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_refusals(call: Call, what: str, archive: Path, tmp_path: Path) -> None:
    words, message = REFUSALS[what]
    call("compile", archive, "-o", tmp_path / "ours.tar")
    text = call(*(word.format(archive=archive, ours=tmp_path / "ours.tar") for word in words), code=2)
    assert message in text
    assert not (Path.cwd() / "x.tar").exists()


def test_damage_ends_with_exit_code_1(call: Call, archive: Path) -> None:
    archive.write_bytes(archive.read_bytes().replace(b'"node_row_ptr": [0, 1,', b'"node_row_ptr": [0, 2,'))
    assert "node_row_ptr[1] is 2, not 1" in call("run", archive, code=1)


@pytest.mark.parametrize("name", ["graph", "aot"])
def test_a_project_of_an_archive_is_built_and_runs(call: Call, name: str, tmp_path: Path) -> None:
    make = {"graph": tvm_archives.graph_archive, "aot": tvm_archives.aot_archive}[name]
    archive, folder = make().write(tmp_path / "small.tar"), tmp_path / "project"
    wanted = json.loads(call("run", archive, "--json"))["outputs"]["result"]["crc32"]
    call("micro", "create-project", "--type", "baremetal", "--board", "mps2_an386", archive, folder)
    call("micro", "build", folder)
    assert f"result: crc32 0x{wanted}" in call("micro", "run", folder)


def test_a_project_of_a_real_archive(call: Call, tmp_path: Path) -> None:
    archive, folder = shared("tvm", "kws_ref_model-graph-m7.tar"), tmp_path / "project"
    call("micro", "create-project", "--type", "baremetal", "--board", "mps2_an500", archive, folder)
    call("micro", "build", folder)
    assert "Identity: crc32 0x1a9f508d" in call("micro", "run", folder)


def test_a_driver_of_the_project_api_brings_an_archive(archive: Path, tmp_path: Path) -> None:
    options = {"project_type": "baremetal", "board": "mps2_an386", "stack_size": 8192, "of another type": 1}
    template.generate(archive, tmp_path / "project", options)
    assert (tmp_path / "project/micrort/lib/libsmall.a").is_file()


def test_a_library_of_an_archive(call: Call, archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "library"
    call("micro", "create-project", "--type", "library", "--target", "cortex-m7", archive, folder)
    call("micro", "build", folder)
    assert (folder / "lib/libsmall.a").is_file()
    assert json.loads((folder / "target.json").read_text())["stack_bytes"]["run"] > 0
