"""mrt_copy against slices of bytes, at every alignment."""

from __future__ import annotations

import ctypes

from hypothesis import given, settings
from hypothesis import strategies as st

from micrort.native import library

ROOM = 64
"""Bytes around what is copied."""


@settings(deadline=None)
@given(st.binary(max_size=ROOM), st.integers(0, 7), st.integers(0, 7))
def test_copies_these_bytes_and_no_others(data, into, out_of):
    copy = ctypes.CDLL(str(library.path())).mrt_copy
    copy.argtypes, copy.restype = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32), None
    source = ctypes.create_string_buffer(b"\xaa" * out_of + data + b"\xaa" * 8, 2 * ROOM)
    target = ctypes.create_string_buffer(b"\x55" * 2 * ROOM, 2 * ROOM)
    copy(ctypes.addressof(target) + into, ctypes.addressof(source) + out_of, len(data))
    assert target.raw == b"\x55" * into + data + b"\x55" * (2 * ROOM - into - len(data))
