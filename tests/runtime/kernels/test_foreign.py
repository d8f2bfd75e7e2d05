"""The library's own side of operators of other compilers: attributes, workspace, and no adapter."""

from __future__ import annotations

import pytest

from micrort.native import kernels, library

KERNEL, ATTRIBUTE = -6, -7


@pytest.mark.parametrize(("size", "status"), [(0, 0), (4, 0), (2**32 - 4, 0), (1, ATTRIBUTE), (6, ATTRIBUTE)])
def test_the_workspace_is_what_the_attributes_say(size: int, status: int) -> None:
    ffi, lib = library.load()
    attrs = ffi.new("mrt_foreign_attrs_t *", (size,))
    assert kernels.workspace_bytes("foreign", {"workspace": size}) == size
    assert lib.mrt_foreign_check(ffi.new("mrt_call_t *", {"attrs": attrs})) == status


def test_without_an_adapter_nothing_runs() -> None:
    ffi, lib = library.load()
    assert lib.mrt_foreign_run(ffi.new("mrt_call_t *")) == KERNEL
