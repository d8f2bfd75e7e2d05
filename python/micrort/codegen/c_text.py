"""Pieces of C text: identifiers, literals, comments, lists."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterable, Iterator

import numpy as np

from micrort.ir import DType

WIDTH = 120
"""Columns of generated C."""

C_TYPES = {
    DType.S8: "int8_t",
    DType.U8: "uint8_t",
    DType.S16: "int16_t",
    DType.S32: "int32_t",
    DType.F32: "float",
    DType.BOOL: "uint8_t",
    DType.S64: "int64_t",
    DType.U32: "uint32_t",
}
IDENTIFIER_MAX = 40
"""Characters of an identifier made from a name of the model; C promises 63 significant ones, prefixes included."""
KEYWORDS = re.compile(
    r"auto|break|case|char|const|continue|default|do|double|else|enum|extern|float|for|goto|if|inline|int|long|register"
    r"|restrict|return|short|signed|sizeof|static|struct|switch|typedef|union|unsigned|void|volatile|while"
)


def identifier(text: str) -> str:
    """`text` as a C identifier; its end is kept where it is too long, which is what tells names apart."""
    clean = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")[-IDENTIFIER_MAX:].strip("_")
    return f"m_{clean}" if not clean or clean[0].isdigit() or KEYWORDS.fullmatch(clean) else clean


def identifiers(names: Iterable[str]) -> list[str]:
    """A distinct identifier for each name; a number tells equal ones apart."""
    taken: set[str] = set()
    found = []
    for name in names:
        candidate, serial = identifier(name), 2
        while candidate in taken:
            candidate, serial = f"{identifier(name)}_{serial}", serial + 1
        taken.add(candidate)
        found.append(candidate)
    return found


def comment(text: str) -> str:
    """`text` so that it cannot leave a comment: printable ASCII without its delimiters."""
    return re.sub(r"[^ -~]|[\\]|\?\?", "?", text).replace("*/", "* /").replace("/*", "/ *")


def string(text: str) -> str:
    """A C string literal of the UTF-8 bytes of `text`."""
    plain = (chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}" for byte in text.encode())
    return '"' + "".join(plain) + '"'


def literal(value: float, dtype: DType) -> str:
    """A constant of the C type of `dtype`, exact for the value it stands for."""
    if dtype is DType.F32:
        return _float(value)
    number = int(value)
    if dtype is DType.S32 and number == -(2**31):
        return "INT32_MIN"
    if dtype is DType.S64:
        return "INT64_MIN" if number == -(2**63) else f"INT64_C({number})"
    return f"{number}u" if dtype in (DType.U8, DType.BOOL, DType.U32) else str(number)


def _float(value: float) -> str:
    if math.isnan(value):
        return "NAN"
    if math.isinf(value):
        return "INFINITY" if value > 0 else "-INFINITY"
    text = f"{value:.9g}"  # nine digits are enough for every float32
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"


def array(data: np.ndarray, dtype: DType, indent: int) -> str:
    """The elements as lines of literals."""
    values = data.reshape(-1).tolist()
    # weights are nearly all int8, for which str does what literal does, faster
    literals = list(map(str, values)) if dtype is DType.S8 else [literal(value, dtype) for value in values]
    return "\n".join(" " * indent + line for line in _lines(literals, WIDTH - indent))


def wrap(items: Iterable[str], indent: int) -> str:
    """Items separated by commas, wrapped and indented; the first line is indented too."""
    margin = " " * indent
    text = ", ".join(items)
    return textwrap.fill(
        text, WIDTH, initial_indent=margin, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
    )


def _lines(literals: list[str], width: int) -> Iterator[str]:
    """Literals in lines of equal counts, as many as the longest allows."""
    longest = max(map(len, literals), default=1) + 2
    count = max(1, width // longest)
    count = 1 << (count.bit_length() - 1)  # 16, 32, ...: rows that an eye can count
    for begin in range(0, len(literals), count):
        yield ", ".join(literals[begin : begin + count]) + ","
