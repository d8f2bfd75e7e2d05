"""Worst-case stack: what is found in code of known depth, what is refused, and that no measurement exceeds it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from tests.ports.firmware import build as link
from tests.shared import ROOT

from micrort import inputs
from micrort.compiler import CompileOptions, compile_model
from micrort.devices import boards, targets
from micrort.errors import ToolError
from micrort.mlf import Blob, Package, blob
from micrort.project import build, frames, public_stack
from micrort.project.emulator import Run, emulate
from micrort.project.stack import Analysis
from micrort.transport import qemu

MODELS = Path(__file__).resolve().parents[1] / "models"
MACHINES = ("mps2-an385", "mps2-an386", "mps2-an500", "mps2-an505", "mps2-an521", "mps3-an547")
CORES = {"cortex-m0plus": (), "cortex-m4": ("-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"), "cortex-m33": ()}


def analysis(folder: Path, text: str, core: str = "cortex-m4", source: str = "code.c") -> Analysis:
    """Of C text, with `entry` as its root."""
    (folder / source).parent.mkdir(parents=True, exist_ok=True)
    (folder / source).write_text(text)
    compiler = ["arm-none-eabi-gcc", f"-mcpu={core}", "-mthumb", *CORES[core], "-std=c11", "-O2"]
    subprocess.run([*compiler, frames.FLAG, "-c", source, "-o", "code.o"], cwd=folder, check=True)
    (folder / "code.frames").write_text(frames.gather([folder / "code.ci"], folder))
    options = ["-nostartfiles", "-Wl,--entry=entry", "code.o", "-lm", "-o", "code.elf"]
    subprocess.run([*compiler, *options], cwd=folder, check=True)
    return Analysis(folder / "code.elf", [folder / "code.frames"], ["one", "two"])


KNOWN = """
#define APART __attribute__((noinline, noclone))
static APART int leaf(volatile int *room) { volatile int own[100]; own[0] = *room; return own[0] + 1; }
static APART int small(volatile int *room) { return leaf(room) + 1; }
static APART int large(volatile int *room) { volatile int own[300]; own[3] = *room; return own[3] - 1; }
int entry(int way)
{
    volatile int room = way;
    return (way != 0) ? (small(&room) * 3) : (large(&room) * 5);
}
"""


@pytest.mark.parametrize("core", CORES)
def test_the_deepest_way_counts(core: str, tmp_path: Path) -> None:
    found = analysis(tmp_path, KNOWN, core).bound("entry")
    assert found.path == ("entry", "large")
    assert 1200 < found.bytes < 1200 + 64
    small = analysis(tmp_path, KNOWN.replace("own[300]", "own[50]"), core).bound("entry")
    assert small.path == ("entry", "small", "leaf")
    assert 400 < small.bytes < 400 + 80


@pytest.mark.parametrize("core", CORES)
def test_frames_of_the_compiler_and_of_its_code_agree(core: str, tmp_path: Path) -> None:
    """What is read from machine code, the only way for the C library, holds for code whose frames are known."""
    known = analysis(tmp_path, KNOWN, core)
    stated = {name: item[0].bytes for name, item in known.frames.items()}
    read = {item.name: item.pushed for item in known.functions.values() if item.name in stated and not item.doubt}
    assert read == {name: size for name, size in stated.items() if name in read}
    # Armv6-M has no instruction to take 1,200 bytes at once: its code adds a register, which counts as a doubt.
    assert {"entry", "small", "leaf"} <= set(read)


@pytest.mark.parametrize("core", CORES)
def test_structures_that_come_half_in_registers_count(core: str, tmp_path: Path) -> None:
    """Their callee stores the other half beside them, which gcc's own figure leaves out."""
    text = """
    typedef struct rows { int begin; int end; } rows_t;
    static __attribute__((noinline, noclone)) int half(int a, int b, int c, rows_t rows)
    {
        rows_t *volatile at = &rows;
        return at->begin + at->end + a + b + c;
    }
    int entry(int a) { rows_t rows = {a, a + 1}; return half(a, a, a, rows) + 1; }
    """
    known = analysis(tmp_path, text, core)
    (half,) = (item for item in known.functions.values() if item.name == "half")
    assert not half.doubt
    assert known.frame(half) == half.pushed >= known.frames["half"][0].bytes


