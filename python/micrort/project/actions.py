"""What a generated project can do: build, flash, run, and carry bytes to and from its firmware.

Every project holds this file as micrort_project.py and is described by the micrort.json beside it. It needs nothing but
Python's standard library and works without micrort.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path, PurePosixPath

TYPE_CHECKING = False  # the module typing takes its time to load
if TYPE_CHECKING:
    from typing import Any

SERVER, MODULE = "microtvm_api_server.py", "micrort_project.py"
DESCRIPTION, ARCHIVE = "micrort.json", "model.tar"
BAUD = 115_200
GOODBYE = b"\x03"
EMULATED_TIMEOUTS = (2.0, 10.0, 10.0)
SERIAL_TIMEOUTS = (2.0, 5.0, 5.0)
TIMEOUT_NAMES = ("session_start_retry_timeout_sec", "session_start_timeout_sec", "session_established_timeout_sec")
NO_PROBE = "no debug probe found: connect the board by USB, and see that no other program uses its probe"
OTHER_CHIP = "the probe reaches another chip than the project's board has: choose the right board, or connect it"
LOCKED = "the chip's flash is locked: lift its read or write protection first, which erases it"
TOOL_TROUBLE = (
    (("no available debug probes", "no connected debug probes", "no target device available"), NO_PROBE),
    (("no device found", "open failed", "unable to find a matching", "no st-link"), NO_PROBE),
    (("unexpected idcode", "did not match", "not recognized", "mismatch"), OTHER_CHIP),
    (("read protected", "read-protected", "write protected", "locked", "failed erasing", "protection"), LOCKED),
)
"""What tools print, in lower case, and what it means."""


class ProjectError(Exception):
    """Something that the user can mend; the text says how."""


class IoTimeoutError(Exception):
    """The Project API's name for it."""


class TransportClosedError(Exception):
    """The Project API's name for it."""


def describe(folder: Path) -> dict[str, Any]:
    """micrort.json of a project.

    Raises:
        ProjectError: there is none, or it is not what micrort writes.
    """
    path = folder / DESCRIPTION
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        commands, files = found["commands"], found["files"]
        lists = all(isinstance(item, list) and all(isinstance(w, str) for w in item) for item in commands.values())
        inside = all(not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts for name in files)
        sound = lists and inside and isinstance(found["type"], str) and {"image", "memories", "flash"} <= set(found)
    except FileNotFoundError:
        raise ProjectError(f"{folder} holds no project: make one with `micrort micro create-project`") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        sound = False
    if not sound:
        raise ProjectError(f"{path} is damaged: make the project again with `micrort micro create-project`")
    return dict(found)


def build(folder: Path, verbose: bool = False) -> None:
    """Build a project.

    Raises:
        ProjectError: a tool is missing, or fails; its messages are in the text.
    """
    command = list(describe(folder)["commands"]["build"])
    if command[0] == "make" and not verbose:
        command.insert(1, "-s")
    done = _call(command, folder)
    if done.returncode != 0:
        raise ProjectError(f"{' '.join(command)} failed in {folder}:\n{done.stdout.strip()[-4000:]}")
    if verbose:
        print(done.stdout, end="", file=sys.stderr)


def run(folder: Path) -> int:
    """Run a project on its emulated board, on this process's console; the exit code.

    Raises:
        ProjectError: it is not built, or its board is not emulated.
    """
    described = describe(folder)
    _built(folder, described)
    if "run" not in described["commands"]:
        raise ProjectError(
            f"{described['board'] or 'a library'} is not emulated: flash the board (`micrort micro flash`) and watch "
            "its serial port"
        )
    command = described["commands"]["run"]
    _find(command[0])
    # Firmware that serves requests ends at Ctrl-C; where nobody is there to press it, it comes at once.
    nobody = None if sys.stdin is not None and sys.stdin.isatty() else GOODBYE
    return subprocess.run(command, cwd=folder, input=nobody, check=False).returncode


def flash(folder: Path) -> str:
    """Write a project's image to its board, verify it, and reset the board; what the tool said.

    Raises:
        ProjectError: there is no image, it does not fit, or the tool has trouble with the board.
    """
    described = describe(folder)
    image = _built(folder, described)
    fits(image, described["memories"])
    command = flash_command(described)
    done = _call(command, folder)
    if done.returncode != 0:
        said = done.stdout.lower()
        meaning = next((text for marks, text in TOOL_TROUBLE if any(mark in said for mark in marks)), None)
        what = f"{meaning}. {command[0]} said" if meaning else f"{' '.join(command)} failed"
        raise ProjectError(f"{what}:\n{done.stdout.strip()[-2000:]}")
    return done.stdout


def flash_command(described: dict[str, Any]) -> list[str]:
    """The command that programs the board.

    Raises:
        ProjectError: the board's description names no tool, or it is not installed.
    """
    how = described["flash"]
    if how is None:
        emulated = "run" in described["commands"]
        hint = "it is emulated: `micrort micro run` runs it" if emulated else "add [flash] to its board.toml"
        raise ProjectError(f"{described['board']} cannot be flashed: {hint}")
    tool, image = how["tool"], described["image"]
    _find(tool)
    if tool == "openocd":
        return [tool, "-f", how["selects"], "-c", f"program {image} verify reset exit"]
    return [tool, "flash", "--no-wait", "--target", how["selects"], image]


