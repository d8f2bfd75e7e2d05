"""Hypothesis strategies for quantised tensors and their elements."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

RANGES = {"int8": (-128, 127), "int16": (-32768, 32767), "int32": (-(2**31), 2**31 - 1)}


def elements(shape: tuple[int, ...], dtype: str, seed: int) -> np.ndarray:
    """Elements of the whole range of `dtype`, its ends often; floats of -4..4."""
    random = np.random.default_rng(seed)
    if dtype == "float32":
        return random.uniform(-4, 4, shape).astype(np.float32)
    low, high = RANGES[dtype]
    array = random.integers(low, high, shape, endpoint=True)
    ends = random.choice([low, low + 1, -1, 0, 1, high - 1, high], shape)
    return np.where(random.random(shape) < 0.2, ends, array).astype(dtype)


def scales(low: float = 1e-4, high: float = 10.0) -> st.SearchStrategy[float]:
    """Scales as a float32 holds them, evenly over the decades."""
    return st.floats(np.log(low), np.log(high)).map(lambda exponent: float(np.float32(np.exp(exponent))))


def zero_points(dtype: str) -> st.SearchStrategy[int]:
    """Of int8 any, often the ends; of int16 always 0."""
    if dtype != "int8":
        return st.just(0)
    return st.one_of(st.sampled_from([-128, -127, 0, 127]), st.integers(-128, 127))


seeds = st.integers(0, 2**32 - 1)
