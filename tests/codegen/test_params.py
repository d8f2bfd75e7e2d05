"""The params file: TVM's bytes, and no damage that is not reported."""

from __future__ import annotations

import tarfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from tests.shared import shared

from micrort.codegen import params
from micrort.errors import ModelError

DTYPES = st.sampled_from([np.dtype(name) for name in ("int8", "uint8", "int16", "int32", "float32", "bool", "int64")])
ARRAYS = arrays_of.arrays(DTYPES, arrays_of.array_shapes(min_dims=0, max_side=4))
SAMPLE = params.write({"a": np.arange(3, dtype=np.int16), "é": np.float32(1.5).reshape(())})


@given(st.dictionaries(st.text(max_size=5), ARRAYS, max_size=4))
def test_what_is_written_is_read(arrays: dict[str, np.ndarray]) -> None:
    found = params.read(params.write(arrays), "test")
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array, strict=True)


def test_bytes_are_those_of_the_format() -> None:
    expected = (
        "b79c04054f8de5f7 0000000000000000 0100000000000000 0100000000000000 78 0100000000000000"
        "3fa1b496f0405edd 0000000000000000 01000000 00000000 02000000 00 10 0100"
        "0100000000000000 0200000000000000 0400000000000000 0500ffff"
    )
    assert params.write({"x": np.array([[5, -1]], np.int16)}) == bytes.fromhex(expected)


def test_no_arrays_are_32_bytes() -> None:
    assert len(params.write({})) == 32


def test_files_of_tvm_are_read() -> None:
    archive = shared("tvm", "kws_ref_model-graph-m7.tar")
    with tarfile.open(archive) as tar:
        member = next(name for name in tar.getnames() if name.endswith(".params"))
        file = tar.extractfile(member)
        assert file is not None
        arrays = params.read(file.read(), member)
    assert len(arrays) > 10
    assert all(name.startswith("p") for name in arrays)


@pytest.mark.parametrize("length", range(len(SAMPLE)))
def test_truncation_is_reported(length: int) -> None:
    with pytest.raises(ModelError, match="not a sound params file"):
        params.read(SAMPLE[:length], "test")


@given(st.integers(0, len(SAMPLE) - 1), st.integers(1, 255))
def test_a_flipped_byte_is_reported_or_harmless(position: int, mask: int) -> None:
    damaged = bytearray(SAMPLE)
    damaged[position] ^= mask
    try:
        params.read(bytes(damaged), "test")
    except ModelError as error:
        assert "params file" in str(error)


def test_bytes_behind_the_end_are_reported() -> None:
    with pytest.raises(ModelError, match="1 bytes follow"):
        params.read(SAMPLE + b"\0", "test")