def fits(image: Path, memories: list[dict[str, Any]]) -> None:
    """Check that everything that an ELF loads lies in a memory.

    Raises:
        ProjectError: it is no ELF, or a part lies outside; the missing bytes are said.
    """
    for address, size in segments(image):
        home = [m for m in memories if m["origin"] <= address < m["origin"] + m["size"]]
        if not home:
            raise ProjectError(f"{image.name} loads {size:,} bytes at {address:#010x}, where the board has no memory")
        beyond = address + size - home[0]["origin"] - home[0]["size"]
        if beyond > 0:
            raise ProjectError(f"{image.name} is too large: {home[0]['name']} lacks {beyond:,} bytes for it")


def segments(image: Path) -> list[tuple[int, int]]:
    """Address and bytes of each loaded part of a 32-bit little-endian ELF."""
    data = image.read_bytes()
    if data[:6] != b"\x7fELF\x01\x01":
        raise ProjectError(f"{image} is no 32-bit ELF: build the project again")
    try:
        (table,) = struct.unpack_from("<I", data, 28)
        size, count = struct.unpack_from("<HH", data, 42)
        rows = [struct.unpack_from("<IIIIII", data, table + index * size) for index in range(count)]
    except struct.error:
        raise ProjectError(f"{image} is damaged: build the project again") from None
    return [(row[3], row[4]) for row in rows if row[0] == 1 and row[4] > 0]


def _built(folder: Path, described: dict[str, Any]) -> Path:
    if described["image"] is None:
        raise ProjectError(f"{folder} holds libraries, no firmware: link them into yours, as README.md there says")
    image: Path = folder / described["image"]
    if not image.exists():
        raise ProjectError(f"{image} does not exist: build the project first (`micrort micro build {folder}`)")
    return image


def which(tool: str) -> str | None:
    """Where a program is: on the path, or beside this Python, where pip puts it."""
    folders = os.pathsep.join((os.environ.get("PATH", ""), str(Path(sys.executable).parent)))
    return shutil.which(tool, path=folders)


def _find(tool: str) -> None:
    if which(tool) is None:
        raise ProjectError(f"{tool} is not installed; `micrort doctor` says how to get it")


def _call(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    _find(command[0])
    return subprocess.run(
        [which(command[0]) or command[0], *command[1:]],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )


class Transport:
    """Bytes to and from the firmware: an emulator's pipes, or a serial port."""

    def __init__(self, folder: Path, port: str = "") -> None:
        described = describe(folder)
        _built(folder, described)
        self.process: subprocess.Popen[bytes] | None = None
        self.pending = b""
        if port:
            self.reader = self.writer = _open_serial(port)
            self.timeouts = SERIAL_TIMEOUTS
        elif "run" in described["commands"]:
            command = described["commands"]["run"]
            _find(command[0])
            self.process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            assert self.process.stdin is not None and self.process.stdout is not None
            self.reader, self.writer = self.process.stdout.fileno(), self.process.stdin.fileno()
            self.timeouts = EMULATED_TIMEOUTS
        else:
            raise ProjectError(f"{described['board']} is not emulated: name its serial port, option serial_port")

    def close(self) -> None:
        """Let go of the port, or stop the emulator."""
        if self.process is None:
            os.close(self.reader)
            return
        self.process.kill()
        self.process.communicate()

    def read(self, count: int, timeout: float | None) -> bytes:
        """Exactly `count` bytes; fewer, but at least one, where the firmware has ended. A timeout loses no bytes."""
        end = None if timeout is None else time.monotonic() + timeout
        while len(self.pending) < count:
            left = None if end is None else max(0.0, end - time.monotonic())
            if not select.select([self.reader], [], [], left)[0]:
                raise IoTimeoutError
            more = os.read(self.reader, count - len(self.pending))
            if not more:
                if not self.pending:
                    raise TransportClosedError
                break
            self.pending += more
        found, self.pending = self.pending[:count], self.pending[count:]
        return found

    def write(self, data: bytes, timeout: float | None) -> None:
        """All of `data`."""
        end = None if timeout is None else time.monotonic() + timeout
        while data:
            left = None if end is None else max(0.0, end - time.monotonic())
            if not select.select([], [self.writer], [], left)[1]:
                raise IoTimeoutError
            try:
                data = data[os.write(self.writer, data[: select.PIPE_BUF]) :]
            except BrokenPipeError:
                raise TransportClosedError from None


def _open_serial(port: str) -> int:
    """A serial port, raw, 115,200 baud, 8N1."""
    import termios

    try:
        line = os.open(port, os.O_RDWR | os.O_NOCTTY)
        settings = termios.tcgetattr(line)
        settings[0:4] = [0, 0, termios.CS8 | termios.CREAD | termios.CLOCAL, 0]
        settings[4] = settings[5] = termios.B115200
        termios.tcsetattr(line, termios.TCSANOW, settings)
    except (OSError, termios.error) as error:
        raise ProjectError(f"cannot open the serial port {port}: {error}") from None
    return line
