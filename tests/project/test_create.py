"""Projects: made, built in a clean folder, run on the emulated board; renewed without touching the user's files."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.codegen.models import MODELS

from micrort import cli, compiler, mlf
from micrort.commands.run import crc32
from micrort.inputs import make
from micrort.native.executor import HostExecutor
from micrort.project import actions, create, platforms


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("archives")
    found = {}
    for name in ("sine_int8", "sine_float", "digits_int8"):
        for executor in ("graph", "aot"):
            package = compiler.compile_model(
                MODELS / f"{name}.tflite", compiler.CompileOptions("cortex-m4", executor=executor)
            )
            found[f"{name}-{executor}"] = folder / f"{name}-{executor}.tar"
            mlf.write(package, found[f"{name}-{executor}"])
    return found


def micro(*arguments: object) -> int:
    return cli.run(["micro", *map(str, arguments)])


def expected(archive: Path) -> list[str]:
    package = mlf.read(archive)
    executor = HostExecutor(package.graph)
    arrays = make("lcg:12345", [package.graph.tensors[index] for index in package.graph.inputs])
    for index, value in enumerate(arrays.values()):
        executor.set_input(index, value)
    return [f"{name}: crc32 0x{crc32(value):08x}" for name, value in executor.run().items()]


@pytest.mark.parametrize("which", ["sine_int8-graph", "sine_float-aot", "digits_int8-graph", "digits_int8-aot"])
def test_baremetal_gives_the_hosts_bytes(
    which: str, archives: dict[str, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "project"
    arguments = ["--type", "baremetal", "--board", "mps2_an386", "--warning-as-error"]
    assert micro("create-project", archives[which], folder, *arguments) == 0
    assert micro("build", folder) == 0
    capfd.readouterr()
    assert micro("run", folder) == 0
    printed = capfd.readouterr().out
    assert expected(archives[which])[0] in printed
    assert printed.endswith("success\n")


def test_the_model_fits_every_emulated_board(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    package = compiler.compile_model(MODELS / "sine_int8.tflite")
    archive = tmp_path / "sine.tar"
    mlf.write(package, archive)
    for board in ("microbit", "mps2_an385", "mps2_an500", "mps2_an505", "mps2_an521", "mps3_an547"):
        folder = tmp_path / board
        for verb in (("create-project", archive, folder, "--type", "baremetal", "--board", board), ("build", folder)):
            assert micro(*verb) == 0
        capfd.readouterr()
        assert micro("run", folder) == 0
        assert expected(archive)[0] in capfd.readouterr().out


def asked(folder: Path, *arguments: str) -> list[str]:
    """What pkg-config says of a library project."""
    environment = {**os.environ, "PKG_CONFIG_PATH": str(folder / "lib/pkgconfig")}
    done = subprocess.run(["pkg-config", *arguments], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_library_by_pkg_config_and_example(archives: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "library"
    for which in ("digits_int8-graph", "digits_int8-aot"):
        assert micro("create-project", archives[which], folder, "--type", "library") == 0
        assert micro("build", folder) == 0
    (tmp_path / "main.c").write_text(
        '#include "mrt_digits_int8.h"\n\n'
        "void mrt_start(void);\n\n"
        "void mrt_start(void)\n{\n    while (mrt_digits_int8_run() == MRT_OK) {\n    }\n}\n"
    )
    (tmp_path / "firmware.ld").write_text(
        "MEMORY { FLASH (rx) : ORIGIN = 0, LENGTH = 256K  RAM (rw) : ORIGIN = 0x20000000, LENGTH = 64K }\n"
        'REGION_ALIAS("MRT_ARENAS", RAM)\nENTRY(mrt_start)\nSECTIONS\n{\n'
        "    .text : { *(.text*) *(.rodata*) } > FLASH\n    .ARM.exidx : { *(.ARM.exidx*) } > FLASH\n"
        "    INCLUDE micrort.ld\n    .data : { *(.data*) } > RAM AT> FLASH\n    .bss : { *(.bss*) } > RAM\n}\n"
    )
    command = ["arm-none-eabi-gcc", *asked(folder, "--variable=core", "micrort"), "-Wall", "-Wextra", "-Werror"]
    command += ["-nostartfiles", "-Wl,--fatal-warnings", "-Wl,--gc-sections", f"-L{folder}", "-T", "firmware.ld"]
    command += ["main.c", *asked(folder, "--cflags", "--libs", "digits_int8"), "-lgcc", "-o", "a.elf"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    listed = subprocess.run(["arm-none-eabi-nm", "a.elf"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert "200" in next(line for line in listed.stdout.splitlines() if line.endswith("mrt_arenas_begin"))[:3]
    assert micro("run", folder) == 1


def test_library_for_the_host_runs(tmp_path: Path) -> None:
    package = compiler.compile_model(MODELS / "sine_int8.tflite")
    create.create("library", package, tmp_path / "made", board=None, target="host", options={})
    actions.build(tmp_path / "made")
    main = tmp_path / "main.c"
    main.write_text(
        '#include <stdio.h>\n#include "mrt_sine_int8.h"\n'
        "mrt_status_t infer(const void *const inputs[], void *const outputs[]);\n"
        "int main(void) { int8_t x = 5, y = 0; const void *in[] = {&x}; void *out[] = {&y};\n"
        'mrt_status_t status = infer(in, out); printf("%d %d", status, y); return 0; }\n'
    )
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(app C)\n"
        f"find_package(micrort REQUIRED PATHS {tmp_path}/made/lib/cmake)\n"
        f"add_executable(app main.c {tmp_path}/made/example/infer.c)\ntarget_link_libraries(app micrort::sine_int8)\n"
    )
    command = ["cc", str(main), str(tmp_path / "made/example/infer.o"), f"-I{tmp_path}/made/include"]
    command += [f"-L{tmp_path}/made/lib", "-lsine_int8", "-lmicrort", "-lm", "-o", str(tmp_path / "app")]
    subprocess.run(command, check=True)
    executor = HostExecutor(package.graph)
    executor.set_input(0, make("lcg:12345", [package.graph.tensors[package.graph.inputs[0]]]).popitem()[1] * 0 + 5)
    (output,) = executor.run().values()
    printed = subprocess.run([str(tmp_path / "app")], check=True, capture_output=True, text=True).stdout
    assert printed == f"0 {output.item()}"


def test_what_the_user_changed_stays(
    archives: dict[str, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "project"
    arguments = ["--type", "baremetal", "--board", "mps2_an386"]
    assert micro("create-project", archives["sine_int8-graph"], folder, *arguments) == 0
    (folder / "main.c").write_text("int main(void) { return 3; }\n")
    (folder / "mine.c").write_text("/* mine */\n")
    capfd.readouterr()
    for _ in range(2):  # what was kept once is kept again
        assert micro("create-project", archives["digits_int8-graph"], folder, *arguments, "--json") == 0
        assert json.loads(capfd.readouterr().out)["kept"] == ["main.c"]
    assert not (folder / "micrort/lib/libsine_int8.a").exists()
    assert (folder / "micrort/lib/libdigits_int8.a").exists() and (folder / "mine.c").exists()
    assert micro("build", folder) == 0
    assert micro("run", folder) == 3


def test_refusals(archives: dict[str, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    archive = archives["sine_int8-graph"]
    junk = tmp_path / "junk.tar"
    junk.write_bytes(b"no archive")
    full = tmp_path / "full"
    full.mkdir()
    (full / "file").write_text("mine")
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "micrort.json").write_text('{"type": "baremetal", "commands": {}, "files": {"../x": ""}}')
    board = ("--board", "mps2_an386")
    bare = ("--type", "baremetal")
    for code, message, arguments in (
        (1, "not a Model Library Format archive", (junk, tmp_path / "new", *bare, *board)),
        (2, "does not exist", (tmp_path / "none.tar", tmp_path / "new", *bare, *board)),
        (2, "is not empty", (archive, full, *bare, *board)),
        (2, "is a file", (archive, junk, *bare, *board)),
        (2, "is damaged", (archive, damaged, *bare, *board)),
        (2, "did you mean mps2_an386", (archive, tmp_path / "new", *bare, "--board", "mps2_an387")),
        (2, "did you mean baremetal", (archive, tmp_path / "new", "--type", "bare-metal", *board)),
        (2, "name one with --board", (archive, tmp_path / "new", *bare)),
        (2, "does not run code for cortex-m4", (archive, tmp_path / "new", *bare, "--board", "mps2_an385")),
        (2, "at least 256", (archive, tmp_path / "new", *bare, *board, "--stack-size", 8)),
        (2, "have no option 'seed'", (archive, tmp_path / "new", "--type", "library", *board, "--seed", 8)),
    ):
        assert micro("create-project", *arguments) == code, arguments
        assert message in capfd.readouterr().err
        assert not (tmp_path / "new").exists()
    for verb in ("build", "run", "flash"):
        assert micro(verb, tmp_path / "new") == 1
        assert "holds no project" in capfd.readouterr().err
    assert (full / "file").read_text() == "mine"


def test_a_broken_build_says_what_the_compiler_said(
    archives: dict[str, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "project"
    arguments = ["--type", "baremetal", "--board", "mps2_an386"]
    assert micro("create-project", archives["sine_int8-graph"], folder, *arguments) == 0
    assert micro("run", folder) == 1
    assert "build the project first" in capfd.readouterr().err
    (folder / "main.c").write_text("int main(void) { return nothing; }\n")
    assert micro("build", folder) == 1
    assert "'nothing' undeclared" in capfd.readouterr().err
    (folder / "firmware.elf").write_bytes(b"junk")
    assert micro("flash", folder) == 1
    assert "is no 32-bit ELF" in capfd.readouterr().err


def test_help_lists_every_option(capfd: pytest.CaptureFixture[str]) -> None:
    assert micro("create-project", "--help") == 0
    printed = capfd.readouterr().out
    for name in platforms.NAMES:
        for option in platforms.platform(name).options:
            assert f"--{option.name.replace('_', '-')}" in printed
