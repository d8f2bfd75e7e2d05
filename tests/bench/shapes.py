"""Models of one operator in the shapes whose cost the kernel bench watches."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tests.tflite_builder import ModelBuilder

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Window:
    """A convolution, int8 per channel or float32. `channels` are those of the output."""

    input: Shape
    """Height, width, channels."""
    channels: int
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    padding: str = "SAME"
    depthwise: bool = False
    dtype: str = "int8"

    def add(self, model: ModelBuilder, name: str) -> int:
        """Add input, constants and operator; returns the output, which is called `name`."""
        height, width, depth = self.input
        shape = (1, *self.kernel, self.channels) if self.depthwise else (self.channels, *self.kernel, depth)
        axis = 3 if self.depthwise else 0
        source = model.input(f"x of {name}", (1, height, width, depth), self.dtype, **_quantised(self.dtype, 0.05, -3))
        taken = int(np.prod(shape)) // self.channels
        constants = _weights(model, name, shape, axis, self.dtype)
        result = model.tensor(name, (1, *self.output, self.channels), self.dtype, **_output(self.dtype, taken))
        options: dict[str, Any] = dict(zip(("strideH", "strideW"), self.stride, strict=True))
        options |= dict(zip(("dilationHFactor", "dilationWFactor"), self.dilation, strict=True))
        options |= {"padding": self.padding, "fusedActivationFunction": "RELU"}
        if self.depthwise:
            options["depthMultiplier"] = self.channels // depth
        model.operator("DEPTHWISE_CONV_2D" if self.depthwise else "CONV_2D", [source, *constants], [result], **options)
        return result

    @property
    def output(self) -> tuple[int, int]:
        """Height and width of the output."""
        sizes = []
        for size, kernel, stride, dilation in zip(self.input[:2], self.kernel, self.stride, self.dilation, strict=True):
            reach = 0 if self.padding == "SAME" else (kernel - 1) * dilation
            sizes.append(-(-(size - reach) // stride))
        return sizes[0], sizes[1]


@dataclass(frozen=True)
class Dense:
    """A fully connected layer of `vectors` vectors."""

    depth: int
    channels: int
    vectors: int = 1
    dtype: str = "int8"

    def add(self, model: ModelBuilder, name: str) -> int:
        """Add input, constants and operator; returns the output, which is called `name`."""
        source = model.input(f"x of {name}", (self.vectors, self.depth), self.dtype, **_quantised(self.dtype, 0.05, -3))
        constants = _weights(model, name, (self.channels, self.depth), None, self.dtype)
        result = model.tensor(name, (self.vectors, self.channels), self.dtype, **_output(self.dtype, self.depth))
        model.operator("FULLY_CONNECTED", [source, *constants], [result], fusedActivationFunction="RELU")
        return result


@dataclass(frozen=True)
class Elementwise:
    """ADD or MUL of two tensors of one shape."""

    operator: str
    shape: Shape
    dtype: str = "int8"

    @property
    def units(self) -> int:
        """Elements."""
        return int(np.prod(self.shape))

    def add(self, model: ModelBuilder, name: str) -> int:
        """Add input, constants and operator; returns the output, which is called `name`."""
        shape = (1, *self.shape)
        scales = ((0.05, -3), (0.043, 5), (0.08 if self.operator == "ADD" else 0.2, -11))
        x, y = (
            model.input(f"{operand} of {name}", shape, self.dtype, **_quantised(self.dtype, *item))
            for operand, item in zip("xy", scales[:2], strict=True)
        )
        result = model.tensor(name, shape, self.dtype, **_quantised(self.dtype, *scales[2]))
        model.operator(self.operator, [x, y], [result], fusedActivationFunction="NONE")
        return result


@dataclass(frozen=True)
class Pool:
    """A pooling over windows."""

    operator: str
    input: Shape
    kernel: tuple[int, int]
    stride: tuple[int, int]
    dtype: str = "int8"

    def add(self, model: ModelBuilder, name: str) -> int:
        """Add input, constants and operator; returns the output, which is called `name`."""
        same = _quantised(self.dtype, 0.05, -3)
        source = model.input(f"x of {name}", (1, *self.input), self.dtype, **same)
        result = model.tensor(name, (1, *self.output), self.dtype, **same)
        options = dict(
            zip(("filterHeight", "filterWidth", "strideH", "strideW"), self.kernel + self.stride, strict=True)
        )
        model.operator(self.operator, [source], [result], padding="VALID", **options)
        return result

    @property
    def output(self) -> Shape:
        """Height, width, channels of the output."""
        height, width = (
            (size - kernel) // stride + 1
            for size, kernel, stride in zip(self.input[:2], self.kernel, self.stride, strict=True)
        )
        return height, width, self.input[2]

    @property
    def units(self) -> int:
        """Addends."""
        return int(np.prod(self.output) * np.prod(self.kernel))


Operator = Window | Dense | Elementwise | Pool


@dataclass(frozen=True)
class Shaped:
    """An operator whose cost is watched."""

    operator: Operator
    near: str = ""
    """The shape that it is compared with; empty: it is one that others are compared with."""


def _depthwise(size: Shape, kernel: tuple[int, int], multiplier: int = 1, **options: Any) -> Window:
    return Window(size, size[2] * multiplier, kernel, depthwise=True, **options)


SHAPES: dict[str, Shaped] = {
    # The shapes of the figures to beat.
    "1x1 64-64 25x5": Shaped(Window((25, 5, 64), 64)),
    "3x3 16-16 32x32": Shaped(Window((32, 32, 16), 16, (3, 3))),
    "dw 3x3 64 25x5": Shaped(_depthwise((25, 5, 64), (3, 3))),
    "fc 640-128": Shaped(Dense(640, 128)),
    "first 3x3 3-8 s2 96x96": Shaped(Window((96, 96, 3), 8, (3, 3), (2, 2))),
    "add 16x16x32": Shaped(Elementwise("ADD", (16, 16, 32))),
    "1x1 8-16 48x48": Shaped(Window((48, 48, 8), 16), "1x1 64-64 25x5"),
    "1x1 16-32 24x24": Shaped(Window((24, 24, 16), 32), "1x1 64-64 25x5"),
    "1x1 24-64 12x12": Shaped(Window((12, 12, 24), 64), "1x1 64-64 25x5"),
    "1x1 128-128 6x6": Shaped(Window((6, 6, 128), 128), "1x1 64-64 25x5"),
    # Odd ones.
    "1x1 256-256 3x3": Shaped(Window((3, 3, 256), 256), "1x1 64-64 25x5"),
    "1x1 64-64 1x1": Shaped(Window((1, 1, 64), 64), "fc 640-128"),
    "1x1 17-17 16x16": Shaped(Window((16, 16, 17), 17), "1x1 16-32 24x24"),
    "1x1 64-10 8x8": Shaped(Window((8, 8, 64), 10), "1x1 64-64 25x5"),
    "1x1 32-64 s2 16x16": Shaped(Window((16, 16, 32), 64, stride=(2, 2)), "1x1 64-64 25x5"),
    "3x3 32-32 16x16": Shaped(Window((16, 16, 32), 32, (3, 3)), "3x3 16-16 32x32"),
    "3x3 16-32 s2 32x32": Shaped(Window((32, 32, 16), 32, (3, 3), (2, 2)), "3x3 16-16 32x32"),
    "3x3 16-16 d2 16x16": Shaped(Window((16, 16, 16), 16, (3, 3), dilation=(2, 2)), "3x3 16-16 32x32"),
    "3x3 5-17 16x16": Shaped(Window((16, 16, 5), 17, (3, 3)), "3x3 16-16 32x32"),
    "3x3 17-5 16x16": Shaped(Window((16, 16, 17), 5, (3, 3)), "3x3 16-16 32x32"),
    "3x3 1-8 28x28": Shaped(Window((28, 28, 1), 8, (3, 3)), "first 3x3 3-8 s2 96x96"),
    "3x3 3-16 32x32": Shaped(Window((32, 32, 3), 16, (3, 3)), "first 3x3 3-8 s2 96x96"),
    "3x3 4-16 32x32": Shaped(Window((32, 32, 4), 16, (3, 3)), "first 3x3 3-8 s2 96x96"),
    "5x5 8-16 16x16": Shaped(Window((16, 16, 8), 16, (5, 5)), "3x3 16-16 32x32"),
    "5x5 3-8 32x32": Shaped(Window((32, 32, 3), 8, (5, 5)), "first 3x3 3-8 s2 96x96"),
    "7x7 3-16 s2 32x32": Shaped(Window((32, 32, 3), 16, (7, 7), (2, 2)), "first 3x3 3-8 s2 96x96"),
    "10x4 1-64 s2 49x10": Shaped(Window((49, 10, 1), 64, (10, 4), (2, 2)), "first 3x3 3-8 s2 96x96"),
    "1x3 40-40 1x98": Shaped(Window((1, 98, 40), 40, (1, 3)), "3x3 16-16 32x32"),
    "1x9 16-32 1x98": Shaped(Window((1, 98, 16), 32, (1, 9)), "3x3 16-16 32x32"),
    "3x1 40-40 98x1": Shaped(Window((98, 1, 40), 40, (3, 1)), "3x3 16-16 32x32"),
    "9x1 16-32 98x1": Shaped(Window((98, 1, 16), 32, (9, 1)), "3x3 16-16 32x32"),
    "dw 3x3 8 48x48": Shaped(_depthwise((48, 48, 8), (3, 3)), "dw 3x3 64 25x5"),
    "dw 3x3 256 3x3": Shaped(_depthwise((3, 3, 256), (3, 3)), "dw 3x3 64 25x5"),
    "dw 3x3 64 s2 24x24": Shaped(_depthwise((24, 24, 64), (3, 3), stride=(2, 2)), "dw 3x3 64 25x5"),
    "dw 3x3 5 16x16": Shaped(_depthwise((16, 16, 5), (3, 3)), "dw 3x3 64 25x5"),
    "dw 3x3 17 16x16": Shaped(_depthwise((16, 16, 17), (3, 3)), "dw 3x3 64 25x5"),
    "dw 3x3 32 d2 16x16": Shaped(_depthwise((16, 16, 32), (3, 3), dilation=(2, 2)), "dw 3x3 64 25x5"),
    "dw 5x5 32 16x16": Shaped(_depthwise((16, 16, 32), (5, 5)), "dw 3x3 64 25x5"),
    "dw 5x5 32 s2 16x16": Shaped(_depthwise((16, 16, 32), (5, 5), stride=(2, 2)), "dw 3x3 64 25x5"),
    "dw 7x7 16 16x16": Shaped(_depthwise((16, 16, 16), (7, 7)), "dw 3x3 64 25x5"),
    "dw 1x9 32 1x98": Shaped(_depthwise((1, 98, 32), (1, 9)), "dw 3x3 64 25x5"),
    "dw 9x1 32 98x1": Shaped(_depthwise((98, 1, 32), (9, 1)), "dw 3x3 64 25x5"),
    "dw 3x3 8x4 16x16": Shaped(_depthwise((16, 16, 8), (3, 3), 4), "dw 3x3 64 25x5"),
    "dw 8x10 1x8 s2 49x40": Shaped(_depthwise((49, 40, 1), (10, 8), 8, stride=(2, 2)), "dw 3x3 64 25x5"),
    "fc 8-16": Shaped(Dense(8, 16), "fc 640-128"),
    "fc 17-5": Shaped(Dense(17, 5), "fc 640-128"),
    "fc 128-128": Shaped(Dense(128, 128), "fc 640-128"),
    "fc 256-10": Shaped(Dense(256, 10), "fc 640-128"),
    "fc 4000-4": Shaped(Dense(4000, 4), "fc 640-128"),
    "fc 64-64 of 16": Shaped(Dense(64, 64, 16), "1x1 64-64 25x5"),
    # A block of MobileNetV2.
    "mbv2 1x1 24-144 14x14": Shaped(Window((14, 14, 24), 144), "1x1 64-64 25x5"),
    "mbv2 dw 3x3 144 14x14": Shaped(_depthwise((14, 14, 144), (3, 3)), "dw 3x3 64 25x5"),
    "mbv2 1x1 144-24 14x14": Shaped(Window((14, 14, 144), 24), "1x1 64-64 25x5"),
    "mbv2 add 14x14x24": Shaped(Elementwise("ADD", (14, 14, 24)), "add 16x16x32"),
    "add 1x98x17": Shaped(Elementwise("ADD", (1, 98, 17)), "add 16x16x32"),
    "mul 16x16x32": Shaped(Elementwise("MUL", (16, 16, 32))),
    "maxpool 2x2 16 32x32": Shaped(Pool("MAX_POOL_2D", (32, 32, 16), (2, 2), (2, 2))),
    "maxpool 3x3 16 s1 16x16": Shaped(Pool("MAX_POOL_2D", (16, 16, 16), (3, 3), (1, 1))),
    "avgpool 25x5 64": Shaped(Pool("AVERAGE_POOL_2D", (25, 5, 64), (25, 5), (1, 1))),
    "avgpool 2x2 16 32x32": Shaped(Pool("AVERAGE_POOL_2D", (32, 32, 16), (2, 2), (2, 2))),
    # Floats.
    "f32 fc 640-128": Shaped(Dense(640, 128, dtype="float32")),
    "f32 fc 17-5": Shaped(Dense(17, 5, dtype="float32"), "f32 fc 640-128"),
    "f32 1x1 64-64 25x5": Shaped(Window((25, 5, 64), 64, dtype="float32"), "f32 fc 640-128"),
    "f32 3x3 16-16 16x16": Shaped(Window((16, 16, 16), 16, (3, 3), dtype="float32"), "f32 fc 640-128"),
    "f32 10x4 1-64 s2 49x10": Shaped(Window((49, 10, 1), 64, (10, 4), (2, 2), dtype="float32"), "f32 fc 640-128"),
    "f32 dw 3x3 64 25x5": Shaped(_depthwise((25, 5, 64), (3, 3), dtype="float32")),
    "f32 dw 5x5 17 s2 16x16": Shaped(
        _depthwise((16, 16, 17), (5, 5), stride=(2, 2), dtype="float32"), "f32 dw 3x3 64 25x5"
    ),
    "f32 add 16x16x32": Shaped(Elementwise("ADD", (16, 16, 32), "float32")),
    # Windows whose taps lie apart, and small images.
    "dw 1x3 32 d4 1x98": Shaped(_depthwise((1, 98, 32), (1, 3), dilation=(1, 4)), "dw 3x3 64 25x5"),
    "dw 3x1 32 d4 98x1": Shaped(_depthwise((98, 1, 32), (3, 1), dilation=(4, 1)), "dw 3x3 64 25x5"),
    "dw 1x5 32 d8 1x49": Shaped(_depthwise((1, 49, 32), (1, 5), dilation=(1, 8)), "dw 3x3 64 25x5"),
    "dw 5x5 16 d2 16x16": Shaped(_depthwise((16, 16, 16), (5, 5), dilation=(2, 2)), "dw 3x3 64 25x5"),
    "dw 3x3 16 s3 24x24": Shaped(_depthwise((24, 24, 16), (3, 3), stride=(3, 3)), "dw 3x3 64 25x5"),
    "dw 5x5 32 10x10": Shaped(_depthwise((10, 10, 32), (5, 5)), "dw 3x3 64 25x5"),
    "dw 5x5 64 5x5": Shaped(_depthwise((5, 5, 64), (5, 5)), "dw 3x3 64 25x5"),
}


def model_of(names: Sequence[str]) -> bytes:
    """One model of several of SHAPES, each with an input and an output of its own."""
    model = ModelBuilder("kernels")
    return model.build([SHAPES[name].operator.add(model, name) for name in names])


def _quantised(dtype: str, scale: float, zero_point: int) -> dict[str, Any]:
    return {"scale": scale, "zero_point": zero_point} if dtype == "int8" else {}


def _output(dtype: str, elements: int) -> dict[str, Any]:
    """A scale with which sums of random products fill int8."""
    return _quantised(dtype, 0.027 * float(np.sqrt(elements)), -128)


def _weights(model: ModelBuilder, name: str, shape: tuple[int, ...], axis: int | None, dtype: str) -> tuple[int, int]:
    """Random weights and bias, by the name; int8 per channel along `axis`, or per tensor (None)."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    channels = shape[axis or 0]
    if dtype == "float32":
        values = random.normal(0, 0.1, shape).astype(np.float32)
        bias = random.normal(0, 1, channels).astype(np.float32)
        return model.constant(f"w of {name}", values), model.constant(f"b of {name}", bias)
    scales = random.uniform(0.005, 0.015, 1 if axis is None else channels)
    weights = random.integers(-127, 128, shape).astype(np.int8)
    sums = random.integers(-3000, 3000, channels).astype(np.int32)
    return (
        model.constant(f"w of {name}", weights, scale=scales.tolist(), axis=axis or 0),
        model.constant(f"b of {name}", sums, scale=(0.05 * scales).tolist()),
    )
