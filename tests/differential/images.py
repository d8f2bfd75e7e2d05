"""Random networks of operators on images: what schedules by rows are made for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from tests.differential.models import Draw, Maker, output_size

MOST_ELEMENTS = 4000
"""Of a tensor."""


@dataclass(frozen=True)
class Image:
    """A tensor [1, height, width, channels] of a model."""

    index: int
    shape: tuple[int, ...]
    quantisation: dict[str, Any]


class Network:
    """Draws operators that read any image made before: chains, branches, residuals, several consumers."""

    def __init__(self, make: Maker) -> None:
        self.make = make
        self.images: list[Image] = []
        self.read: set[int] = set()

    def image(self) -> Image:
        """Mostly the last image, at times an earlier one."""
        return self.images[-1] if self.make.draw(st.integers(0, 3)) else self.make.draw(st.sampled_from(self.images))

    def source(self, shape: tuple[int, ...]) -> None:
        """An input of the model."""
        quantisation = self.make.quantisation()
        self.images.append(Image(self.make.input(shape, **quantisation), shape, quantisation))

    def operator(
        self,
        name: str,
        operands: list[Image],
        shape: tuple[int, ...],
        quantisation: dict[str, Any],
        constants: tuple[int, ...] = (),
        **options: Any,
    ) -> None:
        """Add an operator and the image that it makes, if that is not too large."""
        y = self.make.output(shape, **quantisation)
        inputs = [item.index for item in operands]
        self.make.model.operator(name, [*inputs, *constants], [y], **options)
        self.read.update(inputs)
        self.images.append(Image(y, shape, quantisation))

    def convolution(self) -> None:
        """CONV_2D or DEPTHWISE_CONV_2D, any stride, dilation and padding."""
        source, draw = self.image(), self.make.draw
        _, height, width, channels = source.shape
        padding = draw(st.sampled_from(("SAME", "SAME", "VALID")))
        kernel = tuple(draw(st.integers(1, 3 if padding == "SAME" else min(3, size))) for size in (height, width))
        stride = tuple(draw(st.sampled_from((1, 1, 2))) for _ in range(2))
        dilation = (draw(st.sampled_from((1, 1, 2))), 1) if stride == (1, 1) and padding == "SAME" else (1, 1)
        out = [output_size(*item, padding) for item in zip((height, width), kernel, stride, dilation, strict=True)]
        options = {"strideH": stride[0], "strideW": stride[1], "padding": padding}
        options |= {"dilationHFactor": dilation[0], "dilationWFactor": dilation[1]}
        options["fusedActivationFunction"] = self.make.activation()
        scale = source.quantisation["scale"]
        if draw(st.booleans()):
            filters = draw(st.integers(1, 8))
            w, b, spread = self.make.weights((filters, *kernel, channels), 0, filters, scale)
            name = "CONV_2D"
        else:
            filters = channels
            w, b, spread = self.make.weights((1, *kernel, channels), 3, channels, scale)
            name, options["depthMultiplier"] = "DEPTHWISE_CONV_2D", 1
        made = {"scale": spread, "zero_point": self.make.quantisation()["zero_point"]}
        self.operator(name, [source], (1, *out, filters), made, (w, b), **options)

    def pool(self) -> None:
        """MAX_POOL_2D or AVERAGE_POOL_2D."""
        source, draw = self.image(), self.make.draw
        _, height, width, channels = source.shape
        kernel = tuple(draw(st.integers(1, min(3, size))) for size in (height, width))
        stride = tuple(draw(st.integers(1, 2)) for _ in range(2))
        out = [output_size(*item, 1, "VALID") for item in zip((height, width), kernel, stride, strict=True)]
        options = {"filterHeight": kernel[0], "filterWidth": kernel[1], "strideH": stride[0], "strideW": stride[1]}
        name = draw(st.sampled_from(("MAX_POOL_2D", "AVERAGE_POOL_2D")))
        shape = (1, *out, channels)
        self.operator(name, [source], shape, source.quantisation, padding="VALID", **options)

    def residual(self) -> None:
        """ADD or MUL of two images of one shape."""
        source = self.image()
        other = self.make.draw(st.sampled_from([item for item in self.images if item.shape == source.shape]))
        name = self.make.draw(st.sampled_from(("ADD", "ADD", "MUL")))
        made = self.make.quantisation()
        self.operator(name, [other, source], source.shape, made, fusedActivationFunction=self.make.activation())

    def join(self) -> None:
        """CONCATENATION along the channels, or the height."""
        source = self.image()
        axis = self.make.draw(st.sampled_from((3, 3, 1)))

        def rest(item: Image) -> tuple[Any, ...]:
            return (*item.shape[:axis], *item.shape[axis + 1 :], *item.quantisation.values())

        others = [item for item in self.images if rest(item) == rest(source)]
        parts = [source, self.make.draw(st.sampled_from(others))]
        total = sum(item.shape[axis] for item in parts)
        shape = (*source.shape[:axis], total, *source.shape[axis + 1 :])
        self.operator("CONCATENATION", parts, shape, source.quantisation, axis=axis)

    def pad(self) -> None:
        """PAD around the image."""
        source = self.image()
        amounts = [
            (0, 0),
            *((self.make.draw(st.integers(0, 2)), self.make.draw(st.integers(0, 2))) for _ in "hw"),
            (0, 0),
        ]
        shape = tuple(a + size + b for size, (a, b) in zip(source.shape, amounts, strict=True))
        table = self.make.model.constant(self.make.named("pads"), np.array(amounts, np.int32))
        self.operator("PAD", [source], shape, source.quantisation, (table,))

    def resize(self) -> None:
        """RESIZE_NEAREST_NEIGHBOR, larger or smaller."""
        source = self.image()
        size = tuple(self.make.draw(st.integers(1, 2 * extent)) for extent in source.shape[1:3])
        shape = (1, *size, source.shape[3])
        self.operator("RESIZE_NEAREST_NEIGHBOR", [source], shape, source.quantisation, (self.make.integers(*size),))

    def requantise(self) -> None:
        """QUANTIZE to another scale."""
        source = self.image()
        self.operator("QUANTIZE", [source], source.shape, self.make.quantisation())

    def average(self) -> int:
        """MEAN or AVERAGE_POOL_2D over the last image."""
        source = self.images[-1]
        _, height, width, channels = source.shape
        if self.make.draw(st.booleans()):
            y = self.make.output((1, channels))
            self.make.model.operator("MEAN", [source.index, self.make.integers(1, 2)], [y], keepDims=False)
        else:
            y = self.make.output((1, 1, 1, channels), **source.quantisation)
            options = {"filterHeight": height, "filterWidth": width, "strideH": 1, "strideW": 1}
            self.make.model.operator("AVERAGE_POOL_2D", [source.index], [y], padding="VALID", **options)
        self.read.add(source.index)
        return y


@st.composite
def networks(draw: Draw) -> bytes:
    """A .tflite file, int8, of one input and two to nine operators."""
    network = Network(Maker(draw, "int8"))
    network.source((1, draw(st.integers(2, 14)), draw(st.integers(1, 9)), draw(st.sampled_from((1, 3, 4, 8)))))
    kinds = [network.convolution] * 4 + [network.pool, network.residual, network.residual, network.join]
    kinds += [network.pad, network.resize, network.requantise]
    for _ in range(draw(st.integers(2, 8))):
        if np.prod(network.images[-1].shape) > MOST_ELEMENTS:
            break
        draw(st.sampled_from(kinds))()
    outputs = [network.average()] if draw(st.booleans()) else []
    outputs += [item.index for item in network.images[1:] if item.index not in network.read]
    return network.make.model.build(outputs)
