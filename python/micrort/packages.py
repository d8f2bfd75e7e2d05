"""Packages by the path that a user gives: an archive is read, a model is compiled, or taken from the cache."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path

from micrort import sources
from micrort.compiler import CompileOptions, compile_model
from micrort.errors import ModelError, UsageError
from micrort.mlf import Blob, Package, blob, read, write


def obtain(path: Path, options: CompileOptions) -> Package:
    """The package of an archive, or of a model compiled with `options`.

    A model is compiled once for the same content, options and version of the compiler; later calls read the cache.

    Raises:
        UsageError: there is no such file.
        ModelError: the file is damaged or cannot be compiled.
    """
    if not path.is_file():
        raise UsageError(f"{path}: no such file; a .tflite model or an archive of `micrort compile` is wanted")
    if is_archive(path):
        return read(path)
    cached = sources.cache() / "packages" / f"{_key(path, options)}.tar"
    if cached.exists():
        try:
            return read(cached)
        except ModelError:  # an older version's archive, or a damaged one: made again below
            cached.unlink(missing_ok=True)
    package = compile_model(path, options)
    cached.parent.mkdir(parents=True, exist_ok=True)
    write(package, cached)
    return package


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
