"""Memory protection of the bare-metal port: models run clean under it, and a wrong kernel is caught."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from tests.ports.firmware import build, run

from micrort.compiler import CompileOptions, compile_model
from micrort.devices import boards
from micrort.errors import TargetError
from micrort.mlf import Package
from micrort.project import build as project
from micrort.project import guards
from micrort.transport import qemu

MODELS = Path(__file__).resolve().parents[1] / "models"
MACHINES = ("mps2-an385", "mps2-an386", "mps2-an500", "mps2-an505", "mps2-an521", "mps3-an547")
V7, V8 = "mps2-an386", "mps2-an505"
"""A machine for each of the two kinds of MPU."""


def compiled(name: str, machine: str) -> Package:
    return compile_model(MODELS / f"{name}.tflite", CompileOptions(target=boards.for_machine(machine).target.name))


def arenas(package: Package) -> list[guards.Arena]:
    return [guards.Arena(arena.name, arena.alignment) for arena in package.graph.arenas]


@pytest.mark.parametrize("machine", MACHINES)
def test_models_run_under_protection(machine: str, tmp_path: Path) -> None:
    """The runner of every other test, too, is protected like this one."""
    package = compiled("digits_int8", machine)
    board = boards.for_machine(machine)
    (source,) = (package.graph.tensors[index] for index in package.graph.inputs)
    (tmp_path / "inputs.bin").write_bytes(np.zeros(source.shape, source.dtype.numpy).tobytes())
    console = qemu.run(project.firmware(package, board, board.target).image, machine, tmp_path, timeout=60)
    found = re.search(r"^mpu_regions (\d+)$", console, re.MULTILINE)
    assert found is not None
    # Armv8-M: code, stack, arena, variables. Armv7-M: code, data, the vectors and at least three guards cut out.
    assert 4 <= int(found[1]) <= 8


WRONG = """
#include "ports/rtos/bare/port.h"
#include "MODEL_HEADER"

mrt_status_t __real_KERNEL(const mrt_call_t *call);
mrt_status_t __wrap_KERNEL(const mrt_call_t *call);

static char misdeed[64];
static volatile uint8_t *volatile null; /* read anew, lest the compiler should know it */

static bool is(const char *word)
{
    const char *text = &misdeed[sizeof("firmware")];
    uint32_t index = 0u;
    while ((word[index] != '\\0') && (word[index] == text[index])) {
        ++index;
    }
    return (word[index] == '\\0') && (text[index] == '\\0');
}

static __attribute__((noinline)) uint32_t deep(volatile uint32_t *value)
{
    volatile uint32_t room[64];
    room[0] = *value;
    return (room[0] == 0u) ? 0u : (deep(room) + room[0]);
}

/* The kernel, and after it, what a wrong one might do. */
mrt_status_t __wrap_KERNEL(const mrt_call_t *call)
{
    const mrt_status_t status = __real_KERNEL(call);
    volatile uint8_t *arena = call->pools[0];
    volatile uint8_t *params = (uint8_t *)(uintptr_t)call->params;
    if (is("behind")) {
        /* In the next whole KiB: QEMU 7.2 keeps one verdict for a KiB of which an Armv7-M subregion is cut out. */
        *(volatile uint8_t *)(((uintptr_t)arena + ARENA_BYTES + 1023u) & ~(uintptr_t)1023u) = 1u;
    } else if (is("before")) {
        arena[-1] = 1u;
    } else if (is("inside")) {
        arena[ARENA_BYTES - 1u] = arena[ARENA_BYTES - 1u];
    } else if (is("weights")) {
        params[5] = params[5];
    } else if (is("tables")) {
        *(volatile uint32_t *)(uintptr_t)call->tensors = 0u;
    } else if (is("null")) {
        (void)null[12];
    } else if (is("write-null")) {
        null[0] = 1u;
    } else if (is("stack")) {
        (void)deep((volatile uint32_t *)(uintptr_t)params);
    } else if (is("execute")) {
        ((void (*)(void))((uintptr_t)arena | 1u))();
    } else if (is("far")) {
        (void)*(volatile uint8_t *)((uintptr_t)null | 0x80000000u);
    }
    return status;
}

int main(void)
{
    static mrt_executor_t executor;
    (void)mrt_port_command_line(misdeed, (uint32_t)sizeof(misdeed));
    mrt_status_t status = MODEL_init(&executor);
    if (status == MRT_OK) {
        status = mrt_executor_run(&executor);
    }
    mrt_port_print("end");
    return (status == MRT_OK) ? 0 : 1;
}
"""


@pytest.fixture(scope="module", params=[V7, V8, "mps3-an547"])
def wrong(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Firmware in which the model's first kernel does what the command line says."""
    machine: str = request.param
    package = compiled("digits_int8", machine)
    board = boards.for_machine(machine)
    folder = tmp_path_factory.mktemp("wrong")
    kernel = f"mrt_{package.graph.nodes[0].kernel}_run"
    text = WRONG.replace("KERNEL", kernel).replace("MODEL_HEADER", "mrt_digits_int8.h")
    text = text.replace("MODEL_init", "mrt_digits_int8_init")
    text = text.replace("ARENA_BYTES", f"{package.graph.arenas[0].size}u")
    model = project.firmware(package, board, board.target).model_library
    assert model is not None
    library = project.library(board.target)
    extra = [f"-Wl,--wrap={kernel}", f"-I{model.parent}", str(model), str(library), "-lm"]
    return machine, build(folder, machine, text, extra=extra, arenas=arenas(package))


