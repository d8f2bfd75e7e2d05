"""Packages by the path that a user gives: an archive is read, a model is compiled, or taken from the cache."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path

from micrort import sources
from micrort.compiler import CompileOptions, compile_model
from micrort.errors import ModelError, UsageError
from micrort.mlf import Blob, Package, archive, blob, read, write


def obtain(path: Path, options: CompileOptions, module: str | None = None) -> Package:
    """The package of an archive, ours or TVM's, or of a model compiled with `options`.

    A model is compiled once for the same content, options and version of the compiler; later calls read the cache.

    Args:
        path: the file.
        options: for a model.
        module: the model to take, of an archive of TVM that holds several.

    Raises:
        UsageError: there is no such file.
        ModelError: the file is damaged or cannot be compiled.
    """
    if not path.is_file():
        raise UsageError(
            f"{path}: no such file; a .tflite model, an archive of `micrort compile`, or one of TVM's is wanted"
        )
    if is_archive(path):
        return of_archive(path, module)
    cached = sources.cache() / "packages" / f"{_key(path, options)}.tar"
    if cached.exists():
        try:
            found = read(cached)
            _ = found.graph  # made by reading and proving it
            return found
        except ModelError:  # an older version's archive, or a damaged one: made again below
            cached.unlink(missing_ok=True)
    package = compile_model(path, options)
    cached.parent.mkdir(parents=True, exist_ok=True)
    write(package, cached)
    return package


def of_archive(path: Path, module: str | None = None, target: str | None = None) -> Package:
    """The package of an archive: ours as it is, TVM's made one of ours.

    Args:
        path: the archive.
        module: the model to take, of an archive of TVM that holds several.
        target: the core to build TVM's for; None: any.

    Raises:
        UsageError: there is no such file, or no such model in it, or none was named of several.
        ModelError: it is damaged, or holds something that cannot be run.
    """
    from micrort import tvm

    members = archive.members_of(path)
    metadata = archive.metadata_of(members, str(path))
    if not archive.is_ours(metadata):
        return tvm.convert(tvm.parse(members, metadata, str(path), module), path.stem, target)
    if module is not None and module not in metadata["modules"]:
        raise UsageError(f"{path} holds no model {module!r}; it holds {', '.join(metadata['modules'])}")
    return archive.package_of(members, metadata, path)


def obtain_blob(path: Path, options: CompileOptions) -> Blob:
    """The blob in a .mrt file, or that of the package which `obtain` gives.

    Raises:
        UsageError: there is no such file, or its package has no tables.
        ModelError: the file is damaged or cannot be compiled.
    """
    return blob.read(path) if is_blob(path) else blob.make(obtain(path, options))


def is_blob(path: Path) -> bool:
    """Whether the file is a .mrt file."""
    from micrort.codegen import blob_reader

    if not path.is_file():
        return False
    with path.open("rb") as file:
        return blob_reader.is_blob(file.read(16))


def is_archive(path: Path) -> bool:
    """Whether the file is a tar rather than a model."""
    return tarfile.is_tarfile(path)


def _key(path: Path, options: CompileOptions) -> str:
    digest = hashlib.sha256(repr(options).encode())
    digest.update(path.name.encode() + b"\0" + path.read_bytes())
    root = sources.root()
    compiler = sorted((*Path(__file__).parent.rglob("*.py"), *Path(__file__).parent.rglob("*.jinja")))
    for file in (*compiler, *sorted((root / "include").rglob("*.*")), *sorted((root / "runtime").rglob("*.*"))):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:32]
