"""Runs a script of tests with the C library built under the address and undefined-behaviour sanitisers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from micrort import sources

FLAGS = "-O1 -fsanitize=address,undefined -fno-sanitize-recover=all"


def run(script: Path, *arguments: str) -> str:
    """The standard output of `script`; fails the test with the sanitiser's report."""
    root = sources.root()
    environment = {
        **os.environ,
        "MICRORT_NATIVE_CFLAGS": FLAGS,
        "ASAN_OPTIONS": "detect_leaks=0",
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": os.pathsep.join([str(root / "python"), str(root), os.environ.get("PYTHONPATH", "")]),
    }
    # Built first, since a compiler under the sanitiser takes its time.
    build = "from micrort.native import library; library._build()"
    subprocess.run([sys.executable, "-c", build], env=environment, check=True)
    environment["LD_PRELOAD"] = _sanitiser()
    command = [sys.executable, str(script), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def _sanitiser() -> str:
    """The address sanitiser's library, which must come before all others in a process that was built without it."""
    compiler = os.environ.get("CC", "cc")
    command = [compiler, "-print-file-name=libasan.so"]
    path = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    if not Path(path).is_absolute():
        pytest.skip(f"{compiler} has no shared libasan.so")
    return path
