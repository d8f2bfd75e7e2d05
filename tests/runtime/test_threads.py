"""Executors and planners in threads of their own share nothing that anyone writes: seen by ThreadSanitizer."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from micrort import sources
from micrort.codegen import blob
from micrort.compiler import compile_model

HERE = Path(__file__).parent
MODEL = HERE.parent / "models" / "digits_int8.tflite"
FLAGS = ("-std=c11", "-O1", "-g", "-fsanitize=thread", "-Wall", "-Wextra", "-Werror")
RACE = "WARNING: ThreadSanitizer: data race"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program and a model for it."""
    place = tmp_path_factory.mktemp("threads")
    root = sources.root()
    include = (f"-I{root / 'include'}", f"-I{root}")

    def compile_unit(unit: Path) -> str:
        made = place / f"{unit.parent.name}_{unit.stem}.o"
        subprocess.run(["gcc", *FLAGS, *include, "-c", unit, "-o", made], check=True)
        return str(made)

    units = [HERE / "threads.c", *sorted(root.glob("runtime/**/*.c"))]
    with ThreadPoolExecutor(2) as pool:
        objects = list(pool.map(compile_unit, units))
    subprocess.run(["gcc", *FLAGS, *objects, "-lm", "-pthread", "-o", place / "threads"], check=True)
    (place / "model.mrt").write_bytes(blob.write(compile_model(MODEL).graph).model)
    return place


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program; ThreadSanitizer makes its exit code 66 where it saw a race."""
    command = [folder / "threads", folder / "model.mrt", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_threads_with_their_own_memory_under_sanitisers(folder: Path) -> None:
    done = run(folder)
    assert RACE not in done.stderr and done.returncode == 0, done.stderr[:4000]
    lines = done.stdout.splitlines()
    assert len(lines) == 4
    assert len(set(lines)) == 1, "all threads find the same"
    assert lines[0].startswith("0 "), "and none fails"


def test_threads_in_one_arena_are_seen_under_sanitisers(folder: Path) -> None:
    done = run(folder, "shared")
    assert done.returncode == 66 and RACE in done.stderr
