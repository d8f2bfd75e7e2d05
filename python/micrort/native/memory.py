"""Memory for C to work in: aligned, with guard bytes at both ends."""

from __future__ import annotations

from typing import Any

GUARD_BYTES = 64
"""Bytes of guard that touch each end."""
_GUARD = b"\xc3" * GUARD_BYTES
_FRESH = b"\xa5"


class GuardedMemory:
    """`size` bytes at a multiple of `alignment`, filled with 0xA5 so that what nobody wrote shows.

    Args:
        ffi: the library's cffi object.
        name: what it holds, for messages.
        size: bytes, at least 0.
        alignment: a power of two, in bytes.
    """

    def __init__(self, ffi: Any, name: str, size: int, alignment: int) -> None:
        self.name = name
        self.size = size
        self._ffi = ffi
        self._owned = ffi.new("uint8_t[]", size + 2 * GUARD_BYTES + alignment)
        start = int(ffi.cast("uintptr_t", self._owned)) + GUARD_BYTES
        self._first = GUARD_BYTES + -start % alignment
        self.base: Any = self._owned + self._first
        """Pointer to the first byte."""
        view = ffi.buffer(self._owned)
        view[self._first - GUARD_BYTES : self._first] = _GUARD
        view[self._first : self._first + size] = _FRESH * size
        view[self._first + size : self._first + size + GUARD_BYTES] = _GUARD

    def read(self, offset: int, size: int) -> bytes:
        """A copy of `size` bytes from `offset` on."""
        return bytes(self._ffi.buffer(self.base + offset, size))

    def write(self, offset: int, data: bytes) -> None:
        """Write `data` at `offset`."""
        self._ffi.memmove(self.base + offset, data, len(data))

    def check(self) -> None:
        """Raise MemoryError if anything was written close before or behind the memory."""
        before, behind = self.read(-GUARD_BYTES, GUARD_BYTES), self.read(self.size, GUARD_BYTES)
        if before != _GUARD or behind != _GUARD:
            side = "before" if before != _GUARD else "behind"
            raise MemoryError(f"{self.name}: bytes {side} its {self.size} bytes were overwritten by a kernel")
