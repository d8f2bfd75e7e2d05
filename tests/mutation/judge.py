"""Judges mutants: each becomes a host library, and the quick tests of its unit run against it in a forked process."""

from __future__ import annotations

import functools
import importlib
import math
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutation.operators import Mutant

from micrort import sources
from micrort.native import library

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build/mutation"
FLAGS = (*library.BASE_FLAGS, "-w", f"-I{sources.root() / 'include'}", f"-I{ROOT}")
MEMORY_MAX = 8 << 30
"""Bytes that a test run may take: a mutant may ask for everything."""

KILLED, TIMEOUT, SURVIVED, SAME = "killed", "timeout", "survived", "same"
"""Verdicts; SAME: the compiler makes the very same object of it, so it is no mutant at all."""


class Judge:
    """The library's objects, and a process that has everything imported but the library.

    Args:
        stages: arguments of pytest, the quickest tests first: a mutant that they kill never sees the others.
    """

    def __init__(self, stages: Sequence[Sequence[str]]) -> None:
        options = ("-x", "-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist")
        self._stages = [(*tests, *options) for tests in stages]
        self._seconds = []
        """Of the processor, after which a stage is ended."""
        for tests in self._stages:
            verdict, used = self._run(library._build(), tests, 600)
            assert verdict == SURVIVED, f"{' '.join(tests)}: {verdict} on the sound library"
            self._seconds.append(3 + math.ceil(3 * used))

    def judge(self, mutant: Mutant) -> str:
        """The verdict."""
        unit = ROOT / mutant.unit
        folder = WORK / str(os.getpid())
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / unit.name).write_text(mutant.apply(unit.read_text()))
        made = folder / f"{unit.stem}.o"
        if _compile(folder / unit.name, made).returncode != 0:
            return KILLED  # the compiler is the first test
        if made.read_bytes() == _object(mutant.unit).read_bytes():
            return SAME
        others = [_object(name) for name in units() if name != mutant.unit]
        subprocess.run(["cc", "-shared", made, *others, "-lm", "-o", folder / "libmicrort.so"], check=True)
        shutil.copy(library._build() / "_micrort_cdef.py", folder)
        for tests, seconds in zip(self._stages, self._seconds, strict=True):
            verdict, _ = self._run(folder, tests, seconds)
            if verdict != SURVIVED:
                return verdict
        return SURVIVED

    def _run(self, folder: Path, tests: Sequence[str], seconds: int) -> tuple[str, float]:
        """Verdict, and seconds of the processor. Tests count as ended when they have used up `seconds` of those."""
        child = os.fork()
        if child == 0:
            _test(folder, tests, seconds)
        _, status, used = os.wait4(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL):
            return TIMEOUT, used.ru_utime + used.ru_stime
        return SURVIVED if status == 0 else KILLED, used.ru_utime + used.ru_stime


def _test(folder: Path, tests: Sequence[str], seconds: int) -> None:
    """In the child: the tests with the library in `folder`; does not return."""
    code = 3
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(null, number)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        library.load.cache_clear()
        library._build = lambda: folder  # type: ignore[assignment]
        import pytest

        code = int(pytest.main(list(tests)))
    finally:
        os._exit(code)


@functools.cache
def units() -> list[str]:
    """Paths of all units from the root of the repository, as they were at first."""
    return sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("runtime/**/*.c"))


def _object(unit: str) -> Path:
    return WORK / "objects" / f"{unit.replace('/', '_')}.o"


def _compile(unit: Path, made: Path) -> subprocess.CompletedProcess[str]:
    # From its own folder: an object holds the name of its source as it was given.
    command = ["cc", *FLAGS, "-c", unit.name, "-o", str(made)]
    return subprocess.run(command, cwd=unit.parent, capture_output=True, text=True, check=False)


def prepare() -> None:
    """Compile all units as they are, and import what tests import."""
    (WORK / "objects").mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(2) as pool:
        for done in pool.map(lambda unit: _compile(ROOT / unit, _object(unit)), units()):
            assert done.returncode == 0, done.stderr
    for name in ("numpy", "cffi", "pytest", "hypothesis", "micrort.native.kernels"):
        importlib.import_module(name)
    from hypothesis import Phase, settings

    # The same examples for every mutant, and no time spent on making a failure small.
    settings.register_profile("mutation", database=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
    settings.load_profile("mutation")
