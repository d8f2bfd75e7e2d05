"""Packages as uncompressed tar files, in the layout of Model Library Format version 7.

Written bytes depend on nothing but the package. What is read is outside input: names, kinds and sizes of members
are checked, nothing is unpacked to disk.
"""

from __future__ import annotations

import io
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from micrort.errors import ModelError, UsageError
from micrort.mlf.package import VERSION, Package

MEMBERS_MAX = 4096
MEMBER_BYTES_MAX = 1 << 30
"""More members, or larger ones, than any model for a microcontroller needs."""
SOURCES, HEADERS = "codegen/host/src", "codegen/host/include"


def write(package: Package, path: Path) -> None:
    """Write the archive to `path`, whole or not at all.

    Raises:
        UsageError: the folder does not exist or cannot be written to.
    """
    write_bytes(to_bytes(package), path)


def write_bytes(data: bytes, path: Path) -> None:
    """Write a file, whole or not at all.

    Raises:
        UsageError: the folder does not exist or cannot be written to.
    """
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            partial = Path(file.name)
            try:
                file.write(data)
                file.close()
                partial.chmod(0o666 & ~_umask())
                partial.replace(path)
            except BaseException:
                partial.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None


def to_bytes(package: Package) -> bytes:
    """The archive as bytes; equal packages give equal bytes."""
    name = package.name
    members: dict[str, str | bytes] = {
        "metadata.json": json.dumps(package.metadata, indent=2) + "\n",
        **{f"{HEADERS}/{file}": text for file, text in package.headers.items()},
        **{f"{SOURCES}/{file}": text for file, text in package.sources.items()},
        f"executor-config/graph/{name}.graph": package.graph_json,
        f"parameters/{name}.params": package.params,
        f"src/{name}.txt": package.listing,
    }
    folders = {str(parent) for member in members for parent in PurePosixPath(member).parents}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for member in sorted({*members, *folders}):
            content = members.get(member)
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo("." if member == "." else f"./{member}")
            info.type = tarfile.DIRTYPE if data is None else tarfile.REGTYPE
            info.mode = 0o755 if data is None else 0o644
            info.uname = info.gname = "root"
            info.size = len(data or b"")
            tar.addfile(info, io.BytesIO(data or b""))
    return buffer.getvalue()


def read(path: Path) -> Package:
    """Read an archive that micrort wrote.

    Raises:
        UsageError: there is no such file, or it cannot be read.
        ModelError: it is no such archive, is damaged, or lacks members.
    """
    members = members_of(path)
    return package_of(members, metadata_of(members, str(path)), path)


def package_of(members: Mapping[str, bytes], metadata: dict[str, Any], path: Path) -> Package:
    """The package in the members of an archive that micrort wrote.

    Raises:
        ModelError: as `read`.
    """
    _check_metadata(metadata, str(path))
    name = next(iter(metadata["modules"]))
    graph_json, params, listing = f"executor-config/graph/{name}.graph", f"parameters/{name}.params", f"src/{name}.txt"
    missing = [member for member in (graph_json, params, listing) if member not in members]
    if missing:
        raise ModelError(str(path), [f"the archive has no member {member}" for member in missing])
    return Package(
        name,
        text_of(members, graph_json, str(path)),
        members[params],
        _folder(members, SOURCES, str(path)),
        _folder(members, HEADERS, str(path)),
        text_of(members, listing, str(path)),
        metadata,
        path,
    )


def members_of(path: Path) -> dict[str, bytes]:
    """The regular files of an archive by name without the leading `./`; nothing is unpacked.

    Raises:
        UsageError: there is no such file, or it cannot be read.
        ModelError: it is no uncompressed tar, is damaged, or a member is no plain file within it.
    """
    try:
        with path.open("rb") as file:
            return _members(file, str(path))
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None


def _members(file: Any, source: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=file, mode="r:") as tar:
            for count, info in enumerate(tar):
                if count >= MEMBERS_MAX:
                    raise ModelError(source, [f"the archive has more than {MEMBERS_MAX} members"])
                name = _member_name(info, source)
                if info.isreg():
                    if name in found:
                        raise ModelError(source, [f"the archive has two members {name}"])
                    stream = tar.extractfile(info)
                    found[name] = stream.read() if stream is not None else b""
                    if len(found[name]) != info.size:
                        raise ModelError(source, [f"the archive ends within {name}"])
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise ModelError(source, [f"not a Model Library Format archive: {error}"]) from None
    return found


def _member_name(info: tarfile.TarInfo, source: str) -> str:
    path = PurePosixPath(info.name)
    if path.is_absolute() or ".." in path.parts or "\0" in info.name:
        raise ModelError(source, [f"the archive's member {info.name!r} points outside the archive"])
    if not (info.isreg() or info.isdir()):
        raise ModelError(source, [f"the archive's member {info.name!r} is neither a file nor a folder"])
    if not 0 <= info.size <= MEMBER_BYTES_MAX:
        raise ModelError(source, [f"the archive's member {info.name!r} claims {info.size} bytes"])
    return str(path)


def metadata_of(members: Mapping[str, bytes], source: str) -> dict[str, Any]:
    """metadata.json, which is an object.

    Raises:
        ModelError: there is none, or it is damaged.
    """
    if "metadata.json" not in members:
        raise ModelError(source, ["the archive has no metadata.json: not a Model Library Format archive"])
    try:
        metadata = json.loads(text_of(members, "metadata.json", source))
    except (ValueError, RecursionError) as error:
        raise ModelError(source, [f"metadata.json cannot be parsed: {error}"]) from None
    if not isinstance(metadata, dict):
        raise ModelError(source, ["metadata.json is no object"])
    return metadata


def is_ours(metadata: Mapping[str, Any]) -> bool:
    """Whether micrort wrote the archive, as far as metadata.json tells."""
    modules = metadata.get("modules")
    return isinstance(modules, dict) and any(
        isinstance(module, dict) and "micrort" in module for module in modules.values()
    )


def _check_metadata(metadata: Mapping[str, Any], source: str) -> None:
    """Sees that metadata.json has what `package_of` and Package rely on."""
    if metadata.get("version") != VERSION:
        version = metadata.get("version")
        raise ModelError(source, [f"Model Library Format version {version!r}; this micrort reads version {VERSION}"])
    modules = metadata.get("modules")
    if not isinstance(modules, dict) or len(modules) != 1:
        raise ModelError(source, ["metadata.json does not describe exactly one module"])
    ((name, module),) = modules.items()
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ModelError(source, [f"the module name {name!r} is no C identifier"])
    ours = isinstance(module, dict) and isinstance(module.get("micrort"), dict)
    if not ours or module.get("executors") not in (["graph"], ["aot"]):
        raise ModelError(source, ["the archive was made by another tool: `micrort compile` makes one of ours of TVM's"])


def text_of(members: Mapping[str, bytes], name: str, source: str) -> str:
    """A member as text.

    Raises:
        ModelError: it is not UTF-8.
    """
    try:
        return members[name].decode()
    except UnicodeDecodeError:
        raise ModelError(source, [f"{name} is not UTF-8"]) from None


def _folder(members: Mapping[str, bytes], folder: str, source: str) -> dict[str, str]:
    """File name -> text of the files directly in `folder`."""
    return {
        PurePosixPath(name).name: text_of(members, name, source)
        for name in sorted(members)
        if str(PurePosixPath(name).parent) == folder
    }


def _umask() -> int:
    """The process's umask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