@pytest.mark.parametrize("word", ["none", "inside"])
def test_a_right_kernel_is_left_alone(word: str, wrong: tuple[str, Path]) -> None:
    machine, image = wrong
    assert qemu.run(image, machine, image.parent, [word], timeout=60) == "end"


@pytest.mark.parametrize(
    ("word", "report"),
    [
        ("behind", "behind an arena"),
        ("before", "above the stack, before an arena"),
        ("weights", "code, constants or weights, which are read-only"),
        ("tables", "code, constants or weights, which are read-only"),
        ("null", "access to 0x0000000c, the vector table, or a null pointer"),
        ("write-null", "access to 0x00000000, the vector table, or a null pointer"),
        ("execute", "execution of data, or of no memory"),
        ("far", "access to 0x80000000, no memory of this firmware"),
    ],
)
def test_a_wrong_kernel_is_caught(word: str, report: str, wrong: tuple[str, Path]) -> None:
    machine, image = wrong
    with pytest.raises(TargetError, match=rf"faulted\n\s*fault: CFSR .* PC 0x.*\nmemory protection: .*{report}"):
        qemu.run(image, machine, image.parent, [word], timeout=60)


def test_a_stack_overflow_is_caught(wrong: tuple[str, Path]) -> None:
    """By MSPLIM on Armv8-M, by the guard on Armv7-M, where it must not reach what lies below."""
    machine, image = wrong
    report = "below the stack|no room on the stack" if machine == V7 else "fault: CFSR 0x00100000"
    with pytest.raises(TargetError, match=report):
        qemu.run(image, machine, image.parent, ["stack"], timeout=60)


CLOSED = """
#include "ports/rtos/bare/mpu.h"
#include "ports/rtos/bare/port.h"

static volatile uint8_t model[8192] __attribute__((section(".bss.mrt_arena_model"), aligned(16)));
static volatile uint8_t arena[64] __attribute__((section(".bss.mrt_arena_ram"), aligned(16)));

int main(void)
{
    model[100] = 7u;
    arena[0] = 1u;
    if (!mrt_port_mpu_close((const void *)(uintptr_t)model, (uint32_t)sizeof(model))) {
        return 2;
    }
    arena[0] = model[100];
    mrt_port_print("closed");
    model[8191] = 1u;
    return (arena[0] == 7u) ? 0 : 1;
}
"""


@pytest.mark.parametrize("machine", [V7, V8])
def test_a_loaded_model_is_read_only(machine: str, tmp_path: Path) -> None:
    places = [guards.Arena("model", 2048), guards.Arena("ram", 16)]
    image = build(tmp_path, machine, CLOSED, arenas=places)
    with pytest.raises(TargetError, match=r"closed\nfault: .*\nmemory protection: .*, data that is read-only"):
        qemu.run(image, machine, tmp_path, timeout=60)


MANY = """
#include "ports/rtos/bare/mpu.h"
#include "ports/rtos/bare/port.h"
DEFINITIONS

int main(void)
{
    mrt_port_print_decimal(mrt_port_mpu_regions());
    USES
    return 0;
}
"""


def many(count: int) -> tuple[str, list[guards.Arena]]:
    names = [f"pool{index}" for index in range(count)]
    made = [f'static volatile uint8_t {name}[100] __attribute__((section(".bss.mrt_arena_{name}")));' for name in names]
    uses = " ".join(f"{name}[99] = 1u;" for name in names)
    text = MANY.replace("DEFINITIONS", "\n".join(made)).replace("USES", uses)
    return text, [guards.Arena(name, 16) for name in names]


def test_several_arenas(tmp_path: Path) -> None:
    """Armv7-M has eight regions: three arenas are guarded at both ends, a fourth is refused rather than left open."""
    text, places = many(3)
    assert qemu.run(build(tmp_path, V7, text, arenas=places), V7, tmp_path, timeout=60) == "8"
    text, places = many(4)
    with pytest.raises(TargetError, match="too few MPU regions"):
        qemu.run(build(tmp_path, V7, text, arenas=places), V7, tmp_path, timeout=60)


BEHIND = """
#include "ports/rtos/bare/mpu.h"
#include "ports/rtos/bare/port.h"

static volatile uint8_t far[64] __attribute__((section(".bss.mrt_arena_far"), aligned(16)));

int main(void)
{
    far[63] = 1u;
    mrt_port_print("inside");
    *(volatile uint8_t *)(((uintptr_t)far + 64u + 1023u) & ~(uintptr_t)1023u) = 1u;
    return 0;
}
"""


@pytest.mark.parametrize(("machine", "memory"), [(V7, "psram"), ("mps3-an547", "dtcm")])
def test_arenas_in_a_second_memory_are_guarded(machine: str, memory: str, tmp_path: Path) -> None:
    image = build(tmp_path, machine, BEHIND, arenas=[guards.Arena("far", 16, memory)])
    with pytest.raises(TargetError, match=r"inside\nfault: .*\nmemory protection: .*, behind an arena"):
        qemu.run(image, machine, tmp_path, timeout=60)


def test_without_arenas(tmp_path: Path) -> None:
    """Firmware of the port that has a list of arenas of nobody's making: all of them between two guards."""
    text, _ = many(1)
    assert int(run(tmp_path, V7, text)) >= 6
