"""Stack frames as the compiler states them: `-fcallgraph-info=su` files, gathered in one table beside each library.

The table is text, a row a function: the file that was compiled, the file that defines the function (a header, maybe),
function, bytes, separated by tabs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from micrort.errors import ToolError

FLAG = "-fcallgraph-info=su"
"""gcc's flag: beside x.o it writes x.ci, with the frame of each function that is in x.o."""
BOUNDED = ("static", "dynamic,bounded")
"""Kinds of frames whose bytes are a bound; the second moves the stack pointer further, within them."""
_GRAPH = re.compile(r'^graph: \{ title: "([^"]*)"')
_NODE = re.compile(
    r'^node: \{ title: "(?:[^"]*:)?([^":]+)" label: "[^"]*?\\n([^"]+?):\d+:\d+\\n(\d+) bytes \(([^)]*)\)'
)


@dataclass(frozen=True)
class Frame:
    """The frame of one function."""

    unit: str
    """Name of the file that was compiled, without folders: as it stands in symbol tables."""
    source: str
    """The file that defines it."""
    function: str
    """Its symbol."""
    bytes: int
    """What it takes of the stack, saved registers and outgoing arguments included."""


def gather(paths: Iterable[Path], root: Path) -> str:
    """The table of some .ci files; paths below `root` are written relative to it.

    Raises:
        ToolError: a function's frame has no bound.
    """
    rows = set()
    for path in paths:
        text = path.read_text(encoding="utf-8")
        graph = _GRAPH.match(text)
        unit = Path(graph[1]).name if graph else ""
        for line in text.splitlines():
            match = _NODE.match(line)
            if match is None:
                continue
            function, source, size, kind = match.groups()
            if kind not in BOUNDED:
                raise ToolError(
                    f"{source}: the stack of {function} is {kind}, so no bound can be given: use fixed sizes"
                )
            rows.add(f"{unit}\t{source.removeprefix(f'{root}/').removeprefix('./')}\t{function}\t{size}\n")
    return "".join(sorted(rows))


def read(paths: Iterable[Path]) -> Mapping[str, tuple[Frame, ...]]:
    """The frames in some tables by the functions' symbols; several where files have functions of the same name."""
    found: dict[str, tuple[Frame, ...]] = {}
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            unit, source, function, size = line.split("\t")
            found[function] = (*found.get(function, ()), Frame(unit, source, function, int(size)))
    return found
