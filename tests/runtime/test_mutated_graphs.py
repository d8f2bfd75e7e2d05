"""Corrupted tables, under the address and undefined-behaviour sanitisers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from micrort import sources

FLAGS = ("-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no host compiler: cc")
    root = sources.root()
    units = [
        Path(__file__).with_name("mutate_graph.c"),
        root / "runtime/copy.c",
        root / "runtime/graph_check.c",
        root / "runtime/graph_plan.c",
        root / "runtime/graph_seal.c",
        root / "runtime/executor.c",
        *(path for path in (root / "runtime/kernels").glob("*.c") if path.name != "kernels.c"),
        *(
            root / f"runtime/kernels/portable/{name}.c"
            for name in ("conv2d_s8", "pad", "resize_nearest", "concatenation")
        ),
    ]
    target = tmp_path_factory.mktemp("mutants") / "mutate_graph"
    include = (f"-I{root / 'include'}", f"-I{root}")
    command = [compiler, *FLAGS, "-fno-sanitize-recover=all", *include, *map(str, units), "-lm", "-o", str(target)]
    subprocess.run(command, check=True)
    return target


def test_corrupted_tables_are_refused_or_run_safely(program):
    done = subprocess.run([program, "50000"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    refused, ran = map(int, done.stdout.split())
    assert refused + ran == 50000
    assert refused > 10000
    assert ran > 1000
