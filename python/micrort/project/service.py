"""Inferences by firmware that serves requests: the workstation's end of ports/service/service.h.

Frames are little-endian; what lies between them is text for people, and is skipped.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Protocol

from micrort.errors import TargetError, UsageError
from micrort.project import actions

REQUEST, REPLY = b"mrt?", b"mrt!"
START_SECONDS, REPLY_SECONDS = 30.0, 600.0
READY = b"ready for requests"


class Line(Protocol):
    """What carries bytes: `actions.Transport`, or a test's."""

    def read(self, count: int, timeout: float | None) -> bytes:
        """Exactly `count` bytes; fewer where the firmware has ended."""

    def write(self, data: bytes, timeout: float | None) -> None:
        """All of `data`."""


def infer(line: Line, inputs: bytes) -> bytes:
    """One inference: all inputs one behind the other, to all outputs likewise.

    Raises:
        RuntimeStatusError: the firmware refused; MRT_ERR_ARGUMENT where the inputs have another size than the model's.
        TargetError: the reply is damaged.
        IoTimeoutError, TransportClosedError: nothing came, or the firmware has ended.
    """
    from micrort.native.library import check

    body = struct.pack("<I", len(inputs)) + inputs
    line.write(REQUEST + body + struct.pack("<I", zlib.crc32(body)), REPLY_SECONDS)
    skip_behind(line, REPLY, REPLY_SECONDS)
    header = line.read(8, REPLY_SECONDS)
    size, status = struct.unpack("<Ii", header)
    rest = line.read(size + 4, REPLY_SECONDS)
    if len(rest) != size + 4 or zlib.crc32(header + rest[:size]) != int.from_bytes(rest[size:], "little"):
        raise TargetError("the firmware's reply was damaged on its way: see that nothing else uses the serial line")
    check("the request for an inference", status)
    return rest[:size]


def skip_behind(line: Line, mark: bytes, seconds: float) -> bytes:
    """Read to the end of the first `mark`; what lay before it."""
    seen = line.read(len(mark), seconds)
    while not seen.endswith(mark):
        seen += line.read(1, seconds)
    return seen[: -len(mark)]


class Session:
    """Firmware of a project, started or at a serial port, ready for inferences. Use it with `with`."""

    def __init__(self, folder: Path, port: str = "") -> None:
        """Start it.

        Raises:
            UsageError: the project is not built, or its board can only be reached by a port that was not named.
            TargetError: the firmware does not serve requests.
        """
        try:
            self.transport = actions.Transport(folder, port)
        except actions.ProjectError as error:
            raise UsageError(str(error)) from None
        if not port:  # a board may have been ready for hours
            try:
                skip_behind(self.transport, READY, START_SECONDS)
            except (actions.IoTimeoutError, actions.TransportClosedError):
                self.transport.close()
                raise TargetError(
                    f"{folder}: its firmware does not serve requests, or failed before it could"
                ) from None

    def __enter__(self) -> Session:
        """The session itself."""
        return self

    def __exit__(self, *unused: object) -> None:
        """Let go of it."""
        self.transport.close()

    def infer(self, inputs: bytes) -> bytes:
        """See `infer`.

        Raises:
            RuntimeStatusError: as said there.
            TargetError: the reply is damaged, or none came.
        """
        try:
            return infer(self.transport, inputs)
        except (actions.IoTimeoutError, actions.TransportClosedError):
            raise TargetError("the firmware does not answer: see its console, or reset the board") from None
