"""`micrort ops`: the operators that can be compiled, with their limits; made from the frontend's table and from the
constraints that judge models.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict, dataclass

import click

ANY = ("int8", "uint8", "int16", "int32", "int64", "uint32", "float32", "bool")


@dataclass(frozen=True)
class Entry:
    """One operator of the format."""

    name: str
    """As the format calls it, e.g. CONV_2D."""
    operator: str
    """As reports call it, e.g. conv2d."""
    dtypes: tuple[str, ...]
    """The element types of its tensors; attributes and biases may have others."""
    limits: tuple[str, ...]
    """What is supported: the docstrings of its constraints, in the order in which they are asked."""


@click.command("ops")
@click.option("--json", "form", flag_value="json", help="Print one JSON object.")
@click.option("--markdown", "form", flag_value="markdown", help="Print the page docs/operators.md.")
def command(form: str | None) -> None:
    """List the supported operators of TensorFlow Lite models, with element types and limits."""
    listed = entries()
    if form == "json":
        click.echo(json.dumps({"operators": [asdict(entry) for entry in listed]}, indent=2))
    elif form == "markdown":
        click.echo(markdown(listed), nl=False)
    elif sys.stdout.isatty():
        _print_table(listed)
    else:
        for entry in listed:
            click.echo(f"{entry.name}\t{_types(entry)}\t{'; '.join(entry.limits)}")


def entries() -> list[Entry]:
    """Every operator, by name."""
    from micrort.frontends.tflite.table import ROWS

    found = []
    for name, row in sorted(ROWS.items()):
        limits = tuple(" ".join(rule.supported.split()) for rule in row.operator.constraints)
        found.append(Entry(name, row.operator.name, dtypes_of(limits), limits))
    return found


def dtypes_of(limits: tuple[str, ...]) -> tuple[str, ...]:
    """The element types that the first of `limits` to speak of types names, in one order everywhere."""
    for limit in limits:
        if "any type" in limit:
            return ANY
        words = set(re.findall(r"\w+", limit))
        if words & set(ANY):
            return tuple(name for name in ANY if name in words)
    return ()


def markdown(listed: list[Entry]) -> str:
    """The page docs/operators.md."""
    head = (
        "# Supported operators\n\n"
        "Made by `micrort ops --markdown` from the rules that judge models; do not edit. `micrort check MODEL` lists\n"
        "every node of a model that breaks one, with a suggestion.\n\n"
        "Any operator: static shapes of up to 6 dimensions; int8, uint8 and int16 tensors with scale and zero point;\n"
        "per-channel quantisation for the weights of convolutions and matrix products only.\n\n"
        "| operator | types | limits |\n|---|---|---|\n"
    )
    rows = (f"| {entry.name} | {_types(entry)} | {'<br>'.join(map(_escaped, entry.limits))} |\n" for entry in listed)
    return head + "".join(rows)


def _types(entry: Entry) -> str:
    return "any" if entry.dtypes == ANY else ", ".join(entry.dtypes)


def _escaped(text: str) -> str:
    return re.sub(r"([*_|<`\[\]])", r"\\\1", text)


def _print_table(listed: list[Entry]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("operator", "types", "limits")
    for entry in listed:
        table.add_row(entry.name, _types(entry), escape("\n".join(entry.limits)))
    Console().print(table)
