"""Project types, one folder each.

To add one, make a folder `<type>/` here with
- `__init__.py`: a class `Project(Platform)` with a name, a description, typed options, and what builds and runs it;
- `files/`: the project's files as templates (jinja2), at the paths that they get there, without the `.jinja`.
Its name goes into NAMES. The command line, `microtvm_api_server.py` and the tests take everything from there.
Every project gets what `micrort.project.platforms.parts` makes (libraries, headers, linker fragment) under `micrort/`,
or where the class says.
"""

from __future__ import annotations

import difflib
import importlib

from micrort.errors import UsageError
from micrort.project.platforms.base import Platform

NAMES = ("baremetal", "freertos", "threadx", "zephyr", "mbed", "stm32cube", "library")


def platform(name: str) -> Platform:
    """The project type called `name`.

    Raises:
        UsageError: there is none of that name; a near one is suggested.
    """
    if name not in NAMES:
        near = difflib.get_close_matches(name, NAMES, 1)
        hint = f": did you mean {near[0]}" if near else ""
        raise UsageError(f"no project type {name!r}{hint}. Types: {', '.join(NAMES)}")
    found = importlib.import_module(f"micrort.project.platforms.{name}").Project()
    assert isinstance(found, Platform)
    return found
