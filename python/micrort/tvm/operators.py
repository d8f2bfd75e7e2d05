"""C of the adapters: kernels that call the operators of an archive."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from micrort import __version__
from micrort.codegen import c_text
from micrort.errors import ModelError

if TYPE_CHECKING:
    import jinja2

    from micrort.tvm.archive import Archive
    from micrort.tvm.model import Argument, Model
    from micrort.tvm.workspace import Workspaces


def adapters(archive: Archive, model: Model, workspaces: Workspaces) -> str:
    """The unit `<model>_operators.c`."""
    template = environment().get_template("operators.c.jinja")
    described = [
        {
            "adapter": operator.adapter,
            "function": operator.function,
            "arguments": operator.arguments,
            "linked": any(argument.linked is not None for argument in operator.arguments),
            "declared": workspaces.defines(operator.function),
            "note": ", ".join(map(_noted, operator.arguments)),
        }
        for operator in model.operators
    ]
    return template.render(
        name=model.program.name,
        version=__version__,
        operators=described,
        pools=model.pools,
        lookup=_lookup(archive, model),
    )


def environment() -> jinja2.Environment:
    """Templates of this room."""
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.PackageLoader("micrort.tvm"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
    )
    made.filters.update(comment=c_text.comment)
    return made


def _noted(argument: Argument) -> str:
    return f"{argument.type.stored.value}{list(argument.shape)}"


def _lookup(archive: Archive, model: Model) -> str:
    """The function that gives constants that are linked in."""
    if all(argument.linked is None for operator in model.operators for argument in operator.arguments):
        return ""
    match = re.search(r"\b(\w*_lookup_linked_param)\s*\(", archive.text)
    if match is None:
        raise ModelError(archive.source, ["constants are linked in, but no function gives them: _lookup_linked_param"])
    return match[1]
