"""Projects for operating systems: made and refused without a tree; built, run and compared with LiteRT with one."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from tests import tvm_archives
from tests.codegen.models import MODELS
from tests.ports.test_rtos import EMULATED, needs_mbed, needs_zephyr, tree
from tests.project.test_server import Driver, defaults, driver

from micrort import cli, compiler, mlf, packages, places
from micrort.errors import RuntimeStatusError, UsageError
from micrort.inputs import make
from micrort.mlf import Package
from micrort.project import actions, create, platforms, service, template
from micrort.reference.litert import LiteRTReference

BY_MAKE = {"freertos": "FREERTOS_KERNEL_PATH", "threadx": "THREADX_PATH"}
BY_CMAKE = ("mps2_an385", "mps2_an521", "mps3_an547")
ALL = [
    *((kind, board) for kind in BY_MAKE for board in EMULATED),
    *(("zephyr", board) for board in BY_CMAKE),
    ("mbed", "mps2_an385"),
]
"""Types and boards that can be run here."""


def compiled(name: str = "sine_int8", **options: str) -> Package:
    return compiler.compile_model(MODELS / f"{name}.tflite", compiler.CompileOptions(**options))


def archive(folder: Path, package: Package) -> Path:
    mlf.write(package, folder / "model.tar")
    return folder / "model.tar"


def litert(name: str, values: np.ndarray) -> np.ndarray:
    reference = LiteRTReference((MODELS / f"{name}.tflite").read_bytes())
    *_, (_, outputs) = reference.run({reference.inputs[0]: values})
    return outputs[reference.outputs[0]]


@pytest.mark.parametrize("kind", BY_MAKE)
@pytest.mark.parametrize("board", EMULATED)
def test_a_project_holds_all_but_the_kernel(kind: str, board: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    create.create(kind, compiled(), folder, board=board, target=None, options={})
    assert {"main.c", "Makefile", "README.md", "model.tar", "microtvm_api_server.py"} <= {
        f.name for f in folder.iterdir()
    }
    units = [
        line.split()[0] for line in (folder / "Makefile").read_text().splitlines() if line.startswith("    micrort/")
    ]
    assert len(units) > 5
    for unit in units:
        assert (folder / unit).is_file(), unit
    environment = {name: value for name, value in os.environ.items() if name != BY_MAKE[kind]}
    done = subprocess.run(["make", "-C", str(folder)], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0 and f'{BY_MAKE[kind]} is "", which is no tree of' in done.stderr
    subprocess.run(["make", "-s", "-C", str(folder), "clean"], env=environment, check=True)


@pytest.mark.parametrize("kind", BY_MAKE)
def test_options_reach_the_project(kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    given = {f"{BY_MAKE[kind].lower()}": "/some/tree", "stack_size": 8192, "seed": 7, "warning_as_error": True}
    create.create(kind, compiled(), tmp_path / "p", board="mps2_an385", target=None, options=given)
    text = (tmp_path / "p/Makefile").read_text()
    assert f"{BY_MAKE[kind]} ?= /some/tree\n" in text and "STACK_SIZE=8192" in text and "-Werror" in text
    assert "&model, 7u" in (tmp_path / "p/main.c").read_text()
    assert cli.run(["micro", "create-project", "--help"]) == 0
    printed = capfd.readouterr().out
    for option in platforms.platform(kind).options:
        assert f"--{option.name.replace('_', '-')}" in printed


@pytest.mark.parametrize("kind", BY_MAKE)
def test_a_new_model_leaves_the_users_files(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    settings = "FreeRTOSConfig.h" if kind == "freertos" else "tx_user.h"
    create.create(kind, compiled(), folder, board="mps2_an386", target=None, options={})
    (folder / "main.c").write_text("int main(void) { return 3; }\n")
    (folder / settings).write_text("/* mine */\n")
    made = create.create(kind, compiled("digits_int8"), folder, board="mps2_an386", target=None, options={})
    assert made.kept == tuple(sorted(("main.c", settings)))
    assert (folder / "micrort/lib/libdigits_int8.a").exists() and not (folder / "micrort/lib/libsine_int8.a").exists()


def test_refusals(tmp_path: Path) -> None:
    for message, kind, board, package, options in (
        ("application=demo is for", "freertos", "mps2_an386", compiled("digits_int8"), {"application": "demo"}),
        ("application=demo is for", "threadx", "mps2_an386", compiled(executor="aot"), {"application": "demo"}),
        ("are for code of", "threadx", "mps2_an386", compiled(target="cortex-m0plus"), {}),
        ("are for mps2_an385, ", "zephyr", "mps2_an386", compiled(), {}),
        ("are for mps2_an385, nucleo", "mbed", "mps2_an386", compiled(), {}),
        ("application=demo is for", "mbed", "mps2_an385", compiled("digits_int8"), {"application": "demo"}),
        ("are for STM32F746 boards", "stm32cube", "mps2_an386", compiled(), {}),
        ("need a UART", "freertos", "lm3s6965evb", compiled(), {}),
        ("multiple of 8", "threadx", "mps2_an386", compiled(), {"stack_size": 260}),
        ("one of service, demo", "threadx", "mps2_an386", compiled(), {"application": "shell"}),
    ):
        with pytest.raises(UsageError, match=message):
            create.create(kind, package, tmp_path / "p", board=board, target=None, options=options)
        assert not (tmp_path / "p").exists()
    with pytest.raises(UsageError, match="project:DIR@PORT"):
        places.place("board:x")
    with pytest.raises(UsageError, match="holds no project"):
        _ = places.place(f"project:{tmp_path / 'p'}").target


HOST = r"""
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "mrt_sine_int8.h"
#include "ports/service/service.h"

