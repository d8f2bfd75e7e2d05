"""Whatever the attributes, a kernel's check refuses them or its run stays within its tensors and defined behaviour."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from micrort import sources
from micrort.native import kernels

ROUNDS = 150
FLAGS = "-O1 -fsanitize=address,undefined -fno-sanitize-recover=all"


def sanitiser() -> str:
    """The address sanitiser's library, which must come before all others in a process that was built without it."""
    compiler = os.environ.get("CC", "cc")
    found = subprocess.run([compiler, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
    path = found.stdout.strip()
    if not Path(path).is_absolute():
        pytest.skip(f"{compiler} has no shared libasan.so")
    return path


def test_corrupted_attributes_are_refused_or_run_safely() -> None:
    package = str(sources.root() / "python")
    environment = {
        **os.environ,
        "MICRORT_NATIVE_CFLAGS": FLAGS,
        "ASAN_OPTIONS": "detect_leaks=0",
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": os.pathsep.join([package, os.environ.get("PYTHONPATH", "")]),
    }
    # Built first, since a compiler under the sanitiser takes its time.
    build = "from micrort.native import library; library._build()"
    subprocess.run([sys.executable, "-c", build], env=environment, check=True)
    script = Path(__file__).with_name("hostile_arithmetic.py")
    environment["LD_PRELOAD"] = sanitiser()
    done = subprocess.run(
        [sys.executable, script, str(ROUNDS)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    results = [line.split() for line in done.stdout.splitlines()]
    assert {name for name, _, _ in results} == {name for name, number in kernels.ids().items() if 20 <= number < 70}
    assert sum(int(refused) for _, refused, _ in results) > 10 * ROUNDS
    assert sum(int(ran) for _, _, ran in results) > 10 * ROUNDS
