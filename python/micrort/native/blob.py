"""Blobs through the device's own loader, on the host."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from micrort.errors import RuntimeStatusError
from micrort.native import kernels
from micrort.native.memory import GuardedMemory

ALIGNMENT = 16
"""MRT_BLOB_ALIGNMENT, in bytes."""


class LoadedBlob:
    """An mrt_graph_t that mrt_graph_load made; keeps what it points to alive.

    Args:
        name: of the model, for messages.
        data: the graph blob, behind it the params blob unless `params` is given.
        ffi, lib: of native.library.load.
        params: the params blob.
        offered: names of the kernels that the loader is given; default: all.

    Raises:
        RuntimeStatusError: the loader refused, with the kernels that are missing or the node at fault.
    """

    def __init__(
        self,
        name: str,
        data: bytes,
        ffi: Any,
        lib: Any,
        params: bytes | None = None,
        offered: Iterable[str] | None = None,
    ) -> None:
        self._ffi, self._lib = ffi, lib
        blobs = [self._blob(f"{name} blob", data), *([] if params is None else [self._blob(f"{name} params", params)])]
        self._loader = ffi.new("mrt_loader_t *")
        self._offer(kernels.ids() if offered is None else offered)
        self.graph: Any = ffi.new("mrt_graph_t *")
        arguments = (blobs[0], blobs[1] if params is not None else ffi.NULL, self.graph)
        status = lib.mrt_graph_load(self._loader, *arguments)
        for _ in range(2):  # first it is known how many kernels the graph needs, then how large its arenas are
            if status == lib.MRT_ERR_MEMORY:
                self._make_room()
                status = lib.mrt_graph_load(self._loader, *arguments)
        if status != 0:
            text = ffi.string(lib.mrt_status_text(status)).decode()
            raise RuntimeStatusError(f"{name}: mrt_graph_load{self._details(status)}", status, text)
        self._owned_blobs = blobs

    def _blob(self, name: str, data: bytes) -> Any:
        memory = GuardedMemory(self._ffi, name, len(data), ALIGNMENT)
        memory.write(0, data)
        blob = self._ffi.new("mrt_blob_t *", (memory.base, len(data)))
        self._memories = [*getattr(self, "_memories", []), memory]
        return blob

    def _offer(self, names: Iterable[str]) -> None:
        ids = kernels.ids()
        self._kernels = self._ffi.new("mrt_kernel_t[]", [self._lib.mrt_kernels[ids[name]] for name in names] or 1)
        self._loader.kernels, self._loader.kernel_count = self._kernels, len(self._kernels)

    def _make_room(self) -> None:
        loader = self._loader
        self._runs = self._ffi.new("mrt_kernel_run_t[]", loader.kernels_needed + 1)
        self._rows = self._ffi.new("mrt_kernel_t *[]", loader.kernels_needed + 1)
        self._words = self._ffi.new("uint32_t[]", loader.words_needed + 1)
        loader.runs, loader.rows, loader.kernel_room = self._runs, self._rows, loader.kernels_needed
        loader.words, loader.word_room = self._words, loader.words_needed

    def _details(self, status: int) -> str:
        loader, lib = self._loader, self._lib
        if status == lib.MRT_ERR_KERNEL:
            names = {number: name for name, number in kernels.ids().items()}
            count = min(loader.missing_count, len(loader.missing))
            missing = [names.get(loader.missing[i], str(loader.missing[i])) for i in range(count)]
            return f": the firmware lacks {', '.join(missing)}"
        return "" if loader.node == 0xFFFFFFFF else f" refuses node {loader.node}"