def linked(folder: Path, units: tuple[str, ...], known: tuple[str, ...]) -> Analysis:
    """An image of the files `units`, all of whose functions stay; of those `known` the compiler states frames."""
    compiler = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-std=c11", "-O2"]
    for unit in units:
        subprocess.run([*compiler, frames.FLAG, "-c", f"{unit}.c", "-o", f"{unit}.o"], cwd=folder, check=True)
    objects = [f"{unit}.o" for unit in units]
    options = ["-nostartfiles", f"-Wl,--entry={units[-1]}", *objects, "-o", "code.elf"]
    subprocess.run([*compiler, *options], cwd=folder, check=True)
    (folder / "code.frames").write_text(frames.gather([folder / f"{unit}.ci" for unit in known], folder))
    return Analysis(folder / "code.elf", [folder / "code.frames"], [])


def test_files_tell_functions_of_the_same_name_apart(tmp_path: Path) -> None:
    """Each static `leaf` counts where it is called, not the larger of both."""
    (tmp_path / "large.c").write_text(
        "#define APART __attribute__((noinline, noclone))\n"
        "static APART int leaf(int n) { volatile int own[200]; own[n & 7] = n; return own[n & 3]; }\n"
        "int large(int n) { return leaf(n) + 1; }\n"
    )
    (tmp_path / "small.c").write_text(
        "#define APART __attribute__((noinline, noclone))\n"
        "static APART int leaf(int n) { volatile int own[10]; own[n & 7] = n; return own[n & 3]; }\n"
        "int large(int n);\n"
        "int small(int n) { return leaf(n) + 1; }\n"
        "int entry(int n) { return small(n) + large(n); }\n"
    )
    found = linked(tmp_path, ("large", "small"), ("large", "small"))
    assert 800 < found.bound("large").bytes < 800 + 40
    assert 40 < found.bound("small").bytes < 40 + 40
    assert found.bound("entry").path == ("entry", "large", "leaf")


def test_static_functions_of_others_do_not_get_our_frames(tmp_path: Path) -> None:
    """Of two static `leaf` one is known; the other one has no bound."""
    source = "static __attribute__((noinline, noclone)) int leaf(int n) { volatile int own[ROOM]; own[n & 7] = n; "
    source += "return own[n & 3]; }\nint NAME(int n) { return leaf(n) + 1; }\n"
    (tmp_path / "ours.c").write_text(source.replace("ROOM", "10").replace("NAME", "ours"))
    (tmp_path / "other.c").write_text("int ours(int n);\n" + source.replace("ROOM", "n").replace("NAME", "other"))
    found = linked(tmp_path, ("ours", "other"), ("ours",))
    assert 40 < found.bound("ours").bytes < 40 + 40
    with pytest.raises(ToolError, match="the stack of leaf has no bound"):
        found.bound("other")


@pytest.mark.parametrize("jump", ["ldr.w pc, [sp, #4]", "ldmia r0!, {r1, r3, pc}"])
def test_what_stands_behind_a_jump_by_an_address_in_memory_counts(jump: str, tmp_path: Path) -> None:
    """As in loops that are entered in the middle."""
    text = (
        KNOWN.replace("int entry(int way)", "int other(int way)")
        + """
    __asm(".syntax unified\\n .thumb\\n .global entry\\n .type entry, %function\\n .thumb_func\\n"
          "entry:\\n push {r4, lr}\\n sub sp, #8\\n JUMP\\n nop\\n bl other\\n add sp, #8\\n"
          "pop {r4, pc}\\n .size entry, .-entry\\n");
    """
    )
    found = analysis(tmp_path, text.replace("JUMP", jump)).bound("entry")
    assert found.path == ("entry", "other", "large")
    assert found.bytes > 1200 + 16


@pytest.mark.parametrize("core", CORES)
def test_the_library_counts(core: str, tmp_path: Path) -> None:
    text = """
    #include <math.h>
    #include <string.h>
    float entry(float x)
    {
        volatile char room[64];
        memset((void *)room, (int)x, sizeof room);
        return tanhf(x) + room[(int)x & 63];
    }
    """
    found = analysis(tmp_path, text, core).bound("entry")
    assert "tanhf" in found.path
    assert 64 + 8 < found.bytes < 64 + 300


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("int entry(int n) { volatile int a = n; return a < 2 ? 1 : entry(n - 1) * entry(n - 2); }", "recursion"),
        ("extern int (*call)(int); int (*call)(int); int entry(int n) { return call(n) + 1; }", "through a pointer"),
        ("int entry(int n) { volatile char room[n]; room[0] = 1; return room[n / 2]; }", "is dynamic"),
    ],
)
def test_what_has_no_bound_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=message):
        analysis(tmp_path, text).bound("entry")