static mrt_executor_t executor;
static mrt_status_t input(uint32_t i, mrt_buffer_t *b) { return mrt_executor_input(&executor, i, b); }
static mrt_status_t output(uint32_t i, mrt_buffer_t *b) { return mrt_executor_output(&executor, i, b); }
static mrt_status_t infer(void) { return mrt_executor_run(&executor); }

/* How long the line takes for a byte: imagined, and added to what really passes, of which a second lasts a tenth. */
static uint32_t pace_ms;

static mrt_status_t get(void *context, uint8_t *data, uint32_t size, uint32_t timeout_ms)
{
    (void)context;
    for (uint32_t index = 0u; index < size; ++index) {
        if ((index + 1u) * pace_ms > timeout_ms) {
            return MRT_ERR_TIMEOUT;
        }
        struct pollfd line = {0, POLLIN, 0};
        if (poll(&line, 1, (timeout_ms == MRT_FOREVER) ? -1 : (int)(timeout_ms / 10u)) == 0) {
            return MRT_ERR_TIMEOUT;
        }
        if (read(0, &data[index], 1) != 1) {
            return MRT_ERR_STATE;
        }
    }
    return MRT_OK;
}

static mrt_status_t put(void *context, const uint8_t *data, uint32_t size)
{
    (void)context;
    return (write(1, data, size) == (ssize_t)size) ? MRT_OK : MRT_ERR_STATE;
}

static uint64_t now(void *context)
{
    (void)context;
    return 0u;
}

int main(int count, char **words)
{
    pace_ms = (count > 1) ? (uint32_t)atoi(words[1]) : 0u;
    static const mrt_dtype_t dtypes[] = {MRT_DTYPE_S8};
    static const char *const names[] = {"y"};
    const mrt_service_model_t model = {"sine", 1u, 1u, dtypes, names, input, output, infer};
    const mrt_platform_t platform = {NULL, now, NULL, NULL, NULL, NULL, get, put};
    mrt_status_t status = mrt_sine_int8_init(&executor);
    status = (status == MRT_OK) ? mrt_service_example(&platform, &model, 12345u) : status;
    return ((status == MRT_OK) && (mrt_service_run(&platform, &model) == MRT_OK)) ? 0 : 1;
}
"""


def describe(folder: Path, words: str = "") -> None:
    """Make a folder look like a project whose board is this workstation."""
    described = {"type": "x", "image": "firmware.elf", "memories": [], "flash": None, "files": {}, "board": "b"}
    described |= {"target": "host", "commands": {"run": ["sh", "-c", f"exec ./firmware.elf {words}"]}}
    (folder / "micrort.json").write_text(json.dumps(described))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Firmware with the service for this workstation, as a project."""
    from micrort import sources

    folder = tmp_path_factory.mktemp("served")
    create.create("library", compiled(), folder / "made", board=None, target="host", options={})
    (folder / "main.c").write_text(HOST)
    root = sources.root()
    command = ["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", f"-I{root}", f"-I{folder}/made/include"]
    command += [str(folder / "main.c"), *(str(root / f"ports/service/{name}.c") for name in ("service", "print"))]
    command += [f"-L{folder}/made/lib", "-lsine_int8", "-lmicrort", "-lm", "-o", str(folder / "firmware.elf")]
    subprocess.run(command, check=True)
    describe(folder)
    return folder


