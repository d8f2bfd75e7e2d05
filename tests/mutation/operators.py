"""Mutants of C: small faults, one at a time, made on the tokens of function bodies.

Preprocessor lines, comments, strings and everything outside functions stay as they are. It leans on the layout of the
house: braces around every branch, blanks around binary operators.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<skip>\s+|/\*.*?\*/|//[^\n]*|^[ \t]*\#(?:[^\n]*\\\n)*[^\n]*)
      | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
      | (?P<number>\d[\w.]*)
      | (?P<word>[A-Za-z_]\w*)
      | (?P<operator><<=|>>=|->|\+\+|--|&&|\|\||<<|>>|[-+*/%&|^<>=!]=|.)""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_SWAPS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&", "+": "-", "-": "+",
    "*": "+", "/": "*", "%": "*", "<<": ">>", ">>": "<<", "&": "|", "|": "&", "^": "|", "+=": "-=", "-=": "+=",
    "*=": "+=", "/=": "*=", "|=": "&=", "&=": "|=", "^=": "|=", "<<=": ">>=", ">>=": "<<=",
}  # fmt: skip
_DECLARES = {"const", "static", "struct", "enum", "union", "typedef"}
_KEYWORDS = {"if", "else", "for", "while", "do", "switch", "case", "default", "return", "goto", "sizeof"}
_INTEGERS = {"uint8_t", "uint16_t", "uint32_t", "uint64_t", "int8_t", "int16_t", "int32_t", "int64_t"}


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True)
class Mutant:
    """`source` with the bytes start..end replaced."""

    unit: str
    operator: str
    start: int
    end: int
    replacement: str
    line: int
    before: str
    """The lines that it touches, with single blanks."""
    after: str

    def apply(self, source: str) -> str:
        return source[: self.start] + self.replacement + source[self.end :]

    @property
    def change(self) -> str:
        """What was changed, wherever in the unit: the key of the list of equivalent mutants."""
        return f"{self.before} => {self.after}"


def tokens(source: str) -> list[Token]:
    """All tokens but blanks, comments and preprocessor lines."""
    found = (Token(str(match.lastgroup), match[0], match.start()) for match in _TOKEN.finditer(source))
    return [token for token in found if token.kind != "skip"]


def mutants(unit: str, source: str) -> list[Mutant]:
    """Every mutant of a unit, in the order of the source."""
    found = []
    for kind, body in _functions(tokens(source)):
        for operator, start, end, replacement in (
            *_local(body, source),
            *_statements(body),
            *_returns(body, kind, source),
        ):
            first, last = source.rfind("\n", 0, start) + 1, source.find("\n", end)
            before, after = source[first:last], source[first:start] + replacement + source[end:last]
            line = source.count("\n", 0, start) + 1
            texts = (" ".join(text.split()) for text in (before, after))
            found.append(Mutant(unit, operator, start, end, replacement, line, *texts))
    return sorted(found, key=lambda mutant: (mutant.start, mutant.end, mutant.replacement))


Edit = tuple[str, int, int, str]


def _functions(items: list[Token]) -> Iterator[tuple[str, list[Token]]]:
    """Return type and body of each function."""
    index = head = 0
    while index < len(items):
        if items[index].text == "{":
            end = _closing(items, index)
            if items[index - 1].text == ")":
                yield _type_of(items[head:index]), items[index : end + 1]
            index = head = end
        elif items[index].text == ";":
            head = index + 1
        index += 1


def _type_of(head: list[Token]) -> str:
    """The type before the name of a function: bool, an integer, mrt_status_t; "" for others, pointers too."""
    texts = [token.text for token in head]
    before_name = texts[: texts.index("(") - 1]
    return "" if "*" in before_name else next(iter(before_name[-1:]), "")


def _closing(items: list[Token], index: int) -> int:
    opening = items[index].text
    closing = {"(": ")", "{": "}"}[opening]
    depth = 0
    while True:
        depth += (items[index].text == opening) - (items[index].text == closing)
        if depth == 0:
            return index
        index += 1


def _local(body: list[Token], source: str) -> Iterator[Edit]:
    """Operators and constants, and conditions turned round."""
    for index in range(1, len(body) - 1):
        token = body[index]
        if token.text in _SWAPS and _is_binary(token, body[index - 1], body[index + 1]):
            yield "operator", token.start, token.end, _SWAPS[token.text]
        elif token.kind == "number":
            for changed in _neighbours(token.text):
                yield "constant", token.start, token.end, changed
        elif token.text in ("true", "false"):
            yield "constant", token.start, token.end, "false" if token.text == "true" else "true"
        elif token.text in ("if", "while"):
            start, end = body[index + 1].start, body[_closing(body, index + 1)].end
            yield "condition", start, end, f"(!{source[start:end]})"
        elif token.text == "?":
            yield "condition", token.start, token.end, "== 0 ?"


def _is_binary(token: Token, before: Token, after: Token) -> bool:
    if token.text not in "+-*&":
        return True
    operand = (before.kind in ("number", "word") and before.text not in _KEYWORDS) or before.text in (")", "]")
    return operand and before.end < token.start and token.end < after.start


def _neighbours(text: str) -> Iterator[str]:
    match = re.fullmatch(r"(0x[0-9A-Fa-f]+|\d+)(\.\d+f|[uUlL]*)", text)
    assert match is not None, text
    value = int(match[1], 0)
    yield f"{value + 1}{match[2]}"
    if value > 0:
        yield f"{value - 1}{match[2]}"


def _statements(body: list[Token]) -> Iterator[Edit]:
    """Assignments, calls, increments and breaks left out."""
    depth = 0
    for index in range(1, len(body) - 1):
        token, before = body[index], body[index - 1]
        depth += (before.text == "(") - (before.text == ")")
        if depth > 0 or before.text not in ("{", "}", ";", ":") or token.text in _KEYWORDS | _DECLARES:
            continue
        declares = token.kind == "word" and (body[index + 1].kind == "word" or body[index + 1].text == "*")
        if declares or (token.kind != "word" and token.text not in ("++", "--", "*")):
            continue
        end = next(item for item in body[index:] if item.text in (";", "{"))
        if end.text == ";" and before.text != ":":
            yield "statement", token.start, end.start, ""


def _returns(body: list[Token], kind: str, source: str) -> Iterator[Edit]:
    """Other results: the opposite, one more, a success for a failure and the reverse."""
    for index, token in enumerate(body):
        if token.text != "return" or body[index + 1].text == ";":
            continue
        first = body[index + 1]
        end = next(item for item in body[index:] if item.text == ";")
        if kind == "bool" and first.text not in ("true", "false"):
            yield "result", first.start, end.start, f"!({source[first.start : end.start]})"
        elif kind == "mrt_status_t" and first.text.startswith("MRT_"):
            yield "result", first.start, end.start, "MRT_ERR_STATE" if first.text == "MRT_OK" else "MRT_OK"
        elif kind in _INTEGERS:
            yield "result", first.start, end.start, f"1 + ({source[first.start : end.start]})"
