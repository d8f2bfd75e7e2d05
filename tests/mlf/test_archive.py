"""The package: Model Library Format 7, byte for byte reproducible, and nothing in it believed."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.codegen.models import NAMES, compiled
from tests.shared import shared

from micrort import mlf
from micrort.errors import ModelError, UsageError
from micrort.mlf import archive


@pytest.mark.parametrize("executor", ["graph", "aot"])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_is_read(name: str, executor: str, tmp_path: Path) -> None:
    package, path = compiled(name, executor), tmp_path / "model.tar"
    mlf.write(package, path)
    found = mlf.read(path)
    assert found == package
    assert found.graph == package.graph
    assert (found.executor, found.figures["executor"]) == (executor, executor)


def test_layout_is_that_of_version_7(tmp_path: Path) -> None:
    path = tmp_path / "model.tar"
    mlf.write(compiled("digits_int8"), path)
    with tarfile.open(path, "r:") as tar:
        infos = tar.getmembers()
    assert [info.name for info in infos if info.isreg()] == [
        "./codegen/host/include/mrt_digits_int8.h",
        "./codegen/host/src/digits_int8_lib0.c",
        "./codegen/host/src/digits_int8_lib1.c",
        "./executor-config/graph/digits_int8.graph",
        "./metadata.json",
        "./parameters/digits_int8.params",
        "./src/digits_int8.txt",
    ]
    assert infos[0].name == "."
    assert {(info.mtime, info.uid, info.gid, info.uname, info.gname) for info in infos} == {(0, 0, 0, "root", "root")}
    folders = {info.name for info in infos if info.isdir()}
    assert all(info.name == "." or info.name.rpartition("/")[0] in folders for info in infos)


def test_metadata_has_the_keys_of_the_format() -> None:
    package = compiled("digits_int8")
    assert package.metadata["version"] == 7
    module = package.metadata["modules"]["digits_int8"]
    assert set(module) >= {"model_name", "export_datetime", "memory", "target", "executors", "style"}
    (main,) = module["memory"]["functions"]["main"]
    assert main["workspace_size_bytes"] == sum(arena.size for arena in package.graph.arenas)
    assert main["constants_size_bytes"] == len(package.graph.params)
    (name,) = main["inputs"]
    assert main["inputs"][name] == {"size": 64, "dtype": "int8"}
    assert {item["storage_id"] for item in module["memory"]["sids"]} <= set(range(len(package.graph.tensors)))


def test_figures_describe_the_model() -> None:
    figures = compiled("digits_int8").figures
    assert figures["arena_bytes"] == sum(figures["arena_by_pool"].values())
    assert figures["macs"] == sum(item["macs"] for item in figures["operators"])
    (source,) = figures["inputs"]
    assert set(source) == {"name", "dtype", "shape", "bytes", "scale", "zero_point"}


def test_the_same_package_gives_the_same_bytes() -> None:
    assert archive.to_bytes(compiled("digits_int8")) == archive.to_bytes(compiled("digits_int8"))


def members() -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive.to_bytes(compiled("sine_int8")))) as tar:
        return {info.name: tar.extractfile(info).read() for info in tar if info.isreg()}


def tar_of(files: dict[str, bytes], change: Callable[[tarfile.TarInfo], None] | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            if change is not None:
                change(info)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def edited(edit: Callable[[dict], object]) -> bytes:
    """The archive with another metadata.json."""
    metadata = json.loads(members()["./metadata.json"])
    edit(metadata)
    return tar_of({**members(), "./metadata.json": json.dumps(metadata).encode()})


def without(name: str) -> bytes:
    return tar_of({member: data for member, data in members().items() if name not in member})


def make_link(info: tarfile.TarInfo) -> None:
    info.type, info.linkname, info.size = tarfile.SYMTYPE, "/etc/passwd", 0


BROKEN = {
    "empty": (b"", "not a Model Library Format archive|no metadata.json"),
    "noise": (bytes(range(256)) * 8, "not a Model Library Format archive"),
    "no metadata": (without("metadata"), "no metadata.json"),
    "no graph": (without(".graph"), "no member executor-config/graph/sine_int8.graph"),
    "no params": (without(".params"), "no member parameters/sine_int8.params"),
    "path outside": (tar_of({"../x": b""}), "points outside"),
    "absolute path": (tar_of({"/etc/x": b""}), "points outside"),
    "link": (tar_of({"./x": b""}, make_link), "neither a file nor a folder"),
    "metadata is no JSON": (tar_of({"metadata.json": b"{"}), "cannot be parsed"),
    "metadata is deep": (tar_of({"metadata.json": b"[" * 100_000}), "cannot be parsed"),
    "metadata is no text": (tar_of({"metadata.json": b"\xff"}), "not UTF-8"),
    "metadata is a list": (tar_of({"metadata.json": b"[]"}), "metadata.json is no object"),
    "version": (edited(lambda metadata: metadata.update(version=6)), "version 6"),
    "no modules": (edited(lambda metadata: metadata.pop("modules")), "exactly one module"),
    "module name": (edited(lambda metadata: metadata.update(modules={"a b": {}})), "no C identifier"),
    "not ours": (edited(lambda metadata: metadata["modules"]["sine_int8"].pop("micrort")), "made by another tool"),
    "executor": (edited(lambda metadata: metadata["modules"]["sine_int8"].update(executors=["vm"])), "another tool"),
    "truncated": (archive.to_bytes(compiled("sine_int8"))[:3000], "not a Model|ends within|no m"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_archives_are_refused(name: str, tmp_path: Path) -> None:
    data, message = BROKEN[name]
    path = tmp_path / "broken.tar"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=message):
        mlf.read(path)


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.tar"
    path.write_bytes(tar_of({"metadata.json": b"{}", "./metadata.json": b"{}"}))
    with pytest.raises(ModelError, match="two members"):
        mlf.read(path)


def test_graph_of_another_name_is_refused() -> None:
    with pytest.raises(ModelError, match="is named sine_int8"):
        _ = replace(compiled("sine_int8"), name="other").graph


def test_archives_of_tvm_are_refused_by_reason() -> None:
    with pytest.raises(ModelError, match="made by another tool"):
        mlf.read(shared("tvm", "hello_world_int8-graph-m7.tar"))


def test_truncation_at_every_block_is_reported(tmp_path: Path) -> None:
    data, path = archive.to_bytes(compiled("sine_int8")), tmp_path / "short.tar"
    last = data.rindex(b"sine_int8.txt")
    for length in range(0, last, 512):
        path.write_bytes(data[:length])
        with pytest.raises(ModelError):
            _ = mlf.read(path).graph


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        mlf.read(tmp_path / "none.tar")
    with pytest.raises(UsageError, match="cannot read"):
        mlf.read(tmp_path)
    with pytest.raises(UsageError, match="cannot write"):
        mlf.write(compiled("sine_int8"), tmp_path / "none" / "model.tar")


def test_nothing_is_left_behind_when_writing_fails(tmp_path: Path) -> None:
    target = tmp_path / "model.tar"
    target.mkdir()
    with pytest.raises(UsageError, match="cannot write"):
        mlf.write(compiled("sine_int8"), target)
    assert list(tmp_path.iterdir()) == [target]
