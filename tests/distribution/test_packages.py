"""scons packages: both packages unpacked, compiled as their own file lists say, linked with their example, run."""

from __future__ import annotations

import json
import re
import subprocess
import xml.etree.ElementTree as ElementTree
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from tests.codegen.models import MODELS

from micrort import __version__
from micrort.devices import boards
from micrort.distribution import __main__ as distribution
from micrort.transport import qemu

HERE = Path(__file__).parent
CORES = {
    "mps2-an385": ("cortex-m0plus", {"Dcore": "Cortex-M0+"}),
    "mps2-an386": ("cortex-m4", {"Dcore": "Cortex-M4"}),
    "mps3-an547": ("cortex-m55", {"Dcore": "Cortex-M55", "Dmve": "FP_MVE", "Ddsp": "DSP"}),
}
"""Machine -> code for it, and what a pack reader knows of the device."""
SINES = [0, 717, 999, 675, -58, -756, -996, -631]
"""1000 sin(0.8 n)."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Pack and Arduino library, unpacked."""
    folder = tmp_path_factory.mktemp("packages")
    pack, library = distribution.make(MODELS / "sine_int8.tflite", folder)
    for path, name in ((pack, "pack"), (library, "library")):
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            archive.extractall(folder / name)
    return folder / "pack", folder / "library/micrort"


def compile_all(sources: Iterable[Path], includes: Sequence[Path], flags: Sequence[str], folder: Path) -> list[Path]:
    """Objects of C sources; those of one folder by one command."""
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for source in sources:
        by_folder[source.parent].append(source)
    objects: list[Path] = []
    for number, group in enumerate(by_folder.values()):
        out = folder / f"objects{number}"
        out.mkdir()
        command = [
            "arm-none-eabi-gcc",
            "-c",
            *flags,
            "-Wall",
            "-Wextra",
            "-Werror",
            *(f"-I{path}" for path in includes),
        ]
        subprocess.run([*command, *map(str, group)], cwd=out, check=True)
        objects += [out / f"{source.stem}.o" for source in group]
    return objects


def run(machine: str, objects: Sequence[Path], flags: Sequence[str], folder: Path) -> list[int]:
    """Link with start-up code of the test's, run, and read the sines."""
    board = boards.for_machine(machine)
    script = board.memory_ld() + (
        "SECTIONS\n{\n"
        ".vectors : { KEEP(*(.vectors)) } > VECTORS\n"
        ".text : { *(.text*) KEEP(*(.init)) KEEP(*(.fini)) *(.rodata*) . = ALIGN(4); } > CODE\n"
        ".ARM.exidx : { *(.ARM.exidx*) } > CODE\n"
        ".data : { *(.data*) . = ALIGN(4); } > DATA\n"
        ".bss : { __bss_start__ = .; *(.bss*) *(COMMON) . = ALIGN(4); __bss_end__ = .; } > DATA\n"
        "end = .; __end__ = .; stack_top = ORIGIN(DATA) + 0x100000; __stack = stack_top;\n}\n"
    )
    (folder / "image.ld").write_text(script)
    image = folder / "image.elf"
    command = ["arm-none-eabi-g++", *flags, "--specs=rdimon.specs", "-Wl,--gc-sections", "-T", str(folder / "image.ld")]
    subprocess.run([*command, *map(str, objects), "-lm", "-o", str(image)], check=True)
    printed = qemu.run(image, machine, folder, timeout=60)
    return [int(value) for value in re.findall(r"= (-?\d+)/1000", printed)]


def near(found: list[int]) -> bool:
    return len(found) == 8 and all(abs(value - sine) < 60 for value, sine in zip(found, SINES, strict=True))


def start(flags: Sequence[str], folder: Path) -> Path:
    subprocess.run(["arm-none-eabi-gcc", "-c", *flags, str(HERE / "start.c")], cwd=folder, check=True)
    return folder / "start.o"


def holds(conditions: dict[str, ElementTree.Element], name: str | None, device: dict[str, str]) -> bool:
    """Whether a condition of a .pdsc holds for a device and the component Runtime."""
    if name is None:
        return True
    rules = [child for child in conditions[name] if child.tag in ("accept", "require")]
    accepted = [all(device.get(key) == value for key, value in rule.attrib.items()) for rule in rules]
    if all(rule.tag == "require" for rule in rules):
        return all(rule.attrib["Csub"] == "Runtime" for rule in rules)
    return any(accepted)


def chosen(pack: Path, device: dict[str, str]) -> tuple[list[Path], list[Path]]:
    """Sources and include paths that a pack reader takes for a device, with all components."""
    root = ElementTree.parse(pack / "micrort.runtime.pdsc").getroot()
    conditions = {item.attrib["id"]: item for item in root.iter("condition")}
    files = []
    for component in root.iter("component"):
        assert holds(conditions, component.get("condition"), device)
        files += [item for item in component.iter("file") if holds(conditions, item.get("condition"), device)]
    by_kind = {kind: [pack / item.attrib["name"] for item in files if item.get("category") == kind] for kind in KINDS}
    return by_kind["source"], by_kind["include"]


