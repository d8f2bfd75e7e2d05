"""The bare-metal port on every emulated board: counting, stack, files, exit codes, faults."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ports.firmware import build, run

from micrort import sources
from micrort.devices import boards
from micrort.errors import TargetError, ToolError
from micrort.site_tools.micrort_target import WARNINGS
from micrort.transport import qemu

MAINLINE = ("lm3s6965evb", "mps2-an385", "mps2-an386", "mps2-an500", "mps2-an505", "mps2-an521", "mps3-an547")
MACHINES = (*MAINLINE, "microbit")

COUNTS = """
#include "ports/rtos/bare/port.h"

/* 2 n instructions, whatever the compiler does around it. */
static __attribute__((noinline)) void spend(uint32_t n)
{
    __asm volatile(".syntax unified\\n1: subs %0, #1\\n\\tbne 1b" : "+l"(n) : : "cc");
}

int main(void)
{
    static const uint32_t passes[] = {1u, 2u, 3u, 5u, 19u, 20u, 21u, 1000u, 1001u, 123457u, 3000001u};
    mrt_port_counter_t counter;
    mrt_port_counter_init(&counter, CLOCK_HZ, RELOAD);
    for (uint32_t index = 0u; index < (sizeof(passes) / sizeof(passes[0])); ++index) {
        const uint32_t n = passes[index];
        mrt_port_counter_start(&counter);
        spend(n);
        const uint64_t count = mrt_port_counter_stop(&counter);
        mrt_port_print_decimal(n);
        mrt_port_print(" ");
        mrt_port_print_decimal(count);
        mrt_port_print("\\n");
    }
    return 0;
}
"""


def counts(console: str) -> list[tuple[int, int]]:
    return [(int(passes), int(count)) for passes, count in map(str.split, console.splitlines())]


@pytest.mark.parametrize("machine", MACHINES)
def test_counts_are_exact(machine: str, tmp_path: Path) -> None:
    text = COUNTS.replace("RELOAD", "0xFFFFFFu")
    found = counts(run(tmp_path, machine, text))
    calls = {count - 2 * passes for passes, count in found}
    assert len(found) == 11
    assert len(calls) == 1, "the same instructions around every loop"
    assert 2 <= calls.pop() <= 8, "arguments, call, return, alignment"
    assert counts(run(tmp_path, machine, text)) == found


@pytest.mark.parametrize("target", ["cortex-m0plus", "cortex-m3"])
def test_counts_of_armv6m_code(target: str, tmp_path: Path) -> None:
    found = counts(run(tmp_path, "mps2-an385", COUNTS.replace("RELOAD", "0xFFFFFFu"), target))
    assert len({count - 2 * passes for passes, count in found}) == 1


@pytest.mark.parametrize("machine", ["mps2-an386", "mps3-an547"])
def test_wraps_are_counted(machine: str, tmp_path: Path) -> None:
    """With a short period SysTick wraps some 150 times in the longest loop; each costs its handler's instructions."""
    for reload in (1023, 1500):
        for passes, count in counts(run(tmp_path, machine, COUNTS.replace("RELOAD", f"{reload}u"))):
            wraps = 2 * passes / (4e9 / boards.for_machine(machine).clock_hz / 4) / (reload + 1)
            assert 0 <= count - 2 * passes <= 5 + 8 * (wraps + 1)


STACK = """
#include "ports/rtos/bare/port.h"

static __attribute__((noinline)) uint32_t deep(uint32_t seed)
{
    volatile uint32_t room[100];
    for (uint32_t index = 0u; index < 100u; ++index) {
        room[index] = seed + index;
    }
    return room[seed];
}

int main(void)
{
    mrt_port_stack_paint();
    const uint32_t before = mrt_port_stack_used();
    const uint32_t value = deep(7u);
    const uint32_t after = mrt_port_stack_used();
    mrt_port_print_decimal(before);
    mrt_port_print(" ");
    mrt_port_print_decimal(after);
    return (value == 14u) ? 0 : 1;
}
"""


@pytest.mark.parametrize("machine", MACHINES)
def test_stack(machine: str, tmp_path: Path) -> None:
    before, after = map(int, run(tmp_path, machine, STACK).split())
    assert before <= 16
    assert 400 <= after <= 440


FILES = """
#include "ports/rtos/bare/port.h"

int main(void)
{
    char line[64];
    uint8_t data[4] = {0};
    bool good = mrt_port_command_line(line, sizeof line);
    const mrt_port_file_t input = mrt_port_file_open("in.bin", MRT_PORT_FILE_READ);
    const mrt_port_file_t output = mrt_port_file_open("out.bin", MRT_PORT_FILE_WRITE);
    good = good && (mrt_port_file_size(input) == 6u);
    good = good && mrt_port_file_seek(input, 2u) && mrt_port_file_read(input, data, 4u);
    good = good && !mrt_port_file_read(input, data, 1u);
    good = good && mrt_port_file_write(output, data, 4u) && mrt_port_file_close(output) && mrt_port_file_close(input);
    good = good && (mrt_port_file_open("absent.bin", MRT_PORT_FILE_READ) < 0);
    mrt_port_print(line);
    mrt_port_print("\\n");
    mrt_port_print_hex(0xC0FFEEu);
    mrt_port_print_decimal(18446744073709551615u);
    return good ? 0 : 3;
}
"""