def test_a_function_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="no function missing"):
        analysis(tmp_path, KNOWN).bound("missing")


def test_code_without_stated_frames_is_doubted(tmp_path: Path) -> None:
    """An unknown library that moves its stack pointer by a register, or takes stack in a loop."""
    moves = 'void entry(void) { __asm volatile("sub sp, sp, r3" ::: "memory"); }'
    loops = 'void entry(void) { __asm volatile("1: push {r0}\\n\\tsubs r3, #1\\n\\tbne 1b" ::: "r3", "cc", "memory"); }'
    for text, message in ((moves, "sub.* sp, r3"), (loops, "in a loop")):
        found = analysis(tmp_path, text)
        found.frames = {}
        with pytest.raises(ToolError, match=message):
            found.bound("entry")


def test_pointers_of_the_executor_reach_kernels(tmp_path: Path) -> None:
    text = """
    int mrt_one_run(int n) { volatile char room[40]; room[0] = (char)n; return room[0]; }
    int mrt_two_run(int n) { volatile char room[80]; room[0] = (char)n; return room[0]; }
    int mrt_three_run(int n) { volatile char room[160]; room[0] = (char)n; return room[0]; }
    int (*const kernels[])(int) = {mrt_one_run, mrt_two_run, mrt_three_run};
    int entry(int n) { return kernels[n](n) + 1; }
    """
    found = analysis(tmp_path, text, source="runtime/executor.c").bound("entry")
    assert found.path == ("entry", "mrt_two_run"), "the deepest of the kernels that are known"


def compiled(path: Path, machine: str) -> Package:
    return compile_model(path, CompileOptions(target=boards.for_machine(machine).target.name))


def run(package: Package | Blob, machine: str) -> Run:
    graph = package.graph
    return emulate(package, machine, [inputs.make("lcg:7", [graph.tensors[index] for index in graph.inputs])])


def holds(found: Run) -> None:
    """The bound is one, and no idle one: below it lie at most the saved registers of ways that were not taken."""
    assert found.stack_bytes <= found.stack_bound_bytes
    assert found.stack_bound_bytes <= found.stack_bytes + 256


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", ["digits_float", "digits_int8", "sine_float"])
def test_no_run_exceeds_its_bound(name: str, machine: str) -> None:
    holds(run(compiled(MODELS / f"{name}.tflite", machine), machine))


@pytest.mark.parametrize("name", ["ad01_fp32", "hello_world_float"])
def test_no_float_model_exceeds_its_bound(name: str) -> None:
    """The int8 ones are in test_golden.py, on every board."""
    path = ROOT / "models" / f"{name}.tflite"
    if not path.exists():
        pytest.skip(f"{path} is absent; set MICRORT_SHARED")
    for machine in ("mps2-an386", "mps3-an547"):
        holds(run(compiled(path, machine), machine))


def test_armv6m_direct_calls_and_blobs() -> None:
    path = MODELS / "digits_int8.tflite"
    for options in (CompileOptions(target="cortex-m0plus"), CompileOptions(executor="aot")):
        holds(run(compile_model(path, options), "mps2-an385"))
    holds(run(blob.make(compile_model(path)), "mps2-an386"))


def test_calls_that_hand_over_rows_have_bounds() -> None:
    """Where a model streams: they run steps, and more than `run` does."""
    path, core = MODELS / "digits_int8.tflite", targets.target("cortex-m4")
    name = compile_model(path).graph.tensors[0].name
    for streams, calls in (((name,), {"push_row", "pop_row"}), ((), set())):
        package = compile_model(path, CompileOptions(target="cortex-m4", stream_inputs=streams))
        made = build.model(package, core)
        assert made.figures is not None
        bounds = json.loads(made.figures.read_text(encoding="utf-8"))["stack_bytes"]
        assert {"push_row", "pop_row"} & set(bounds) == calls
        assert all(bounds["run"] <= bounds[call] <= bounds["run"] + 128 for call in calls)
        (header,) = (item for item in made.headers if item.name.endswith("_target.h"))
        assert f"_STACK_BYTES {max(bounds.values())}u" in header.read_text(encoding="utf-8")


