"""Devices from a pack of our own, as .pdsc, .pack, folder and index; refusals; a project for a part."""

from __future__ import annotations

import json
import re
import subprocess
import zipfile
from pathlib import Path

import pytest
from tests.codegen.models import MODELS

from micrort import cli, mlf
from micrort.devices import packs
from micrort.devices.boards import Flash, Identity
from micrort.errors import UsageError

PDSC = Path(__file__).parent / "Micrort.Test_DFP.pdsc"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    path = tmp_path / "packs/Micrort.Test_DFP.1.0.0.pack"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as file:
        file.write(PDSC, PDSC.name)
    return path


def test_a_part_is_what_its_pack_says(pack: Path) -> None:
    for source in (PDSC, pack, pack.parent):
        found = packs.device("t746nghx", source)
        assert (found.name, found.vendor, found.core) == ("T746NGHx", "Micrort", "CortexM7")
        assert found.target.name == "cortex-m7" and found.pack == "Micrort.Test_DFP.1.0.0"
        assert (found.flash, found.data, found.arenas) == ("flash", "sram1", ("dtcm", "sram1", "sram2"))
        assert found.memories["dtcm"].origin == 0x20000000 and found.memories["sram1"].size == 0x3C000
        assert found.algorithms == ("CMSIS/Flash/T7_1024.FLM",)
        assert found.board.memory_ld().startswith("MEMORY\n{\n    itcm : ORIGIN = 0x00000000, LENGTH = 0x4000")
    assert packs.device("T051C8", PDSC).target.name == "cortex-m0plus"
    flash = packs.device("T746NGHx", pack).board.flash
    assert flash == Flash("pyocd", "t746nghx", Identity(0xE000ED00, 0xFFF0, 0xC270), str(pack))


def test_an_index_of_cmsis_pack_manager(tmp_path: Path) -> None:
    from cmsis_pack_manager import Cache

    Cache(True, True, json_path=str(tmp_path), data_path=str(tmp_path)).add_pack_from_path(str(PDSC))
    assert packs.device("T746ZGTx", tmp_path / "index.json").data == "sram1"


def test_refusals(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pdsc"
    empty.write_text("<package")
    other = tmp_path / "other.pack"
    with zipfile.ZipFile(other, "w") as file:
        file.writestr("readme", "nothing")
    junk = tmp_path / "junk.pack"
    junk.write_bytes(b"junk")
    index = tmp_path / "index.json"
    index.write_text(json.dumps({"X1": {"name": "X1", "processors": []}, "X2": {"name": "X2"}}))
    for source, name, message in (
        (PDSC, "T746NGH", "near: T746NGHx"),
        (PDSC, "nothing", "no device 'nothing' among the 3"),
        (PDSC, "T746NGHx:cm4", "no processor 'cm4'"),
        (empty, "T746NGHx", "describes no device"),
        (other, "T746NGHx", "holds no .pdsc"),
        (junk, "T746NGHx", "cannot read the pack"),
        (tmp_path / "none.pack", "T746NGHx", "does not exist"),
        (tmp_path / "none.json", "T746NGHx", "cannot read the index"),
        (index, "X2", "incompletely"),
        (index, "X1", "incompletely"),
    ):
        with pytest.raises(UsageError, match=re.escape(message)):
            packs.device(name, source)


def test_compile_and_project_for_a_part(pack: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    archive, folder = tmp_path / "digits.tar", tmp_path / "project"
    part = ["--device", "T746NGHx", "--pack", str(pack)]
    assert cli.run(["compile", str(MODELS / "digits_int8.tflite"), *part, "-o", str(archive)]) == 0
    assert mlf.read(archive).figures["target"] == "cortex-m7"
    create = ["micro", "create-project", "--type", "baremetal", str(archive), str(folder), *part]
    assert cli.run(create) == 0
    assert cli.run(["micro", "build", str(folder)]) == 0
    listed = subprocess.run(
        ["arm-none-eabi-nm", str(folder / "firmware.elf")], check=True, capture_output=True, text=True
    ).stdout
    places = {line.split()[2]: int(line.split()[0], 16) for line in listed.splitlines() if len(line.split()) == 3}
    assert 0x08000000 <= places["main"] < 0x08100000
    assert 0x20010000 <= places["mrt_port_stack_top"] <= 0x2004C000
    arenas = [value for name, value in places.items() if name.startswith("arena_")]
    assert arenas and all(0x20000000 <= value < 0x20010000 for value in arenas)  # the hot arena lies in the DTCM
    assert cli.run([*create, "--board", "mps2_an386"]) == 2
    assert "leave --device out" in capfd.readouterr().err


def test_an_arena_goes_where_it_fits(pack: Path) -> None:
    from micrort.project import arenas

    board = packs.device("T746NGHx", pack).board
    assert arenas.place(board, [("ram", 0x10000)]) == {"ram": "dtcm"}
    assert arenas.place(board, [("ram", 0x10001)]) == {"ram": "sram1"}
    assert arenas.place(board, [("dtcm", 0x8000), ("ram", 0x9000)]) == {"dtcm": "dtcm", "ram": "sram1"}
    with pytest.raises(UsageError, match=r"takes 300,000 bytes, 54,240 more than are left in sram1"):
        arenas.place(board, [("ram", 300_000)])
