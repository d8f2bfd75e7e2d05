"""Runs firmware under qemu-system-arm, with semihosting files in a folder of its own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from micrort.errors import TargetError, ToolError

QEMU = "qemu-system-arm"
NOISE = "Timer with period zero, disabling\n"
"""What QEMU itself says of the lm3s6965evb, on the stream that semihosting prints to."""
EXIT_FAULT = 120
"""MRT_PORT_EXIT_FAULT: the firmware's fault handler ran."""


def run(image: Path, machine: str, folder: Path, words: Sequence[str] = (), timeout: float = 600.0) -> str:
    """Run an ELF to its end.

    Args:
        image: the firmware.
        machine: QEMU's name of the machine.
        folder: working folder, where the firmware finds and leaves its files.
        words: the firmware's command line.
        timeout: seconds until the emulator is stopped.

    Returns:
        What the firmware printed.

    Raises:
        ToolError: QEMU is not installed, or does not know the machine.
        TargetError: the firmware faulted, ended with another exit code than 0, or did not end in time.
    """
    if shutil.which(QEMU) is None:
        raise ToolError(f"{QEMU} not found: install it (Debian: apt-get install qemu-system-arm)")
    try:
        done = subprocess.run(
            command(image, machine, words),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        printed = (error.stdout or b"").decode(errors="replace")
        raise TargetError(f"{machine}: no end after {timeout:g} s, stopped; printed so far:\n{printed}") from None
    printed = done.stdout.decode(errors="replace").replace(NOISE, "")
    if "unsupported machine type" in printed:
        raise ToolError(f"this {QEMU} has no machine {machine}: QEMU 7.2 or later is needed")
    if done.returncode == EXIT_FAULT:
        raise TargetError(f"{machine}: the firmware faulted\n{printed.strip()}")
    if done.returncode != 0:
        raise TargetError(f"{machine}: exit code {done.returncode}\n{printed.strip()}")
    return printed


def command(image: Path, machine: str, words: Sequence[str] = ()) -> list[str]:
    """The command line: deterministic, one instruction a nanosecond; the only way out is semihosting."""
    arguments = ",".join(f"arg={word}" for word in ("firmware", *words))
    guard = shutil.which("setpriv")
    return [
        # The emulator dies with us, however we die.
        *((guard, "--pdeathsig", "KILL", "--") if guard else ()),
        *(QEMU, "-machine", machine, "-kernel", str(image.resolve())),
        *("-display", "none", "-monitor", "none", "-serial", "none", "-parallel", "none"),
        *("-icount", "shift=0", "-semihosting-config", f"enable=on,target=native,{arguments}"),
    ]


def application(image: str, machine: str) -> list[str]:
    """The command line for an application: its console and its first UART are ours, and it may end by semihosting."""
    return [
        *(QEMU, "-machine", machine, "-kernel", image, "-display", "none", "-monitor", "none", "-parallel", "none"),
        # one console for both: bytes that we send reach the UART
        *("-chardev", "stdio,id=console,mux=on,signal=off", "-serial", "chardev:console"),
        *("-semihosting-config", "enable=on,target=native,chardev=console"),
    ]


def serial(image: str, machine: str) -> list[str]:
    """The command line for an application on an operating system: its first UART is ours, every byte as it is."""
    return [
        *(QEMU, "-machine", machine, "-kernel", image, "-display", "none", "-monitor", "none", "-parallel", "none"),
        *("-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"),
        *("-semihosting-config", "enable=on,target=native"),
    ]