def test_the_service_gives_the_reference_s_bytes(served: Path, capfd: pytest.CaptureFixture[str]) -> None:
    model = str(MODELS / "sine_int8.tflite")
    assert cli.run(["compare", model, "--on", f"project:{served}", "--inputs", "lcg:1-9"]) == 0
    assert "9 tensors over 9 input(s), every one as the reference" in capfd.readouterr().out
    assert cli.run(["run", model, "--on", f"project:{served}", "--profile"]) == 2
    assert actions.run(served) == 0  # nobody is at the console: it ends by itself
    assert "y: crc32 0x18b82d07\nsuccess\n" in capfd.readouterr().out


def test_the_service_survives_what_is_no_request(served: Path) -> None:
    with service.Session(served) as session:
        line = session.transport
        for junk in (b"hello\n", b"mrmrt", b"\xff\x00mrt!"):
            line.write(junk, 1.0)
            assert session.infer(b"\x05") == litert("sine_int8", np.array([[5]], np.int8)).tobytes()
        for size in (0, 2):
            with pytest.raises(RuntimeStatusError, match="argument"):
                session.infer(bytes(size))
        for request, status in ((b"mrt?\1\0\0\0\5\0\0\0\0", "checksum"), (b"mrt?\1\0", "timeout")):
            line.write(request, 1.0)
            service.skip_behind(line, service.REPLY, 5.0)
            assert int.from_bytes(line.read(8, 1.0)[4:], "little", signed=True) < 0, status
            line.read(4, 1.0)
        assert session.infer(b"\x05") == litert("sine_int8", np.array([[5]], np.int8)).tobytes()


@pytest.mark.parametrize("pace", [1900, 2100])
def test_a_slow_line_is_no_pause(served: Path, tmp_path: Path, pace: int) -> None:
    """Two seconds are for each byte, as an emulator on a busy machine needs it, and no longer."""
    shutil.copy(served / "firmware.elf", tmp_path)
    describe(tmp_path, str(pace))
    with service.Session(tmp_path) as session:
        if pace < 2000:
            assert session.infer(b"\x05") == litert("sine_int8", np.array([[5]], np.int8)).tobytes()
        else:
            with pytest.raises(RuntimeStatusError, match="time"):
                session.infer(b"\x05")


class Api:
    """A line that a driver of the Project API opens."""

    def __init__(self, ours: Driver) -> None:
        self.ours = ours

    def read(self, count: int, timeout: float | None) -> bytes:
        return base64.b85decode(self.ours.result("read_transport", n=count, timeout_sec=timeout)["data"])

    def write(self, data: bytes, timeout: float | None) -> None:
        self.ours.result("write_transport", data=base64.b85encode(data).decode(), timeout_sec=timeout)


@pytest.mark.parametrize("kind", BY_MAKE)
def test_inferences_through_the_project_api(kind: str, tmp_path: Path) -> None:
    tree(kind)
    package = compiled("digits_int8")
    folder = tmp_path / "project"
    with driver(Path(template.__file__).parent) as ours:
        info = ours.result("server_info_query", tvm_version="0.14.0")
        options = defaults(info, project_type=kind, board="mps2_an386")
        place = {"model_library_format_path": str(archive(tmp_path, package)), "standalone_crt_dir": "/nowhere"}
        assert ours.result("generate_project", **place, project_dir=str(folder), options=options) is None
    with driver(folder) as ours:
        assert ours.result("build", options=options) is None
        ours.result("open_transport", options=options)
        service.skip_behind(Api(ours), service.READY, 30.0)
        for seed in (1, 2, 3):
            (values,) = make(f"lcg:{seed}", [package.graph.tensors[index] for index in package.graph.inputs]).values()
            assert service.infer(Api(ours), values.tobytes()) == litert("digits_int8", values).tobytes()
        ours.result("close_transport")


