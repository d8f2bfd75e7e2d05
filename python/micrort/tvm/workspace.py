"""How much memory the functions of generated C take while they run, read from the C itself.

Generated functions take blocks of constant size, in the order of the text, and give them back last first; so what they
take at most is found by going through their text, calls included. Pools that TVM planned itself are static arrays in
its C: they become parts of the workspace, so that they lie in the model's arena.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

GRANULE = 16
"""MRT_TVM_GRANULE."""
TAG = 4
"""Bytes that the runtime puts behind each block, within the granule."""
FUNCTION = re.compile(
    r"^[ \t]*(?:__attribute__\(\(\w+\)\)[ \t]*)?[A-Za-z_][\w \t*]*?\b(\w+)\(([^;{}()]*)\)\s*\{", re.MULTILINE
)
"""The head of a function's definition: its name, its parameters."""
_EVENT = re.compile(r"\b(\w+)\s*\(")
_BYTES = re.compile(r"TVMBackendAllocWorkspace\s*\([^,]*,[^,]*,\s*(?:\(uint64_t\)\s*)?(\d+)[uUlL]*\s*,")
_POOL = re.compile(
    r'__attribute__\(\(section\("\.bss\.noinit\.tvm"\)\s*,\s*(?:aligned\((\d+)\))?\s*\)\)\s*'
    r"static\s+uint8_t\s+(\w+)\[(\d+)\];"
)
_NAMES = re.compile(r'TVMFuncRegistry \w+\s*=\s*\{\s*"\\\d{3}\\\d{3}(.*?)"')
_ARRAY = re.compile(r"TVMBackendPackedCFunc \w+\[\]\s*=\s*\{(.*?)\}", re.DOTALL)
_WORDS = {"if", "for", "while", "switch", "return", "sizeof"}


@dataclass(frozen=True)
class Function:
    """A function of generated C."""

    name: str
    parameters: str
    body: str


@dataclass(frozen=True)
class Pools:
    """Pools that an archive planned, and its C with them moved to the workspace."""

    sources: Mapping[str, str]
    bytes: int
    alignment: int


def with_pools_moved(sources: Mapping[str, str], first: int = 0) -> Pools:
    """Static pools as parts of the workspace of the running operator, from byte `first` on."""
    size, alignment = first, GRANULE

    def moved(match: re.Match[str]) -> str:
        nonlocal size, alignment
        own = int(match[1] or GRANULE)
        alignment = max(alignment, own)
        size = -(-size // own) * own
        text = (
            f"/* micrort: {match[2]} lies in the model's arena. */\nvoid *mrt_tvm_pool(uint32_t offset);\n"
            f"#define {match[2]} (*(uint8_t (*)[{match[3]}])mrt_tvm_pool({size}u))"
        )
        size += int(match[3])
        return text

    changed = {name: _POOL.sub(moved, text) for name, text in sources.items()}
    return Pools(changed, size, alignment)


class Workspaces:
    """The functions of an archive, and what each takes."""

    def __init__(self, sources: Mapping[str, str], stated: Mapping[str, int]) -> None:
        """Read the C.

        Args:
            sources: C by file name.
            stated: what metadata.json says; used where the C does not tell.
        """
        self.sources = sources
        self.stated = stated
        self._known: dict[str, int | None] = {}

    @cached_property
    def functions(self) -> Mapping[str, Function]:
        """Every function that is defined, by name."""
        found = {}
        for text in self.sources.values():
            for match in FUNCTION.finditer(text):
                if match[1] not in _WORDS:
                    found[match[1]] = Function(match[1], match[2], _body(text, match.end()))
        return found

    def defines(self, function: str) -> bool:
        """Whether the C defines it."""
        return function in self.functions

    @cached_property
    def registered(self) -> Mapping[str, str]:
        """Functions by the names under which a system library lists them."""
        found: dict[str, str] = {}
        for text in self.sources.values():
            names, functions = _NAMES.search(text), _ARRAY.search(text)
            if names is not None and functions is not None:
                listed = re.findall(r"\(TVMBackendPackedCFunc\)\s*(\w+)", functions[1])
                found |= dict(zip(names[1].split(r"\000"), listed, strict=False))
        return found

    def bytes(self, function: str) -> int:
        """What a call of it takes at most, in whole granules."""
        found = self.most(function if self.defines(function) else self.registered.get(function, function))
        if found is not None:
            return found
        stated = self.stated.get(function, 0)
        return block(stated) if stated else 0

    def most(self, function: str) -> int | None:
        """What a call of it takes at most, as its C tells; None where that does not."""
        return self._most(function, ())

    def _most(self, function: str, chain: tuple[str, ...]) -> int | None:
        """None where the C does not tell."""
        if function not in self.functions or function in chain:
            return None
        if function not in self._known:
            self._known[function] = self._follow(self.functions[function].body, (*chain, function))
        return self._known[function]

    def _follow(self, body: str, chain: tuple[str, ...]) -> int | None:
        blocks: list[int] = []
        most = 0
        for match in _EVENT.finditer(body):
            name = match[1]
            if name == "TVMBackendAllocWorkspace":
                size = _BYTES.match(body, match.start())
                if size is None:
                    return None
                blocks.append(block(int(size[1])))
                most = max(most, sum(blocks))
            elif name == "TVMBackendFreeWorkspace":
                blocks = blocks[:-1]
            elif name in self.functions and name not in chain:
                inner = self._most(name, chain)
                if inner is None:
                    return None
                most = max(most, sum(blocks) + inner)
        return most


def block(size: int) -> int:
    """Bytes of the workspace that a block of `size` bytes takes."""
    return -(-(size + TAG) // GRANULE) * GRANULE


def _body(text: str, start: int) -> str:
    """The text of a block whose opening brace ends at `start`, without the closing one."""
    depth = 1
    for match in re.compile(r"[{}]").finditer(text, start):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return text[start : match.start()]
    return text[start:]