CALLS = """
#include "mrt_digits_int8.h"
#include "mrt_digits_int8_target.h"
#include "ports/rtos/bare/port.h"

static uint8_t bytes[4096];
static mrt_executor_t executor;
static bool done;
static mrt_buffer_t buffer;

#define MEASURE(name, macro, call) \\
    mrt_port_stack_paint(); \\
    status = (call); \\
    print(name, mrt_port_stack_used(), macro, status)

static void print(const char *name, uint32_t used, uint32_t bound, mrt_status_t status)
{
    mrt_port_print(name);
    mrt_port_print(" ");
    mrt_port_print_decimal(used);
    mrt_port_print(" ");
    mrt_port_print_decimal(bound);
    mrt_port_print((status == MRT_OK) ? " ok\\n" : " failed\\n");
}

int main(void)
{
    mrt_status_t status;
    MEASURE("init", MRT_DIGITS_INT8_INIT_STACK_BYTES, mrt_digits_int8_init(&executor));
    MEASURE("input", MRT_DIGITS_INT8_INPUT_STACK_BYTES, mrt_executor_input(&executor, 0u, &buffer));
    MEASURE("output", MRT_DIGITS_INT8_OUTPUT_STACK_BYTES, mrt_executor_output(&executor, 0u, &buffer));
    MEASURE("set_input", MRT_DIGITS_INT8_SET_INPUT_STACK_BYTES,
            mrt_executor_set_input(&executor, 0u, bytes, MRT_DIGITS_INT8_INPUT_0_BYTES));
    MEASURE("step", MRT_DIGITS_INT8_STEP_STACK_BYTES, mrt_executor_step(&executor, 1000u, &done));
    MEASURE("get_output", MRT_DIGITS_INT8_GET_OUTPUT_STACK_BYTES,
            mrt_executor_get_output(&executor, 0u, bytes, MRT_DIGITS_INT8_OUTPUT_0_BYTES));
    MEASURE("run", MRT_DIGITS_INT8_RUN_STACK_BYTES, mrt_executor_run(&executor));
    MEASURE("all", MRT_DIGITS_INT8_STACK_BYTES, mrt_executor_run(&executor));
    return 0;
}
"""


@pytest.mark.parametrize(
    ("machine", "prove"),
    [("mps2-an385", False), ("mps2-an386", False), ("mps2-an386", True), ("mps3-an547", False)],
)
def test_no_call_exceeds_its_macro(machine: str, prove: bool, tmp_path: Path) -> None:
    board = boards.for_machine(machine)
    made = build.firmware(compiled(MODELS / "digits_int8.tflite", machine), board, board.target, prove)
    assert made.model_library is not None
    folders = [f"-I{made.model_library.parent}", f"-I{made.figures.parent}"]
    extra = [*folders, str(made.model_library), str(build.library(board.target, prove=prove))]
    console = qemu.run(link(tmp_path, machine, CALLS, extra=extra), machine, tmp_path, timeout=60)
    rows = re.findall(r"^(\w+) (\d+) (\d+) ok$", console, re.MULTILINE)
    assert len(rows) == 8, console
    for name, used, bound in rows:
        assert int(used) <= int(bound), name
    figures = json.loads(made.figures.read_text())
    assert {name: int(bound) for name, _, bound in rows if name != "all"} == figures["stack_bytes"]
    assert int(rows[-1][2]) == max(figures["stack_bytes"].values())
    assert figures["target"] == board.target.name
    assert "GCC" in figures["compiler"]
    assert np.isin(["mrt_executor_run"], figures["deepest"]).all()


def test_public_functions() -> None:
    names = public_stack.functions()
    assert {"mrt_executor_run", "mrt_graph_load", "mrt_plan_solve", "mrt_status_text", "mrt_conv2d_s8_run"} <= set(
        names
    )
    assert not [name for name in names if name.startswith("mrt_tensor_bytes")], "inline functions have no frame"
    text = public_stack.table({"cortex-m4": dict.fromkeys(names, 1234), "cortex-m55": {"mrt_plan_solve": 7}})
    assert len(text.splitlines()) == len(names) + 1
    assert re.search(r"^mrt_plan_solve +1234 +7$", text, re.MULTILINE)
