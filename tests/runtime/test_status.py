"""Texts of statuses, from the header's one list."""

from __future__ import annotations

import re

import pytest

from micrort import sources
from micrort.native import library

ROWS = re.findall(r'X\((\w+), (-?\d+), "([^"]+)"\)', (sources.root() / "include/micrort/status.h").read_text())


def text(status: int) -> str:
    ffi, lib = library.load()
    return str(ffi.string(lib.mrt_status_text(ffi.cast("mrt_status_t", status))).decode())


def test_the_list_is_read() -> None:
    assert [int(value) for _, value, _ in ROWS] == list(range(0, -len(ROWS), -1))


@pytest.mark.parametrize(("name", "value", "words"), ROWS)
def test_each_status_has_its_text(name: str, value: str, words: str) -> None:
    _, lib = library.load()
    assert getattr(lib, f"MRT_{name}") == int(value)
    assert text(int(value)) == words


@pytest.mark.parametrize("value", [1, -100, 2**31 - 1, -(2**31)])
def test_what_is_no_status_is_said_to_be_none(value: int) -> None:
    assert text(value) == "unknown status"