def test_files_and_console(tmp_path: Path) -> None:
    image = build(tmp_path, "mps2-an386", FILES)
    (tmp_path / "in.bin").write_bytes(b"abcdef")
    console = qemu.run(image, "mps2-an386", tmp_path, ["one", "two"], timeout=60)
    assert (tmp_path / "out.bin").read_bytes() == b"cdef"
    assert console == "firmware one two\n0x00c0ffee18446744073709551615"
    (tmp_path / "in.bin").write_bytes(b"abc")
    with pytest.raises(TargetError, match="exit code 3"):
        qemu.run(image, "mps2-an386", tmp_path, timeout=60)


FAULT = """
#include "ports/rtos/bare/port.h"

int main(void)
{
    mrt_port_print("before");
    __asm volatile("udf #1");
    return 0;
}
"""
OVERFLOW = """
#include "ports/rtos/bare/port.h"

static __attribute__((noinline)) uint32_t sink(volatile uint32_t *value)
{
    volatile uint32_t room[64];
    room[0] = *value;
    return (room[0] == 0u) ? 0u : (sink(room) + room[0]);
}

int main(void)
{
    volatile uint32_t one = 1u;
    return (int)sink(&one);
}
"""


@pytest.mark.parametrize("machine", MAINLINE)
def test_faults_are_reported(machine: str, tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"faulted\nbefore\nfault: CFSR 0x00010000 HFSR 0x40000000 PC 0x"):
        run(tmp_path, machine, FAULT)


def test_faults_of_armv6m_are_reported(tmp_path: Path) -> None:
    """Which has no registers that tell the cause."""
    with pytest.raises(TargetError, match=r"faulted\nbefore\nfault: CFSR 0x00000000 HFSR 0x00000000 PC 0x"):
        run(tmp_path, "microbit", FAULT)


UNALIGNED = """
#include "ports/rtos/bare/port.h"

int main(void)
{
    static volatile uint32_t words[2];
    const volatile uint32_t *volatile odd = (volatile uint32_t *)((uintptr_t)words + 1u);
    return (int)*odd;
}
"""


def test_armv6m_refuses_unaligned_words(tmp_path: Path) -> None:
    """So a run on this machine shows that kernels for Armv6-M ask for none, which no other machine here would."""
    with pytest.raises(TargetError, match="faulted"):
        run(tmp_path, "microbit", UNALIGNED)


@pytest.mark.parametrize("machine", ["mps2-an505", "mps3-an547"])
def test_stack_overflow_is_reported(machine: str, tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"fault: CFSR 0x00100000"):
        run(tmp_path, machine, OVERFLOW)


ENDLESS = """
#include "ports/rtos/bare/port.h"

int main(void)
{
    for (;;) {
    }
}
"""


def test_an_endless_firmware_is_stopped(tmp_path: Path) -> None:
    image = build(tmp_path, "mps2-an386", ENDLESS)
    with pytest.raises(TargetError, match="no end after 1 s"):
        qemu.run(image, "mps2-an386", tmp_path, timeout=1)


def test_missing_emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="apt-get install qemu-system-arm"):
        qemu.run(tmp_path / "x.elf", "mps2-an386", tmp_path)


def test_unknown_machine(tmp_path: Path) -> None:
    image = build(tmp_path, "mps2-an386", FAULT)
    with pytest.raises(ToolError, match="no machine mps2-an999"):
        qemu.run(image, "mps2-an999", tmp_path, timeout=60)


@pytest.mark.parametrize("core", ["cortex-m0plus", "cortex-m4", "cortex-m33"])
def test_clang_accepts_the_port(core: str) -> None:
    """A second compiler's opinion; the first one's comes with every build."""
    root = sources.root()
    units = [*sorted((root / "ports/rtos/bare").glob("*.c")), root / "ports/rtos/bare/runner/runner.c"]
    flags = (
        "--target=arm-none-eabi",
        f"-mcpu={core}",
        "-mfloat-abi=soft",
        "-ffreestanding",
        "-std=c11",
        "-fsyntax-only",
    )
    defines = (f"-I{root}", f"-I{root / 'include'}", "-DMRT_BOARD_CLOCK_HZ=25000000u")
    subprocess.run(["clang", *flags, *WARNINGS, *defines, *map(str, units)], check=True)


def test_the_emulator_dies_with_its_parent(tmp_path: Path) -> None:
    """Also when the parent is killed and cannot clean up."""
    image = build(tmp_path, "mps2-an386", ENDLESS)
    call = f"qemu.run(Path({str(image)!r}), 'mps2-an386', Path({str(tmp_path)!r}))"
    code = f"from pathlib import Path; from micrort.transport import qemu; {call}"
    with subprocess.Popen([sys.executable, "-c", code]) as parent:
        child = wait_for(lambda: emulator_of(image))
        parent.kill()
    assert wait_for(lambda: emulator_of(image) is None), f"QEMU {child} is still running"


def emulator_of(image: Path) -> int | None:
    """The process that runs QEMU on this very image."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if words[0].endswith(b"qemu-system-arm") and str(image).encode() in words:
                return int(folder.name)
    return None


def wait_for(found: Callable[[], object]) -> object:
    """The first true value within ten seconds."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        value = found()
        if value:
            return value
        time.sleep(0.05)
    return None
