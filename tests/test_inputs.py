"""Inputs from files and from the generator."""

from pathlib import Path

import numpy as np
import pytest

from micrort import inputs
from micrort.errors import UsageError
from micrort.ir import DType
from micrort.ir.executor_graph import TensorEntry

X = TensorEntry("x", (1, 3), DType.S8, 0, 0)


def test_the_first_byte_comes_after_one_step() -> None:
    step = (12345 * 1664525 + 1013904223) % 2**32
    assert inputs.generate(12345, [X])["x"].view(np.uint8)[0, 0] == step >> 24


def test_an_array_without_a_name_is_the_only_input(tmp_path: Path) -> None:
    wanted = np.array([[1, -2, 3]], np.int8)
    np.save(tmp_path / "a.npy", wanted)
    np.savez(tmp_path / "a.npz", wanted)
    for name in ("a.npy", "a.npz"):
        np.testing.assert_array_equal(inputs.make(str(tmp_path / name), [X])["x"], wanted)


@pytest.mark.parametrize("array", [np.zeros((1, 3), np.int16), np.zeros((3,), np.int8)])
def test_another_dtype_or_shape_is_refused(array: np.ndarray, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=array)
    with pytest.raises(UsageError, match="the model's input is int8"):
        inputs.make(str(tmp_path / "a.npz"), [X])


@pytest.mark.parametrize("source", ["lcg:", "lcg:-1", "lcg:4294967296", "none.npz"])
def test_what_is_no_source_is_refused(source: str) -> None:
    with pytest.raises(UsageError):
        inputs.make(source, [X])
