"""What is kept of verdicts: in build, so that a run can be stopped and go on; the survivors, in survivors.txt."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from tests.mutation.judge import ROOT, WORK
from tests.mutation.operators import Mutant

SURVIVORS = Path(__file__).with_name("survivors.txt")
TITLE = "# Mutants that the tests do not find, of units whose mutants were all judged. Written by `./dev mutation`.\n"


class Verdicts:
    """The verdicts on a unit's mutants, kept for as long as the unit and its tests stay as they are."""

    def __init__(self, unit: str, stages: Sequence[Sequence[str]]) -> None:
        digest = hashlib.sha256((ROOT / unit).read_bytes())
        for stage in stages:
            digest.update(repr(stage).encode())
            for test in stage:
                path = ROOT / test.partition("::")[0]
                digest.update(path.read_bytes() if path.is_file() else b"")
        self._path = WORK / "verdicts" / f"{unit.replace('/', '_')}-{digest.hexdigest()[:16]}.txt"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lines = self._path.read_text().splitlines() if self._path.exists() else []
        self._found = dict(line.split(" ") for line in lines)

    def __contains__(self, mutant: Mutant) -> bool:
        return _key(mutant) in self._found

    def of(self, mutant: Mutant) -> str:
        """The verdict on a mutant that was judged."""
        return self._found[_key(mutant)]

    def add(self, mutant: Mutant, verdict: str) -> None:
        """Keep a verdict."""
        self._found[_key(mutant)] = verdict
        with self._path.open("a") as file:
            file.write(f"{_key(mutant)} {verdict}\n")


def _key(mutant: Mutant) -> str:
    text = f"{mutant.operator} {mutant.start} {mutant.end} {mutant.replacement}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_survivors(unit: str, row: str, survivors: Sequence[str], path: Path = SURVIVORS) -> None:
    """Put a unit's row and survivors in the place of what survivors.txt said of it."""
    blocks = {}
    for block in (path.read_text() if path.exists() else "").split("\n\n")[1:]:
        blocks[block.split()[0]] = block.strip("\n")
    blocks[unit] = "\n".join((row, *survivors))
    path.write_text(TITLE + "".join(f"\n{blocks[name]}\n" for name in sorted(blocks)))
