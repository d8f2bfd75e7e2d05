"""The demonstration on every RTOS whose tree is given, built and run on every emulated board that the system knows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from micrort import mlf, sources
from micrort.devices import boards
from micrort.project import actions, create
from micrort.reference.litert import LiteRTReference

MODEL = sources.root() / "tests/models/sine_int8.tflite"
TREES = {"freertos": "FREERTOS_KERNEL_PATH", "threadx": "THREADX_PATH", "zephyr": "ZEPHYR_BASE", "mbed": "MBED_OS_PATH"}
EMULATED = ("mps2_an385", "mps2_an386", "mps2_an500", "mps2_an505", "mps2_an521", "mps3_an547")
ZEPHYR = ("mps2_an385", "mps2_an521", "mps3_an547")
ZEPHYR_STM32 = ("nucleo_f746zg", "stm32f746g_disco")


def tree(system: str) -> Path:
    variable = TREES[system]
    if not os.environ.get(variable):
        pytest.skip(f"{variable} is not set: it names a tree of {system}")
    return Path(os.environ[variable])


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("package") / "sine_int8.tar"
    subprocess.run([sys.executable, "-m", "micrort.cli", "compile", str(MODEL), "-o", str(path)], check=True)
    return path


def libraries(package: Path, target: str) -> Path:
    command = [sys.executable, "-m", "SCons", "-Q", "lib", f"target={target}", f"package={package}"]
    subprocess.run(command, cwd=sources.root(), check=True, stdout=subprocess.DEVNULL)
    return sources.root() / "build" / target


def run(image: Path, machine: str, line: str = "tester") -> str:
    """What the firmware writes to its UART, from our line to its verdict."""
    command = ["qemu-system-arm", "-M", machine, "-display", "none", "-monitor", "none", "-icount", "shift=6"]
    command += ["-semihosting-config", "enable=on,target=native", "-serial", "stdio", "-kernel", str(image)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    printed = []
    limit = threading.Timer(120.0, process.kill)
    limit.start()
    try:
        for text in process.stdout:
            printed.append(text)
            if text.startswith(("all equal", "wrong")):
                break
    finally:
        limit.cancel()
        process.kill()
        process.wait()
    return "".join(printed)


def hold(printed: str) -> None:
    """Both executors gave LiteRT's bytes for every point, and both sharing threads had their turns."""
    assert "micrort: hello tester\n" in printed, printed
    rows = [tuple(map(int, row)) for row in re.findall(r"point (\d+) input (-?\d+) output (-?\d+) (-?\d+)", printed)]
    assert [row[0] for row in rows] == list(range(32)), printed
    reference = LiteRTReference(MODEL.read_bytes())
    for _, value, shared, own in rows:
        *_, (_, outputs) = reference.run({reference.inputs[0]: np.array([[value]], np.int8)})
        assert shared == own == int(outputs[reference.outputs[0]].reshape(-1)[0])
    turns = re.search(r"shared by two threads: (\d+) \+ (\d+) points", printed)
    assert turns is not None and min(map(int, turns.groups())) > 0 and sum(map(int, turns.groups())) == 32
    assert "all equal and near the sine: success" in printed


@pytest.mark.parametrize("name", EMULATED)
@pytest.mark.parametrize("system", ["freertos", "threadx"])
def test_built_by_make(system: str, name: str, package: Path, tmp_path: Path) -> None:
    tree(system)
    folder = tmp_path / "demo"
    options = {"application": "demo", "warning_as_error": True}
    create.create(system, mlf.read(package), folder, board=name, target=None, options=options)
    actions.build(folder)
    machine = boards.board(name).machine
    assert machine is not None
    hold(run(folder / "firmware.elf", machine))


@pytest.mark.parametrize("name", ZEPHYR)
def test_zephyr(name: str, package: Path, tmp_path: Path) -> None:
    needs_zephyr(name)
    folder = tmp_path / "demo"
    options = {"application": "demo", "warning_as_error": True}
    create.create("zephyr", mlf.read(package), folder, board=name, target=None, options=options)
    actions.build(folder)
    hold(run(folder / "build/zephyr/zephyr.elf", name.replace("_", "-")))


def test_mbed(package: Path, tmp_path: Path) -> None:
    needs_mbed()
    folder = tmp_path / "demo"
    options = {"application": "demo", "warning_as_error": True}
    create.create("mbed", mlf.read(package), folder, board="mps2_an385", target=None, options=options)
    actions.build(folder)
    hold(run(folder / "build/firmware.elf", "mps2-an385"))


def needs_mbed() -> None:
    """Skip where something is missing that Mbed's build needs."""
    tree("mbed")
    for tool in ("cmake", "ninja", "mbed-tools"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed, which Mbed's build needs")


def test_the_sample_of_the_module(package: Path, tmp_path: Path) -> None:
    needs_zephyr("mps2_an385")
    build_zephyr("mps2_an385", libraries(package, "cortex-m3"), tmp_path)
    hold(run(tmp_path / "zephyr/zephyr.elf", "mps2-an385"))


def needs_zephyr(name: str) -> None:
    """Skip where something is missing that Zephyr's build for a board needs.

    ZEPHYR_MODULES names the cmsis module at Zephyr's pin, and for the STM32 boards hal_stm32.
    """
    tree("zephyr")
    for tool in ("cmake", "ninja", "dtc", "gperf"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed, which Zephyr's build needs")
    if name in ZEPHYR_STM32 and "stm32" not in os.environ.get("ZEPHYR_MODULES", ""):
        pytest.skip("ZEPHYR_MODULES does not name hal_stm32, which the board needs")


def build_zephyr(board: str, made: Path, folder: Path, more: Sequence[str] = ()) -> None:
    sample = sources.root() / "ports/rtos/zephyr/sample"
    command = ["cmake", "-GNinja", "-B", str(folder), "-S", str(sample), f"-DBOARD={board}", "-DBUILD_VERSION=test"]
    command += [f"-DMICRORT_LIBRARIES={made}", f"-DZEPHYR_MODULES={os.environ.get('ZEPHYR_MODULES', '')}", *more]
    environment = {"ZEPHYR_TOOLCHAIN_VARIANT": "gnuarmemb", "GNUARMEMB_TOOLCHAIN_PATH": "/usr", **os.environ}
    for step in (command, ["ninja", "-C", str(folder)]):
        done = subprocess.run(step, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
