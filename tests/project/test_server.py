"""The Project API: a driver of our own, written from the protocol's description, against template and project."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.codegen.models import MODELS

from micrort import compiler, mlf
from micrort.project import actions, template

TEMPLATE = Path(template.__file__).parent


class Driver:
    """Speaks JSON-RPC with a server over two pipes."""

    def __init__(self, folder: Path, *python: str) -> None:
        requests, self.write_fd = os.pipe()
        self.read_fd, replies = os.pipe()
        command = [*(python or (sys.executable,)), "microtvm_api_server.py"]
        command += ["--read-fd", str(requests), "--write-fd", str(replies)]
        self.process = subprocess.Popen(command, cwd=folder, pass_fds=(requests, replies))
        os.close(requests)
        os.close(replies)
        self.replies = os.fdopen(self.read_fd, "rb")
        self.number = 0

    def raw(self, line: bytes) -> dict[str, Any]:
        os.write(self.write_fd, line + b"\n")
        reply = json.loads(self.replies.readline())
        assert reply.pop("jsonrpc") == "2.0"
        return dict(reply)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        self.number += 1
        request = {"jsonrpc": "2.0", "method": method, "params": params, "id": self.number}
        reply = self.raw(json.dumps(request).encode())
        assert reply.pop("id") == self.number
        return reply

    def result(self, method: str, **params: Any) -> Any:
        reply = self.call(method, **params)
        assert set(reply) == {"result"}, reply
        return reply["result"]

    def error(self, method: str, **params: Any) -> tuple[int, str]:
        reply = self.call(method, **params)
        assert set(reply) == {"error"} and set(reply["error"]) == {"code", "message", "data"}
        return reply["error"]["code"], reply["error"]["message"]

    def close(self) -> None:
        os.close(self.write_fd)
        self.replies.close()
        assert self.process.wait(10) == 0


@contextmanager
def driver(folder: Path, *python: str) -> Iterator[Driver]:
    found = Driver(folder, *python)
    try:
        yield found
    finally:
        found.close()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("archive") / "sine.tar"
    mlf.write(compiler.compile_model(MODELS / "sine_int8.tflite"), path)
    return path


def defaults(info: dict[str, Any], **chosen: str) -> dict[str, Any]:
    return {option["name"]: option["default"] for option in info["project_options"]} | chosen


def test_from_template_to_output(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    with driver(TEMPLATE) as ours:
        info = ours.result("server_info_query", tvm_version="0.14.0")
        assert info["is_template"] is True and info["model_library_format_path"] == "" and info["protocol_version"] == 1
        for option in info["project_options"]:
            assert set(option) == {"name", "choices", "default", "type", "required", "optional", "help"}
            assert option["type"] in {"str", "int", "bool"}
        options = defaults(info, project_type="baremetal", board="mps2_an386", stack_size="8192")
        place = {"model_library_format_path": str(archive), "standalone_crt_dir": "/nowhere"}
        assert ours.result("generate_project", **place, project_dir=str(folder), options=options) is None
        code, message = ours.error("generate_project", **place, project_dir=str(folder), options=options)
        assert code == -32000 and "exists" in message
    with driver(folder, sys.executable, "-E", "-S") as ours:  # without micrort and any other package
        info = ours.result("server_info_query", tvm_version="0.14.0")
        assert info["is_template"] is False and info["model_library_format_path"] == str(folder / "model.tar")
        assert ours.result("build", options=options) is None
        assert ours.result("flash", options=options) is None
        timeouts = ours.result("open_transport", options=options)["timeouts"]
        assert set(timeouts) == set(actions.TIMEOUT_NAMES)
        assert ours.result("write_transport", data=base64.b85encode(b"hello").decode(), timeout_sec=5.0) is None
        data = ours.result("read_transport", n=9, timeout_sec=20.0)["data"]
        assert base64.b85decode(data) == b"micrort: "
        data = ours.result("read_transport", n=10_000, timeout_sec=20.0)["data"]
        assert base64.b85decode(data).endswith(b"success\n")
        assert ours.error("read_transport", n=1, timeout_sec=5.0) == (-32000, "TransportClosedError")
        assert ours.result("close_transport") is None


def test_errors_of_the_protocol() -> None:
    with driver(TEMPLATE) as ours:
        assert ours.error("nope") == (-32601, "nope: no such method")
        assert ours.error("is_template") == (-32601, "is_template: no such method")
        assert ours.error("build") == (-32602, "method build: parameter options not given")
        assert ours.error("build", options={}, more=1)[0] == -32602
        assert ours.error("read_transport", n=1, timeout_sec=0.1) == (-32000, "TransportClosedError")
        code, message = ours.error("build", options={})
        assert code == -32000 and "holds no project" in message
        assert ours.result("close_transport") is None  # and it goes on serving
    for line, code in ((b"{", -32700), (b"[]", -32600), (b'{"jsonrpc": "2.0", "id": 1}', -32600), (b"\xff", -32700)):
        with driver(TEMPLATE) as ours:
            reply = ours.raw(line)
            assert reply["id"] is None and reply["error"]["code"] == code
            assert ours.replies.readline() == b""  # it stopped


def test_timeout_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "firmware.elf").touch()
    described = {"type": "x", "image": "firmware.elf", "memories": [], "flash": None, "files": {}, "board": "b"}
    command = ["sh", "-c", "printf ab; read line; printf cd$line"]
    (tmp_path / "micrort.json").write_text(json.dumps({**described, "commands": {"run": command}}))
    transport = actions.Transport(tmp_path)
    with pytest.raises(actions.IoTimeoutError):
        transport.read(4, 0.3)
    transport.write(b"ef\n", 5.0)
    assert transport.read(6, 5.0) == b"abcdef"
    with pytest.raises(actions.TransportClosedError):
        transport.read(1, 5.0)
    transport.close()