KINDS = ("source", "include", "header", "doc")


@pytest.mark.parametrize("machine", CORES)
def test_the_pack_compiles_and_runs(machine: str, made: tuple[Path, Path], tmp_path: Path) -> None:
    target, device = CORES[machine]
    flags = [*boards.for_machine(machine).resolve(target).flags, "-O2", "-ffunction-sections", "-fdata-sections"]
    sources, includes = chosen(made[0], device)
    kernels = {path.parent.name for path in sources}
    assert ("dsp" in kernels) == (target != "cortex-m0plus") and ("mve" in kernels) == (target == "cortex-m55")
    objects = compile_all(sources, includes, flags, tmp_path)
    assert near(run(machine, [*objects, start(flags, tmp_path)], flags, tmp_path))


@pytest.mark.parametrize("machine", CORES)
def test_the_arduino_library_compiles_and_runs(machine: str, made: tuple[Path, Path], tmp_path: Path) -> None:
    """As Arduino does it: all below src/, by -Os, and the sketch as C++ with its header in front."""
    library = made[1]
    flags = [*boards.for_machine(machine).resolve(CORES[machine][0]).flags, "-Os", "-ffunction-sections"]
    sketch = library / "examples/Sine"
    includes = [library / "src", sketch]
    objects = compile_all(sorted((library / "src").rglob("*.c")), includes, [*flags, "-std=gnu11"], tmp_path)
    objects += compile_all(sorted(sketch.glob("*.c")), includes, flags, tmp_path / "objects0")
    (tmp_path / "Sine.cpp").write_text(f'#include "Arduino.h"\n{(sketch / "Sine.ino").read_text()}')
    command = ["arm-none-eabi-g++", "-c", *flags, "-std=gnu++11", "-fno-exceptions", "-fno-rtti", "-Wall", "-Werror"]
    paths = [f"-I{path}" for path in (*includes, HERE)]
    subprocess.run([*command, *paths, "Sine.cpp"], cwd=tmp_path, check=True)
    assert near(run(machine, [*objects, tmp_path / "Sine.o", start(flags, tmp_path)], flags, tmp_path))


def test_the_description_names_what_is_there(made: tuple[Path, Path]) -> None:
    pack = made[0]
    root = ElementTree.parse(pack / "micrort.runtime.pdsc").getroot()
    named = [item.attrib["name"] for item in root.iter("file")]
    assert len(set(named)) == len(named)
    for name in (*named, root.findtext("license"), root.find("description").attrib["overview"]):
        assert name is not None and (pack / name).exists(), name
    compiled = {name for name in named if name.endswith(".c")}
    assert compiled == {path.relative_to(pack).as_posix() for path in pack.rglob("*.c")}
    known = {item.attrib["id"] for item in root.iter("condition")}
    assert {item.get("condition") for item in root.iter() if item.get("condition")} <= known
    assert {item.attrib.get("category") for item in root.iter("file")} <= set(KINDS)
    assert root.find("releases/release").attrib["version"] == __version__


def test_cmsis_pack_manager_reads_it(made: tuple[Path, Path], tmp_path: Path) -> None:
    """Beside a family's pack, whose devices it must not disturb; it has none of its own."""
    from cmsis_pack_manager import Cache

    family = HERE.parents[0] / "devices/Micrort.Test_DFP.pdsc"
    for path in (made[0] / "micrort.runtime.pdsc", family):
        Cache(True, True, json_path=str(tmp_path), data_path=str(tmp_path)).add_pack_from_path(str(path))
    index = Cache(True, True, json_path=str(tmp_path), data_path=str(tmp_path)).index
    assert {"T746NGHx", "T746ZGTx", "T051C8"} == set(index)


def test_arduino_and_platformio_find_what_they_need(made: tuple[Path, Path]) -> None:
    library = made[1]
    rows = dict(line.split("=", 1) for line in (library / "library.properties").read_text().splitlines())
    wanted = {"name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url", "architectures"}
    assert wanted <= set(rows) and rows["version"] == __version__
    assert (library / "src" / rows["includes"]).exists()
    described = json.loads((library / "library.json").read_text())
    assert {"name", "version", "description", "keywords", "license"} <= set(described)
    for example in described["examples"]:
        assert all((library / example["base"] / name).exists() for name in example["files"])
    assert described["version"] == __version__ and (library / "src" / described["headers"]).exists()


def test_equal_contents_give_equal_archives(made: tuple[Path, Path], tmp_path: Path) -> None:
    again = distribution.make(MODELS / "sine_int8.tflite", tmp_path)
    for path in again:
        assert path.read_bytes() == (made[0].parent / path.name).read_bytes()
