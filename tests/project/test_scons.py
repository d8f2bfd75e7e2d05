"""The root's SCons targets, and firmware of somebody else that links what they make."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.tflite_builder import litert

from micrort import mlf, sources
from micrort.compiler import compile_model

ROOT = sources.root()
PARTS = ("SConstruct", "include", "runtime", "ports", "examples", "docs", "tests/SConscript", "tests/analysis")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, so that a build under way is not disturbed."""
    copy = tmp_path_factory.mktemp("tree")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, copy / part)
        else:
            (copy / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / part, copy / part)
    (copy / "build").mkdir()
    mlf.write(compile_model(ROOT / "tests/models/sine_int8.tflite"), copy / "build/sine_int8.tar")
    return copy


def scons(tree: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "SCons", "-Q", "-C", str(tree), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def libraries(tree: Path) -> Path:
    scons(tree, "lib", "target=cortex-m4", "package=build/sine_int8.tar")
    return tree / "build/cortex-m4"


def cpu_seconds() -> float:
    """What ended children have used so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def test_null_build_is_quick_and_builds_nothing(tree: Path, libraries: Path) -> None:
    before = (libraries / "libmicrort.a").stat().st_mtime_ns
    start = cpu_seconds()
    printed = scons(tree, "lib", "target=cortex-m4", "package=build/sine_int8.tar")
    assert cpu_seconds() - start < 1, "by the processor's time: other tests run beside this one"
    assert "cc " not in printed and "ar " not in printed
    assert (libraries / "libmicrort.a").stat().st_mtime_ns == before


def test_a_changed_source_is_compiled_alone(tree: Path, libraries: Path) -> None:
    assert libraries.exists()
    source = tree / "runtime/status.c"
    source.write_text(source.read_text() + "\nextern const int mrt_added;\nconst int mrt_added = 1;\n")
    printed = scons(tree, "lib", "target=cortex-m4")
    assert [line.split()[-1] for line in printed.splitlines() if line.startswith("cc ")] == [
        "build/cortex-m4/runtime/status.o"
    ]
    symbols = subprocess.run(
        ["arm-none-eabi-nm", str(libraries / "libmicrort.a")], capture_output=True, text=True, check=False
    )
    assert " mrt_added" in symbols.stdout


def test_compile_commands(tree: Path) -> None:
    scons(tree, "compile_commands.json", "target=host")
    rows = json.loads((tree / "compile_commands.json").read_text())
    assert "runtime/executor.c" in {row["file"] for row in rows}
    assert len(rows) == len(list((tree / "runtime").rglob("*.c")))


def test_existing_firmware(tree: Path, libraries: Path) -> None:
    """Built by make and the compiler alone, on QEMU, against the reference interpreter's bytes."""
    assert libraries.exists()
    folder = tree / "examples/existing-firmware"
    tools = tree / "tools"
    tools.mkdir()
    for tool in ("make", "arm-none-eabi-gcc", "sh"):
        (tools / tool).symlink_to(shutil.which(tool) or tool)
    environment = {"PATH": str(tools), "HOME": str(tree)}
    built = subprocess.run(
        ["make"],
        cwd=folder,
        env=environment,
        executable=str(tools / "make"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    done = subprocess.run(["make", "run"], cwd=folder, env=os.environ, capture_output=True, text=True, check=False)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("sin(")]
    assert done.returncode == 0 and len(lines) == 8
    assert [int(line.split()[-1].removesuffix("/1000")) for line in lines] == expected(range(0, 6400, 800))


def expected(points: range) -> list[int]:
    """What the reference interpreter gives; its optimised kernels round as the target does."""
    model = ROOT / "tests/models/sine_int8.tflite"
    graph = compile_model(model).graph
    source, result = graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]]
    scaled = [min(np.round(point / 1000 / source.scale) + source.zero_point, 127) for point in points]
    values = [int(litert(model, [np.full(source.shape, value, np.int8)], "opt")[0].item()) for value in scaled]
    return [int(1000 * result.scale * (value - result.zero_point)) for value in values]
