"""Element types."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np


class DType(Enum):
    """An element type; the value is its name in graph JSON, numpy and reports."""

    S8 = "int8"
    U8 = "uint8"
    S16 = "int16"
    S32 = "int32"
    F32 = "float32"
    BOOL = "bool"
    S64 = "int64"
    U32 = "uint32"

    @property
    def numpy(self) -> np.dtype[Any]:
        """The numpy dtype, little-endian where it has a byte order."""
        dtype: np.dtype[Any] = np.dtype(self.value).newbyteorder("<")
        return dtype

    @property
    def bytes(self) -> int:
        """Bytes of one element."""
        return self.numpy.itemsize

    @property
    def suffix(self) -> str:
        """The suffix of kernels for this type, e.g. `s8` in `conv2d_s8`."""
        return self.name.lower()
