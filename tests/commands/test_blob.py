"""micrort compile --blob, and micrort run of blobs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from micrort import cli
from micrort.codegen import blob_reader

MODELS = Path(__file__).parents[1] / "models"
SINE = str(MODELS / "sine_int8.tflite")


def micrort(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    code = cli.run([str(word) for word in words])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_compile_writes_the_blob_beside_the_archive(tmp_path, capsys):
    code, out, _ = micrort(capsys, "compile", SINE, "--blob", "-o", tmp_path / "a.tar", "--json")
    report = json.loads(out)
    assert code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mrt", "a.tar"]
    assert report["blob"] == str(tmp_path / "a.mrt")
    assert report["blob_bytes"] == (tmp_path / "a.mrt").stat().st_size
    assert blob_reader.read((tmp_path / "a.mrt").read_bytes(), "a.mrt").name == "sine_int8"


def test_without_the_option_there_is_none(tmp_path, capsys):
    code, out, _ = micrort(capsys, "compile", SINE, "-o", tmp_path / "a.tar", "--json")
    assert code == 0
    assert "blob" not in json.loads(out)
    assert [path.name for path in tmp_path.iterdir()] == ["a.tar"]


def test_the_summary_names_the_kernels_that_firmware_needs(tmp_path, capsys):
    _, out, _ = micrort(capsys, "compile", SINE, "--blob", "-o", tmp_path / "a.tar")
    assert out.splitlines()[-1].endswith("bytes, kernels fully_connected_s8")


def test_direct_calls_have_no_blob_and_nothing_is_written(tmp_path, capsys):
    code, _, err = micrort(capsys, "compile", SINE, "--blob", "--executor", "aot", "-o", tmp_path / "a.tar")
    assert code == 2
    assert "compile with --executor graph" in err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["host", "qemu:mps2-an386"])
def test_all_ways_to_run_give_the_same_bytes(place, tmp_path, capsys):
    target = ("--target", "host" if place == "host" else "cortex-m4")
    micrort(capsys, "compile", SINE, "--blob", *target, "-o", tmp_path / "a.tar")
    ways = [(SINE, *target), (SINE, "--blob", *target), (tmp_path / "a.tar", "--blob"), (tmp_path / "a.mrt",)]
    reports = [json.loads(micrort(capsys, "run", *way, "--on", place, "--json")[1]) for way in ways]
    assert all(report["outputs"] == reports[0]["outputs"] for report in reports)
    assert all(report["arena_bytes"] == reports[0]["arena_bytes"] for report in reports)
    assert all(report["model"] == "sine_int8" for report in reports)
    if place != "host":
        assert reports[1] == reports[2] == reports[3]
        assert reports[1]["instructions"] == reports[0]["instructions"], "no check is left for the hot path"
        assert reports[1]["init_instructions"] > reports[0]["init_instructions"]
        assert reports[1]["code_bytes"] > reports[0]["code_bytes"]


def test_profiles_of_blobs(capsys):
    code, out, _ = micrort(capsys, "run", SINE, "--blob", "--on", "qemu:mps2-an386", "--profile", "--json")
    assert code == 0
    kernels = [item["kernel"] for item in json.loads(out)["operators"]]
    assert len(kernels) == 3
    assert set(kernels) <= {"fully_connected_s8", "fully_connected_s8_dsp", "matvec_s8_dsp"}


@pytest.mark.parametrize("place", ["host", "qemu:mps2-an386"])
def test_a_damaged_blob_is_refused(place, tmp_path, capsys):
    micrort(capsys, "compile", SINE, "--blob", "-o", tmp_path / "a.tar")
    data = bytearray((tmp_path / "a.mrt").read_bytes())
    data[200] ^= 1
    (tmp_path / "bad.mrt").write_bytes(data)
    (tmp_path / "cut.mrt").write_bytes(data[:300])
    for name, message in (("bad", "checksum differs"), ("cut", "cut off")):
        code, out, err = micrort(capsys, "run", tmp_path / f"{name}.mrt", "--on", place)
        assert (code, out) == (1, "")
        assert message in err
        assert "Traceback" not in err


def test_a_blob_that_is_not_there(tmp_path, capsys):
    code, _, err = micrort(capsys, "run", tmp_path / "none.mrt", "--blob")
    assert code == 2
    assert "no such file" in err


def test_a_model_too_large_for_the_loading_firmware(capsys, monkeypatch):
    from micrort.project import loader

    monkeypatch.setitem(loader.LOADER_MEMORY, "BLOB", 1000)
    code, _, err = micrort(capsys, "run", SINE, "--blob", "--on", "qemu:mps2-an386")
    assert code == 2
    assert "keeps 1,000 bytes for the blob" in err
