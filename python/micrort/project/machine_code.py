"""What a linked image's machine code does to the stack, and whom it calls: functions of Thumb code, by disassembly."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from micrort.devices.targets import CROSS
from micrort.errors import ToolError

_HEAD = re.compile(r"^([0-9a-f]+) <([^>]+)>:$")
_TARGET = re.compile(r"\b([0-9a-f]+) <[^>]+>")
_CONDITIONS = "eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|al"
_BRANCH = re.compile(rf"b(l|lx)?({_CONDITIONS})?$|cbn?z$|w?ls\w*$|letp?$")
_WIDTH = {"r": 4, "s": 4, "d": 8}
_REGISTERS = {"sl": "r10", "fp": "r11", "ip": "r12", "lr": "r14", "pc": "r15"}


class Instruction(NamedTuple):
    """A line of the disassembly."""

    address: int
    mnemonic: str
    """Without .n and .w."""
    operands: str


@dataclass
class Function:
    """A function in an image."""

    name: str
    address: int
    pushed: int = 0
    """Bytes that its instructions take of the stack, were each executed once: a bound, for none stands in a loop."""
    calls: set[int] = field(default_factory=set)
    """Addresses that it calls, jumps to, or runs into."""
    indirect: bool = False
    """Whether it calls through a pointer."""
    doubt: str = ""
    """An instruction that makes `pushed` no bound."""


def read(image: Path) -> Mapping[int, Function]:
    """The functions of an image by address.

    Raises:
        ToolError: the disassembler is missing or refuses.
    """
    command = [f"{CROSS}objdump", "-d", "--no-show-raw-insn", str(image)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise ToolError(
            f"{command[0]} not found: install it (Debian: apt-get install binutils-arm-none-eabi)"
        ) from error
    if done.returncode != 0:
        raise ToolError(f"{command[0]} {image}: {done.stderr.strip()}")
    return {function.address: function for function in _functions(done.stdout)}


def _functions(text: str) -> Iterator[Function]:
    """Each label of the disassembly begins one; where it does not end by a jump, it runs into the next."""
    bodies: list[tuple[Function, list[Instruction]]] = []
    for line in text.splitlines():
        head = _HEAD.match(line)
        if head is not None:
            bodies.append((Function(head[2], int(head[1], 16)), []))
        elif "\t" in line and bodies:
            place, *words = line.split("\t")
            if words and not words[0].startswith("."):  # else data
                operands = re.split("[;@]", words[1])[0].strip() if len(words) > 1 else ""
                mnemonic = re.sub(r"\.[nw]$", "", words[0].strip())
                bodies[-1][1].append(Instruction(int(place.strip().rstrip(":"), 16), mnemonic, operands))
    for index, (function, body) in enumerate(bodies):
        _judge(function, body, bodies[index + 1][0].address if index + 1 < len(bodies) else None)
        yield function


def _judge(function: Function, body: Sequence[Instruction], following: int | None) -> None:
    """Fill in what the reachable instructions of a function do."""
    flow = {index: _successors(body, index) for index in range(len(body))}
    places = {item.address for item in body}
    for index in _reachable(flow, (0,)):
        if index == len(body):  # runs into what follows
            function.calls |= set() if following is None else {following}
            continue
        item = body[index]
        size = _taken(function, item)
        function.pushed += size
        if size and index in _reachable(flow, flow[index]):
            function.doubt = function.doubt or f"it takes stack in a loop: {item.mnemonic} {item.operands}"
        function.indirect |= item.mnemonic in ("blx", "bx") and item.operands != "lr"
        target = _target(item)
        if target is not None and (target not in places or (_is_call(item) and target == function.address)):
            function.calls.add(target)


def _reachable(flow: Mapping[int, Sequence[int]], starts: Sequence[int]) -> set[int]:
    """Indices of instructions that execution can come to; one behind the last for what follows the function."""
    waiting, reached = list(starts), set[int]()
    while waiting:
        index = waiting.pop()
        if index not in reached:
            reached.add(index)
            waiting.extend(flow.get(index, ()))
    return reached


def _successors(body: Sequence[Instruction], index: int) -> list[int]:
    """Indices of the instructions of the same function that can come next."""
    item = body[index]
    if _is_switch(item):  # anywhere behind the function's first jump: what comes before is run once, at its entry
        first = next(place for place, other in enumerate(body) if _is_switch(other) or _target(other) is not None)
        return [place for place in range(first + 1, len(body)) if body[place].mnemonic != "nop"]
    target = _target(item)
    far = _is_call(item) and target is not None and body[0].address < target <= body[-1].address
    found = [] if far or _leaves(item) else [index + 1]
    if target is not None:
        found.extend(place for place, other in enumerate(body) if other.address == target)
    return found


def _target(item: Instruction) -> int | None:
    """Where a branch or call goes."""
    found = _TARGET.search(item.operands) if _BRANCH.match(item.mnemonic) else None
    return int(found[1], 16) if found else None


def _is_call(item: Instruction) -> bool:
    """Whether it branches with link; Armv6-M code also jumps far within a function in this way, not to return."""
    return item.mnemonic in ("bl", "blx")


def _is_switch(item: Instruction) -> bool:
    """Whether it jumps by a table, or to an address that is kept in memory: within its function."""
    if item.mnemonic in ("tbb", "tbh"):
        return True
    if item.mnemonic.startswith("ldm") and not item.operands.startswith("sp"):
        return re.search(r"\bpc\}", item.operands) is not None
    targets = {"mov": "pc, (?!lr)", "ldr": r"pc, \[sp(, #\d+)?\]$"}
    return item.mnemonic in targets and re.match(targets[item.mnemonic], item.operands) is not None


def _leaves(item: Instruction) -> bool:
    """Whether execution does not go on behind this instruction."""
    if item.mnemonic in ("b", "bx", "udf", "tbb", "tbh"):
        return True
    return (
        item.mnemonic.startswith(("pop", "ldm", "ldr", "mov")) and re.search(r"^pc\b|\bpc\}", item.operands) is not None
    )


def _taken(function: Function, item: Instruction) -> int:
    """Bytes by which an instruction lowers the stack pointer; notes a doubt where there is no telling."""
    base = item.mnemonic.split(".")[0]
    listed = re.search(r"\{([^}]*)\}", item.operands)
    if listed is not None and (
        base in ("push", "vpush") or (base.endswith("stmdb") and item.operands.startswith("sp!"))
    ):
        return _bytes(listed[1])
    written = re.search(r"\[sp, #(-?\d+)\]!|\[sp\], #(-?\d+)", item.operands)
    if written is not None:
        return max(0, -int(written[1] or written[2]))
    if not re.match(r"sp\b", item.operands) or base in ("cmp", "cmn", "tst"):
        return 0
    if re.match(r"(ldm|pop|vldm)", base):
        return 0
    constant = re.match(r"sp, (?:sp, )?#(\d+)$", item.operands)
    if constant is None or base not in ("add", "addw", "sub", "subw"):
        function.doubt = f"{item.mnemonic} {item.operands}"
        return 0
    return int(constant[1]) if base.startswith("sub") else 0


def _bytes(registers: str) -> int:
    """Bytes of a list such as `r4, r5, lr` or `d8-d15`."""
    total = 0
    for item in registers.split(", "):
        first, _, last = item.partition("-")
        first, last = (_REGISTERS.get(name, name) for name in (first, last or first))
        total += _WIDTH[first[0]] * (int(last[1:]) - int(first[1:]) + 1)
    return total
