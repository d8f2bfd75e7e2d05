"""The template that drivers of microTVM's Project API make projects from: this folder, with microtvm_api_server.py."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from micrort.errors import UsageError


def options() -> list[dict[str, Any]]:
    """The options of all project types; the first type's default counts where types share one."""
    from micrort.project import create, platforms

    found: dict[str, dict[str, Any]] = {}
    for name in platforms.NAMES:
        for option in create.api_options(platforms.platform(name)):
            found.setdefault(option.name, option.described())
    found["board"] |= {"required": None, "optional": ["generate_project"]}  # library needs none
    return list(found.values())


def generate(archive: Path, folder: Path, given: Mapping[str, Any]) -> None:
    """Make a project as a driver asks for it: every option of every type is given, those of other types are ignored.

    Raises:
        UsageError: the folder exists, no or an unknown project type, or a wrong option.
        ModelError: the archive is damaged.
    """
    from micrort import packages
    from micrort.project import create, platforms

    if folder.exists():
        raise UsageError(f"{folder} exists; a new project needs a new folder")
    kind = str(given.get("project_type") or "")
    own = {option.name for option in platforms.platform(kind).options}
    chosen = {name: value for name, value in given.items() if name in own}
    board = str(given.get("board") or "") or None
    create.create(kind, packages.of_archive(archive), folder, board=board, target=None, options=chosen)
