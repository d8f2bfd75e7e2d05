"""micrort.hpp: the sine model by it, on the workstation and on emulated boards, and code that must not compile."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from tests.codegen.models import compiled, run_compiler, write_sources

from micrort import sources
from micrort.devices import boards, targets
from micrort.native.executor import HostExecutor
from micrort.project import build
from micrort.site_tools.micrort_target import CODE
from micrort.transport import qemu

HERE = Path(__file__).parent
CXX = (
    *("-std=c++17", "-O2", "-fno-exceptions", "-fno-rtti"),
    *("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Werror"),
)
INPUTS = range(-128, 128, 5)


def include(folder: Path) -> list[str]:
    return [f"-I{path}" for path in (sources.root() / "include", sources.root(), folder)]


def needs(tool: str) -> str:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed; ./dev setup installs it")
    return tool


def expected() -> list[int]:
    """What the host executor answers."""
    executor = HostExecutor(compiled("sine_int8").graph)
    answers = []
    for x in INPUTS:
        executor.set_input(0, np.array([[x]], np.int8))
        answers.append(int(next(iter(executor.run().values())).item()))
    return answers


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_on_the_host(compiler: str, tmp_path: Path) -> None:
    model = write_sources(compiled("sine_int8"), tmp_path)
    objects = []
    for unit in model:
        objects.append(str(unit.with_suffix(".o")))
        run_compiler("gcc", *CODE, *include(tmp_path), "-c", str(unit), "-o", objects[-1])
    image = tmp_path / "sine"
    library = build.library(targets.target("host"))
    sanitisers = ("-fsanitize=undefined,address", "-fno-sanitize-recover=all")
    run_compiler(
        *(needs(compiler), *CXX, *sanitisers, *include(tmp_path), str(HERE / "sine.cpp")),
        *(*objects, str(library), "-o", str(image)),
    )
    done = subprocess.run([image], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [int(line) for line in done.stdout.split()] == expected()


@pytest.mark.parametrize("machine", ["mps2-an386", "mps3-an547"])
def test_on_emulated_boards(machine: str, tmp_path: Path) -> None:
    """Linked by the C compiler, without a C++ library: nothing of it is needed."""
    board = boards.for_machine(machine)
    target = board.resolve(None)
    port = sources.root() / "ports/rtos/bare"
    (tmp_path / "memory.ld").write_text(board.memory_ld())
    flags = (*target.flags, "-ffunction-sections", "-fdata-sections", *include(tmp_path))
    units = [*write_sources(compiled("sine_int8"), tmp_path), *sorted(port.glob("*.c"))]
    main = tmp_path / "main.o"
    run_compiler(
        *(needs("arm-none-eabi-g++"), *CXX, *flags, "-DMRT_TEST_ON_BARE_METAL"),
        *("-fno-threadsafe-statics", "-c", str(HERE / "sine.cpp"), "-o", str(main)),
    )
    image = tmp_path / "sine.elf"
    run_compiler(
        *("arm-none-eabi-gcc", *CODE, *flags, *map(str, units), str(main), str(build.library(target))),
        *("-Wl,--gc-sections", "-nostartfiles", "-T", str(port / "bare.ld")),
        *(f"-L{tmp_path}", f"-L{port}", f"-L{sources.root() / 'ports'}", "-o", str(image)),
    )
    printed = qemu.run(image, machine, tmp_path, timeout=60)
    assert [int(line) for line in printed.split()] == expected()


REFUSED = {
    "an ignored status": ("executor.run();", "nodiscard"),
    "a copy": ("micrort::Executor copy(executor); (void)copy;", "deleted"),
    "elements that no tensor has": (
        "micrort::Span<double> view; (void)executor.input(0, view).ok();",
        "no tensor has elements of this type",
    ),
    "an input that only reads": (
        "micrort::Span<const float> view; (void)executor.input(0, view).ok();",
        "an input is written",
    ),
    "writing to an output": ("micrort::Span<const float> view; view[0] = 1.0f;", "read-only"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_compile(case: str, tmp_path: Path) -> None:
    text, reason = REFUSED[case]
    unit = tmp_path / "refused.cpp"
    body = '#include "micrort/micrort.hpp"\nvoid use(micrort::Executor &executor);\n'
    body += f"void use(micrort::Executor &executor) {{ (void)executor.graph(); {text} }}\n"
    unit.write_text(body)
    command = [needs("g++"), *CXX, *include(tmp_path), "-fsyntax-only", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert reason in done.stderr


def test_older_standards_are_refused_by_name(tmp_path: Path) -> None:
    unit = tmp_path / "old.cpp"
    unit.write_text('#include "micrort/micrort.hpp"\n')
    command = [needs("g++"), "-std=c++14", *include(tmp_path), "-fsyntax-only", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "micrort.hpp needs C++17" in done.stderr
