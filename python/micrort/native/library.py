"""Builds and loads the host library. Declarations come from the public headers themselves.

The library is cached under a key of all sources and flags, so a change of any C file is picked up at the next
call, and the second call costs a hash of the sources.

`MICRORT_NATIVE_CFLAGS` adds compiler flags (sanitisers, coverage); `CC` chooses the compiler.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import io
import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from micrort import sources
from micrort.errors import RuntimeStatusError, ToolError

PROVES = "-DMRT_INIT_PROVES_GRAPH=1"
"""On the host mrt_executor_init proves every graph, whoever made it."""
BASE_FLAGS = ("-std=c11", "-O2", "-fPIC", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", PROVES)


@lru_cache(maxsize=1)
def load() -> tuple[Any, Any]:
    """The cffi `ffi` and the loaded library, `lib`, with every public function of include/micrort."""
    folder = _build()
    module = _import(folder / "_micrort_cdef.py")
    return module.ffi, module.ffi.dlopen(str(folder / "libmicrort.so"))


def path() -> Path:
    """The file of the library, for code that is linked against it."""
    return _build() / "libmicrort.so"


def check(call: str, status: int) -> None:
    """Raise RuntimeStatusError unless `status` is MRT_OK; `call` names the C function."""
    if status != 0:
        ffi, lib = load()
        raise RuntimeStatusError(call, int(status), ffi.string(lib.mrt_status_text(status)).decode())


def _build() -> Path:
    root = sources.root()
    headers = sorted(
        (*root.glob("include/micrort/**/*"), *root.glob("runtime/**/*.[h]"), *root.glob("runtime/**/*.inc"))
    )
    headers = [path for path in headers if path.is_file()]
    units = sorted(root.glob("runtime/**/*.c"))
    flags = (*BASE_FLAGS, *shlex.split(os.environ.get("MICRORT_NATIVE_CFLAGS", "")))
    compiler = os.environ.get("CC", "cc")
    common = _digest([compiler, *flags], [*headers, Path(__file__)])
    keys = [_digest([common], [unit]) for unit in units]
    folder = sources.cache() / "native" / _digest(keys, [])
    if not (folder / "libmicrort.so").exists():
        _compile(root, folder, compiler, flags, dict(zip(units, keys, strict=True)))
    return folder


def _digest(texts: Iterable[str], files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode() + b"\0")
    for path in files:
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:24]


def _compile(root: Path, folder: Path, compiler: str, flags: tuple[str, ...], units: dict[Path, str]) -> None:
    objects = folder.parent / "objects"
    objects.mkdir(parents=True, exist_ok=True)
    include = (f"-I{root / 'include'}", f"-I{root}")

    def compile_unit(item: tuple[Path, str]) -> Path:
        unit, key = item
        target = objects / f"{unit.stem}-{key}.o"
        if not target.exists():
            partial = target.with_suffix(f".{os.getpid()}.tmp")
            tool([compiler, *flags, *include, "-c", str(unit), "-o", str(partial)])
            partial.replace(target)
        return target

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        files = list(pool.map(compile_unit, units.items()))
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        made = Path(work) / "made"
        made.mkdir()
        tool([compiler, *flags, "-shared", *map(str, files), "-o", str(made / "libmicrort.so")])
        _declare(tool([compiler, "-E", "-P", "-DMRT_CDEF", *include, str(root / "include/micrort/micrort.h")]), made)
        try:
            made.rename(folder)
        except OSError:  # another process was faster with the same content
            if not (folder / "libmicrort.so").exists():
                raise


def _declare(declarations: str, folder: Path) -> None:
    from cffi import FFI

    ffi = FFI()
    ffi.cdef(declarations.replace("__attribute__((warn_unused_result))", ""))
    ffi.set_source("_micrort_cdef", None)
    with contextlib.redirect_stdout(io.StringIO()):  # cffi tells what it writes, on standard output
        ffi.emit_python_code(str(folder / "_micrort_cdef.py"))


def _import(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("_micrort_cdef", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tool(command: list[str]) -> str:
    """What a compiler prints.

    Raises:
        ToolError: there is no such program, or it refuses.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise ToolError(f"{command[0]} not found: install a C compiler (Debian: apt-get install gcc)") from error
    if done.returncode != 0:
        raise ToolError(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout
