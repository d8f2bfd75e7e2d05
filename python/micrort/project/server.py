"""The Project API of microTVM, for projects and for the template that makes them: JSON-RPC 2.0 on two pipes.

Every project holds this file as microtvm_api_server.py, beside micrort_project.py, which does the work. Both need
nothing but Python's standard library; only making a new project from the template needs micrort.

`python microtvm_api_server.py --read-fd R --write-fd W [--debug]`; one object a line.
"""

from __future__ import annotations

import argparse
import base64
import inspect
import json
import os
import sys
import traceback
from pathlib import Path

try:
    import micrort_project as actions
except ImportError:  # no project's copy: micrort's own
    from micrort.project import actions

TYPE_CHECKING = False  # the module typing takes its time to load
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, BinaryIO, NoReturn


class Methods:
    """The methods of the Project API. Their parameters are the protocol's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.transport: actions.Transport | None = None

    @property
    def is_template(self) -> bool:
        """Whether new projects are made here, rather than one built."""
        return not (self.folder / actions.ARCHIVE).exists()

    def server_info_query(self, tvm_version: str) -> dict[str, Any]:
        """What this server is."""
        del tvm_version
        if self.is_template:
            from micrort.project import template

            options = template.options()
        else:
            options = actions.describe(self.folder)["project_options"]
        return {
            "platform_name": "micrort",
            "is_template": self.is_template,
            "model_library_format_path": "" if self.is_template else str(self.folder / actions.ARCHIVE),
            "project_options": options,
            "protocol_version": 1,
        }

    def generate_project(
        self, model_library_format_path: str, standalone_crt_dir: str, project_dir: str, options: dict[str, Any]
    ) -> None:
        """Make a project from the template. TVM's runtime is not used."""
        del standalone_crt_dir
        if not self.is_template:
            raise actions.ProjectError("this is a project; new ones are made from the template")
        from micrort.project import template

        template.generate(Path(model_library_format_path), Path(project_dir), options)

    def build(self, options: dict[str, Any]) -> None:
        """Build the project."""
        actions.build(self.folder, options.get("verbose") in (True, "true", "1"))

    def flash(self, options: dict[str, Any]) -> None:
        """Write the image to the board; nothing on an emulated one."""
        del options
        described = actions.describe(self.folder)
        if described["flash"] is not None or "run" not in described["commands"]:
            actions.flash(self.folder)

    def open_transport(self, options: dict[str, Any]) -> dict[str, Any]:
        """Start the emulated board, or open the serial port."""
        self.close_transport()
        self.transport = actions.Transport(self.folder, str(options.get("serial_port") or ""))
        timeouts = self.transport.timeouts
        return {"timeouts": {name: timeouts[index] for index, name in enumerate(actions.TIMEOUT_NAMES)}}

    def close_transport(self) -> None:
        """Stop it, if it is open."""
        if self.transport is not None:
            self.transport.close()
            self.transport = None

    def read_transport(self, n: int, timeout_sec: float | None) -> dict[str, str]:
        """Bytes from the firmware."""
        data = self._open().read(n, timeout_sec)
        return {"data": base64.b85encode(data).decode()}

    def write_transport(self, data: str, timeout_sec: float | None) -> None:
        """Bytes to the firmware."""
        self._open().write(base64.b85decode(data), timeout_sec)

    def _open(self) -> actions.Transport:
        if self.transport is None:
            raise actions.TransportClosedError
        return self.transport


class RpcError(Exception):
    """An error of the protocol."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def serve(methods: Methods, requests: BinaryIO, replies: BinaryIO, debug: bool = False) -> None:
    """Answer requests until the client closes its end, or sends what is no request."""
    for line in requests:
        number, going = None, False
        try:
            number, function, parameters = _parse(line, methods)
            going = True
            reply: dict[str, Any] = {"result": function(**parameters)}
        except RpcError as error:
            going = error.code in (-32601, -32602)
            number = json.loads(line)["id"] if going else None
            reply = {"error": {"code": error.code, "message": error.message, "data": None}}
        except Exception as error:  # whatever went wrong is the client's to know
            reply = {"error": _failure(error)}
        text = json.dumps({"jsonrpc": "2.0", "id": number, **reply})
        if debug:
            print(line.decode(errors="replace").rstrip(), text, sep="\n", file=sys.stderr)
        replies.write(text.encode() + b"\n")
        replies.flush()
        if not going:
            break
    methods.close_transport()


def _parse(line: bytes, methods: Methods) -> tuple[Any, Callable[..., Any], dict[str, Any]]:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        raise RpcError(-32700, "parse error: one JSON object a line is wanted") from None
    sound = isinstance(request, dict) and request.get("jsonrpc") == "2.0" and isinstance(request.get("id"), (int, str))
    if not sound or not isinstance(request.get("method"), str) or not isinstance(request.get("params", {}), dict):
        raise RpcError(-32600, "no JSON-RPC 2.0 request with id, method and named params")
    name, parameters = request["method"], request.get("params", {})
    public = {key: value for key, value in vars(Methods).items() if callable(value) and not key.startswith("_")}
    if name not in public:
        raise RpcError(-32601, f"{name}: no such method")
    wanted = list(inspect.signature(public[name]).parameters)[1:]
    for parameter in wanted:
        if parameter not in parameters:
            raise RpcError(-32602, f"method {name}: parameter {parameter} not given")
    for parameter in parameters:
        if parameter not in wanted:
            raise RpcError(-32602, f"method {name}: no parameter {parameter}")
    return request["id"], getattr(methods, name), parameters


def _failure(error: Exception) -> dict[str, Any]:
    named = isinstance(error, (actions.IoTimeoutError, actions.TransportClosedError)) or not str(error)
    message = type(error).__name__ if named else str(error)
    return {"code": -32000, "message": message, "data": {"traceback": traceback.format_exc()}}


def main(folder: Path) -> NoReturn:
    """Serve the project or template in `folder` on the pipes that the command line names."""
    parser = argparse.ArgumentParser(description="Project API server of a micrort project.")
    parser.add_argument("--read-fd", type=int, required=True, help="file descriptor that requests come from")
    parser.add_argument("--write-fd", type=int, required=True, help="file descriptor that replies go to")
    parser.add_argument("--debug", action="store_true", help="print requests and replies on standard error")
    given = parser.parse_args()
    with os.fdopen(given.read_fd, "rb", buffering=0) as requests, os.fdopen(given.write_fd, "wb") as replies:
        serve(Methods(folder), requests, replies, given.debug)
    sys.exit(0)


if __name__ == "__main__":
    main(Path(__file__).resolve().parent)