def built(kind: str, board: str, folder: Path) -> None:
    """A project of the digits model, built where the machine has what that takes."""
    if kind == "zephyr":
        needs_zephyr(board)
    elif kind == "mbed":
        needs_mbed()
    else:
        tree(kind)
    options = {"warning_as_error": True}
    create.create(kind, compiled("digits_int8"), folder, board=board, target=None, options=options)
    actions.build(folder)


@pytest.mark.parametrize(("kind", "board"), ALL)
def test_every_board_gives_the_reference_s_bytes(
    kind: str, board: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    built(kind, board, tmp_path / "p")
    model = str(MODELS / "digits_int8.tflite")
    assert cli.run(["compare", model, "--on", f"project:{tmp_path / 'p'}", "--inputs", "lcg:1-3"]) == 0
    assert "every one as the reference" in capfd.readouterr().out


@pytest.mark.parametrize("board", ["nucleo_f746zg", "stm32f746g_disco"])
def test_zephyr_builds_for_boards_that_nothing_emulates(board: str, tmp_path: Path) -> None:
    built("zephyr", board, tmp_path / "p")
    assert (tmp_path / "p/build/zephyr/zephyr.elf").stat().st_size > 0


def test_a_zephyr_project_is_an_application_with_a_module(tmp_path: Path) -> None:
    for board, fpu in (("mps2_an385", False), ("mps3_an547", True), ("nucleo_f746zg", True)):
        folder = tmp_path / board
        given = {"zephyr_base": "/some/zephyr", "zephyr_modules": "/a;/b", "seed": 7}
        create.create("zephyr", compiled(), folder, board=board, target=None, options=given)
        assert ("CONFIG_FPU=y" in (folder / "prj.conf").read_text()) is fpu
        text = (folder / "CMakeLists.txt").read_text()
        assert f"set(BOARD {board} " in text and "/some/zephyr" in text and '"/a;/b"' in text
        for unit in re.findall(r"^  (micrort/.*|src/.*)$", text, re.MULTILINE):
            assert (folder / unit).is_file()
        assert (folder / "micrort/lib/sine_int8/libsine_int8.a").is_file()
        assert (folder / "micrort/ports/rtos/zephyr/zephyr/module.yml").is_file()
    (folder / "prj.conf").write_text("CONFIG_MICRORT=y\n")
    made = create.create("zephyr", compiled("digits_int8"), folder, board="nucleo_f746zg", target=None, options={})
    assert made.kept == ("prj.conf",)


def test_operators_of_tvm_have_a_library_of_functions_on_zephyr(tmp_path: Path) -> None:
    ours, theirs = compiled(), packages.of_archive(tvm_archives.graph_archive().write(tmp_path / "tvm.tar"))
    for package, wanted in ((ours, False), (theirs, True)):
        create.create("zephyr", package, tmp_path / package.name, board="mps2_an385", target=None, options={})
        settings = (tmp_path / package.name / "prj.conf").read_text().splitlines()
        assert ("CONFIG_MICRORT_MATHS=y" in settings) is wanted


def test_tvm_s_operators_on_zephyr(tmp_path: Path) -> None:
    """One that calls expf and roundf."""
    needs_zephyr("mps2_an385")
    made = tvm_archives.graph_archive()
    (name,) = [name for name in made.members if name.endswith("lib1.c")]
    call = b"if (roundf(expf((float)num_args)) < 0.0f) { return -1; }"  # never
    made.members[name] = b"#include <math.h>\n" + made.members[name].replace(
        b"int32_t dev_id = 0;", b"int32_t dev_id = 0; " + call, 1
    )
    package = packages.of_archive(made.write(tmp_path / "tvm.tar"))
    create.create("zephyr", package, tmp_path / "p", board="mps2_an385", target=None, options={})
    actions.build(tmp_path / "p")
    given = [make("lcg:1", [package.graph.tensors[index] for index in package.graph.inputs])]
    where = (places.Project(tmp_path / "p", ""), places.place("host"))
    on_board, on_host = (place.run(package, given) for place in where)
    assert [{name: array.tolist() for name, array in item.items()} for item in on_board.outputs] == [
        {name: array.tolist() for name, array in item.items()} for item in on_host.outputs
    ]


def test_a_mbed_project_is_an_application(tmp_path: Path) -> None:
    for board, target, fpu in (("mps2_an385", "ARM_MPS2_M3", False), ("stm32f746g_disco", "DISCO_F746NG", True)):
        folder = tmp_path / board
        given = {"mbed_os_path": "/some/mbed", "seed": 7}
        create.create("mbed", compiled(), folder, board=board, target=None, options=given)
        text = (folder / "CMakeLists.txt").read_text()
        assert f"set(MBED_TARGET {target} " in text and "/some/mbed" in text and ("-mfloat-abi=hard" in text) is fpu
        for unit in re.findall(r"^  (micrort/.*|main.c)$", text, re.MULTILINE):
            assert (folder / unit).is_file()
        assert "&model, 7u" in (folder / "main.c").read_text()
    (folder / "main.c").write_text("int main(void) { return 3; }\n")
    made = create.create("mbed", compiled("digits_int8"), folder, board=board, target=None, options={})
    assert made.kept == ("main.c",)


@pytest.mark.parametrize(("kind", "variable"), [("zephyr", "ZEPHYR_BASE"), ("mbed", "MBED_OS_PATH")])
def test_cmake_without_a_tree_says_which_variable(
    kind: str, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("cmake") is None or shutil.which("ninja") is None:
        pytest.skip(f"cmake and ninja are not installed, which the build of {kind} needs")
    monkeypatch.delenv(variable, raising=False)
    create.create(kind, compiled(), tmp_path / "p", board="mps2_an385", target=None, options={})
    with pytest.raises(actions.ProjectError, match=f'{variable} is "", which is no tree of'):
        actions.build(tmp_path / "p")


FAKE_TREES = {
    "zephyr": ("ZEPHYR_BASE", "kernel/init.c", "share/zephyr-package/cmake/ZephyrConfig.cmake"),
    "mbed": ("MBED_OS_PATH", "mbed.h", "tools/cmake/mbed_toolchain_setup.cmake"),
}
"""Variable, the file that marks a tree, and the first of its files that a project includes."""


@pytest.mark.parametrize("kind", FAKE_TREES)
def test_cmake_takes_the_python_that_runs_the_system_s_scripts(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first on the path may be micrort's own, which does not."""
    if shutil.which("cmake") is None or shutil.which("ninja") is None:
        pytest.skip(f"cmake and ninja are not installed, which the build of {kind} needs")
    variable, marker, included = FAKE_TREES[kind]
    for name, text in ((marker, ""), (included, 'message(FATAL_ERROR "scripts run in ${Python3_EXECUTABLE}")\n')):
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_text(text)
    for name, code in (("without", 1), ("with", 0)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "python3").write_text(f"#!/bin/sh\nexit {code}\n")
        (tmp_path / name / "python3").chmod(0o755)
    monkeypatch.setenv(variable, str(tmp_path / "tree"))
    for tool in ("cmake", "ninja", "sh", "arm-none-eabi-gcc"):  # whose folder may hold a Python, too
        (tmp_path / "without" / tool).symlink_to(shutil.which(tool) or tool)
    create.create(kind, compiled(), tmp_path / "p", board="mps2_an385", target=None, options={})
    monkeypatch.setenv("PATH", str(tmp_path / "without"))
    with pytest.raises(actions.ProjectError, match=rf"no Python.* has\s+the\s+packages\s+of {kind.title()}'s"):
        actions.build(tmp_path / "p")
    monkeypatch.setenv("PATH", f"{tmp_path / 'without'}:{tmp_path / 'with'}")
    with pytest.raises(actions.ProjectError, match=rf"scripts run in\s+{tmp_path / 'with/python3'}"):
        actions.build(tmp_path / "p")


def test_a_cube_project_holds_all_but_the_hal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STM32CUBE_PATH", raising=False)
    folder = tmp_path / "p"
    create.create("stm32cube", compiled(), folder, board="nucleo_f746zg", target=None, options={})
    for unit in re.findall(r"^    (micrort/\S+)", (folder / "Makefile").read_text(), re.MULTILINE):
        assert (folder / unit).is_file()
    assert not (folder / "micrort/ports/rtos/stm32cube/stm32f7xx_hal_conf.h").exists()
    with pytest.raises(actions.ProjectError, match='STM32CUBE_PATH is "", which is no tree of STM32CubeF7'):
        actions.build(folder)
    (folder / "stm32f7xx_hal_conf.h").write_text("/* mine */\n")
    made = create.create("stm32cube", compiled("digits_int8"), folder, board="nucleo_f746zg", target=None, options={})
    assert made.kept == ("stm32f7xx_hal_conf.h",)
