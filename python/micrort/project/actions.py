"""What a generated project can do: build, flash, run, and carry bytes to and from its firmware.

Every project holds this file as micrort_project.py and is described by the micrort.json beside it. It needs nothing but
Python's standard library and works without micrort.
"""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path, PurePosixPath

TYPE_CHECKING = False  # the module typing takes its time to load
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Progress = Callable[[str, float], None]
    """Called with what is being done, and the fraction of it that is done."""

SERVER, MODULE, PYOCD_MODULE = "microtvm_api_server.py", "micrort_project.py", "micrort_pyocd.py"
DESCRIPTION, ARCHIVE = "micrort.json", "model.tar"
BAUD = 115_200
GOODBYE = b"\x03"
EMULATED_TIMEOUTS = (2.0, 10.0, 10.0)
SERIAL_TIMEOUTS = (2.0, 5.0, 5.0)
TIMEOUT_NAMES = ("session_start_retry_timeout_sec", "session_start_timeout_sec", "session_established_timeout_sec")
NO_PROBE = "no debug probe found: connect the board by USB, and see that no other program uses its probe"
OTHER_CHIP = "the probe reaches another chip than the project's board has: choose the right board, or connect it"
LOCKED = "the chip's flash is locked: lift its read or write protection first, which erases it"
MARK_OTHER_CHIP = "micrort: another chip"
"""What our own commands to OpenOCD print."""
TROUBLE = (
    (("no device found", "open failed", "unable to find a matching", "no st-link", "unable to open"), NO_PROBE),
    ((MARK_OTHER_CHIP, "unexpected idcode"), OTHER_CHIP),
    (("read protected", "read-protected", "write protected", "device locked", "protected sector"), LOCKED),
)
"""What OpenOCD prints, in lower case, and what it means."""


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
        raise ProjectError(f"{shlex.join(command)} failed in {folder}:\n{done.stdout.strip()[-4000:]}")
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


def _silent(what: str, done: float) -> None:
    """Tells nobody."""
    del what, done


def flash(folder: Path, progress: Progress = _silent) -> None:
    """Write a project's image to its board, verify it, and reset the board.

    Raises:
        ProjectError: there is no image, it does not fit, or the tool has trouble with the board.
    """
    described = describe(folder)
    image = _built(folder, described)
    fits(image, described["memories"])
    how = described["flash"]
    if how is None:
        emulated = "run" in described["commands"]
        hint = "it is emulated: `micrort micro run` runs it" if emulated else "add [flash] to its board.toml"
        raise ProjectError(f"{described['board']} cannot be flashed: {hint}")
    if how["tool"] == "pyocd":
        _pyocd().program(image, how, progress)
    else:
        _openocd(folder, image, how, progress)


def _pyocd() -> Any:
    """The module beside this one that needs pyOCD."""
    try:
        import micrort_pyocd
    except ImportError:  # no project's copy: micrort's own
        from micrort.project import pyocd_probe as micrort_pyocd
    return micrort_pyocd


def _openocd(folder: Path, image: Path, how: dict[str, Any], progress: Progress) -> None:
    """Have OpenOCD program, verify and reset; what it prints of its steps goes to `progress`."""
    command = ["openocd", "-f", how["selects"], *openocd_commands(image.name, how.get("identity"))]
    _find(command[0])
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            step = re.match(r"\*\* (\w+) (Started|Finished|OK) \*\*", line)
            if step is not None:
                progress(step[1].lower(), 0.0 if step[2] == "Started" else 1.0)
    if process.returncode != 0:
        meaning = next((text for marks, text in TROUBLE if any(mark in said.lower() for mark in marks)), None)
        what = f"{meaning}. openocd said" if meaning else f"{shlex.join(command)} failed"
        raise ProjectError(f"{what}:\n{said.strip()[-2000:]}")


def openocd_commands(image: str, identity: dict[str, int] | None) -> list[str]:
    """Arguments that program an image, after a look at the word that tells the chip, where one is known."""
    commands = []
    if identity is not None:
        read = f"set word [lindex [read_memory {identity['address']:#x} 32 1] 0]"
        wrong = f'echo [format "{MARK_OTHER_CHIP}: {identity["address"]:#010x} reads 0x%08x" $word]; shutdown error'
        same = f"($word & {identity['mask']:#x}) != {identity['value']:#x}"
        commands = ["-c", f"init; reset halt; {read}; if {{{same}}} {{{wrong}}}"]
    return [*commands, "-c", f"program {image} verify reset exit"]


def fits(image: Path, memories: list[dict[str, Any]]) -> None:
    """Check that everything that an ELF loads lies in a memory.

    Raises:
        ProjectError: it is no ELF, or a part lies outside; the missing bytes are said.
    """
    for address, data in segments(image):
        home = [m for m in memories if m["origin"] <= address < m["origin"] + m["size"]]
        if not home:
            raise ProjectError(
                f"{image.name} loads {len(data):,} bytes at {address:#010x}, where the board has no memory"
            )
        beyond = address + len(data) - home[0]["origin"] - home[0]["size"]
        if beyond > 0:
            raise ProjectError(f"{image.name} is too large: {home[0]['name']} lacks {beyond:,} bytes for it")


def segments(image: Path) -> list[tuple[int, bytes]]:
    """Address and bytes of each part that a 32-bit little-endian ELF loads.

    Raises:
        ProjectError: it is none, or cut off.
    """
    data = image.read_bytes()
    if data[:6] != b"\x7fELF\x01\x01":
        raise ProjectError(f"{image} is no 32-bit ELF: build the project again")
    try:
        (table,) = struct.unpack_from("<I", data, 28)
        size, count = struct.unpack_from("<HH", data, 42)
        rows = [struct.unpack_from("<IIIIII", data, table + index * size) for index in range(count)]
    except struct.error:
        rows = []
    parts = [(row[3], data[row[1] : row[1] + row[4]], row[4]) for row in rows if row[0] == 1 and row[4] > 0]
    if not parts or any(len(content) < length for _, content, length in parts):
        raise ProjectError(f"{image} is damaged: build the project again")
    return [(address, content) for address, content, _ in parts]


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
        raise ProjectError(f"cannot open the serial port {port}: {error.args[-1]}") from None
    return line
