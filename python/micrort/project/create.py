"""Makes projects, and makes them again without touching what the user changed.

`micrort.json` in each project holds a digest of every file as it was made: a file with another content is the user's
and stays. What an earlier run made and this one does not is removed, unless the user changed it.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from micrort import __version__
from micrort.devices import boards, targets
from micrort.devices.boards import Board
from micrort.errors import UsageError
from micrort.mlf import Package, archive
from micrort.project import actions, platforms, pyocd_probe, server
from micrort.project.platforms.base import Files, Order, Platform

ARCHIVE = "model.tar"


@dataclass(frozen=True)
class Created:
    """What `create` did."""

    folder: Path
    written: tuple[str, ...]
    kept: tuple[str, ...]
    """Files that the user changed."""


def create(
    kind: str,
    package: Package,
    folder: Path,
    *,
    board: str | Board | None,
    target: str | None,
    options: Mapping[str, Any],
) -> Created:
    """Make a project in `folder`, or renew the one that is there.

    Args:
        kind: the project type's name.
        package: a compiled model.
        folder: does not exist, is empty, or holds a project of the same type.
        board: a board or its name, which most types need.
        target: the core to build for; None: what the package was compiled for, or the board's.
        options: of the type; text is converted.

    Raises:
        UsageError: something of this is wrong; nothing was written.
        ToolError: a compiler is missing or failed; nothing was written.
    """
    platform = platforms.platform(kind)
    order = _order(platform, package, board, target, platform.settings(options))
    platform.check(order)
    before = _previous(folder, kind)
    files = platform.files(order)
    files[ARCHIVE] = archive.to_bytes(package)
    files[actions.SERVER] = Path(server.__file__).read_bytes()
    files[actions.MODULE] = Path(actions.__file__).read_bytes()
    files[actions.PYOCD_MODULE] = Path(pyocd_probe.__file__).read_bytes()
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    described = {**_described(platform, order), "files": digests}
    return _write(folder, files, before, json.dumps(described, indent=2) + "\n")


def _order(
    platform: Platform, package: Package, board: str | Board | None, target: str | None, options: Mapping[str, Any]
) -> Order:
    found = boards.board(board) if isinstance(board, str) else board
    wanted = target or package.figures.get("target")
    if found is None and platform.needs_board:
        raise UsageError(
            f"{platform.name} projects are for a board: name one with --board; {', '.join(boards.names())}"
        )
    if found is None and wanted is None:
        raise UsageError("for which core? Name a --board or a --target, or compile the model for one")
    core = targets.target(str(wanted)) if found is None else found.resolve(wanted)
    return Order(package, core, found, options)


def _described(platform: Platform, order: Order) -> dict[str, Any]:
    """What the project knows of itself, for `micrort micro` and its own server."""
    memories = () if order.board is None else order.board.memories.values()
    flash = None if order.board is None else order.board.flash
    return {
        "micrort": __version__,
        "type": platform.name,
        "model": order.package.name,
        "board": None if order.board is None else order.board.name,
        "target": order.target.name,
        "image": platform.image,
        "commands": platform.commands(order),
        "flash": None if flash is None else asdict(flash),
        "memories": [{"name": item.name, "origin": item.origin, "size": item.size} for item in memories],
        "options": dict(order.options),
        "project_options": [option.described() for option in api_options(platform)],
    }


def api_options(platform: Platform) -> list[Any]:
    """A type's options as the Project API has them, project_type and board included."""
    from micrort.project.platforms.base import Option

    kind = Option("project_type", "str", platform.name, "Project type.", choices=platforms.NAMES)
    names = tuple(boards.names())
    board = Option("board", "str", "", "Board, see `micrort boards`.", ("", *names), required=platform.needs_board)
    return [replace(kind, required=True), board, *platform.options]


def _previous(folder: Path, kind: str) -> dict[str, str]:
    """Digests of the files of the project in `folder`; none where there is no project yet."""
    if not folder.exists():
        return {}
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder for the project")
    if not (folder / actions.DESCRIPTION).exists():
        if any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty and holds no micrort project; name a new folder, or an empty one")
        return {}
    try:
        described = actions.describe(folder)
    except actions.ProjectError as error:
        raise UsageError(str(error)) from None
    if described["type"] != kind:
        raise UsageError(f"{folder} holds a {described['type']} project; name another folder for one of type {kind}")
    return dict(described["files"])


def _write(folder: Path, files: Files, before: Mapping[str, str], description: str) -> Created:
    kept = [name for name in {*files, *before} if _changed(folder / name, before.get(name))]
    written = [name for name in files if name not in kept]
    try:
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as work:
                made = Path(work) / "project"
                _put(made, {**files, actions.DESCRIPTION: description.encode()})
                made.rename(folder)
        else:
            for name in set(before) - set(files) - set(kept):
                (folder / name).unlink(missing_ok=True)
            _put(folder, {**{name: files[name] for name in written}, actions.DESCRIPTION: description.encode()})
    except OSError as error:
        raise UsageError(f"cannot write {folder}: {error.strerror}") from None
    return Created(folder, tuple(sorted(written)), tuple(sorted(kept)))


def _changed(path: Path, digest: str | None) -> bool:
    """Whether the user made or changed the file."""
    return path.exists() and (digest is None or hashlib.sha256(path.read_bytes()).hexdigest() != digest)


def _put(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
