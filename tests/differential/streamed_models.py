"""Networks of the kinds that schedules by rows are made for, with weights of a seed: wake words in convolutions along
the time, a MobileNet at 96 x 96 x 1, and a detector in inverted residuals with pads at 160 x 128."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from tests.tflite_builder import ModelBuilder

SCALE = 0.05
Pair = tuple[int, int]


@dataclass(frozen=True)
class Image:
    """A tensor [1, height, width, channels], quantised by SCALE and -128."""

    index: int
    shape: tuple[int, int, int, int]


class Layers:
    """A model, layer by layer; every image has the same quantisation."""

    def __init__(self, seed: int, height: int, width: int, channels: int) -> None:
        self.model = ModelBuilder()
        self.random = np.random.default_rng(seed)
        self.count = 0
        index = self.model.input("x", (1, height, width, channels), "int8", scale=SCALE, zero_point=-128)
        self.x = Image(index, (1, height, width, channels))

    def conv(self, x: Image, filters: int, kernel: Pair, stride: Pair = (1, 1), padding: str = "SAME") -> Image:
        """CONV_2D with RELU6."""
        weights = (filters, *kernel, x.shape[3])
        return self._window("CONV_2D", x, weights, 0, kernel, stride, padding)

    def depthwise(self, x: Image, kernel: Pair, stride: Pair = (1, 1), padding: str = "SAME") -> Image:
        """DEPTHWISE_CONV_2D with RELU6."""
        weights = (1, *kernel, x.shape[3])
        return self._window("DEPTHWISE_CONV_2D", x, weights, 3, kernel, stride, padding, depthMultiplier=1)

    def pad(self, x: Image, bottom: int, right: int) -> Image:
        """PAD below and on the right, as networks with strides of 2 have it."""
        table = self.model.constant(self._name("pads"), np.array([(0, 0), (0, bottom), (0, right), (0, 0)], np.int32))
        _, height, width, channels = x.shape
        y = self._image((1, height + bottom, width + right, channels))
        self.model.operator("PAD", [x.index, table], [y.index])
        return y

    def add(self, x: Image, other: Image) -> Image:
        """ADD of a residual."""
        y = self._image(x.shape)
        self.model.operator("ADD", [x.index, other.index], [y.index], fusedActivationFunction=0)
        return y

    def average(self, x: Image) -> Image:
        """AVERAGE_POOL_2D over everything."""
        _, height, width, channels = x.shape
        y = self._image((1, 1, 1, channels))
        options = {"filterHeight": height, "filterWidth": width, "strideH": 1, "strideW": 1, "padding": "VALID"}
        self.model.operator("AVERAGE_POOL_2D", [x.index], [y.index], **options)
        return y

    def _window(
        self,
        name: str,
        x: Image,
        shape: tuple[int, ...],
        axis: int,
        kernel: Pair,
        stride: Pair,
        padding: str,
        **more: Any,
    ) -> Image:
        filters = shape[axis]
        taps = int(np.prod(shape)) // filters
        scale = [1 / (60 * taps**0.5)] * filters  # sums use the range
        data = self.random.integers(-127, 128, shape).astype(np.int8)
        weights = self.model.constant(self._name("w"), data, scale=scale, zero_point=[0] * filters, axis=axis)
        start = self.random.integers(-2000, 2000, filters).astype(np.int32)
        bias = self.model.constant(
            self._name("b"), start, scale=[SCALE * item for item in scale], zero_point=[0] * filters, axis=0
        )
        sizes = zip(x.shape[1:3], kernel, stride, strict=True)
        out = [(size if padding == "SAME" else size - taps + 1) for size, taps, _ in sizes]
        y = self._image((1, -(-out[0] // stride[0]), -(-out[1] // stride[1]), filters))
        options = {"strideH": stride[0], "strideW": stride[1], "padding": padding, "fusedActivationFunction": 3, **more}
        self.model.operator(name, [x.index, weights, bias], [y.index], **options)
        return y

    def _image(self, shape: tuple[int, int, int, int]) -> Image:
        return Image(self.model.tensor(self._name("y"), shape, "int8", scale=SCALE, zero_point=-128), shape)

    def _name(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"


def wake_word(along_rows: bool) -> bytes:
    """98 frames of 40 features in one dimension, the frames in rows or in a single row."""

    def along(size: int) -> Pair:
        return (size, 1) if along_rows else (1, size)

    net = Layers(1, *along(98), 40)
    x = net.conv(net.x, 16, along(3))
    for filters in (24, 32, 48):
        y = net.conv(net.conv(x, filters, along(9), along(2)), filters, along(9))
        x = net.add(net.conv(x, filters, (1, 1), along(2)), y)
    return net.model.build([net.conv(net.average(x), 12, (1, 1)).index])


def mobilenet() -> bytes:
    """MobileNet of a quarter of the channels for a grey image."""
    net = Layers(2, 96, 96, 1)
    x = net.conv(net.x, 8, (3, 3), (2, 2))
    for filters, stride in ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), (128, 1)):
        x = net.conv(net.depthwise(x, (3, 3), (stride, stride)), filters, (1, 1))
    return net.model.build([net.conv(net.average(x), 2, (1, 1)).index])


def detector() -> bytes:
    """Inverted residuals with pads before strides, and a map of boxes."""
    net = Layers(3, 160, 128, 3)
    x = net.conv(net.pad(net.x, 1, 1), 8, (3, 3), (2, 2), "VALID")
    x = net.conv(net.depthwise(x, (3, 3)), 8, (1, 1))
    for filters, wide, repeats in ((8, 24, 2), (16, 24, 2), (24, 48, 2)):
        x = net.depthwise(net.pad(net.conv(x, wide, (1, 1)), 1, 1), (3, 3), (2, 2), "VALID")
        x = net.conv(x, filters, (1, 1))
        for _ in range(repeats - 1):
            x = net.add(x, net.conv(net.depthwise(net.conv(x, 3 * filters, (1, 1)), (3, 3)), filters, (1, 1)))
    return net.model.build([net.conv(x, 18, (1, 1)).index])
