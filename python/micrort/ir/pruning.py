"""What the compiler took out of a model because it cannot change an output: for reports, and to compare tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RemovedChannels:
    """Channels (indices of the last axis) that a tensor lost. All indices are those of the model's own tensor."""

    channels: int
    """How many channels the model's tensor has."""
    kept: tuple[int, ...]
    """The channels that are left, in order."""
    constants: Mapping[int, int] = field(default_factory=dict)
    """Removed channel -> the value that all its elements would have; the others are read by nothing but zeros."""

    @property
    def count(self) -> int:
        """How many channels are gone."""
        return self.channels - len(self.kept)

    def then(self, later: RemovedChannels) -> RemovedChannels:
        """This removal and a `later` one, which counts the channels that this one kept."""
        constants = {self.kept[index]: value for index, value in later.constants.items()}
        return RemovedChannels(
            self.channels, tuple(self.kept[index] for index in later.kept), {**self.constants, **constants}
        )


@dataclass(frozen=True)
class Pruning:
    """All that was removed, and what that saves."""

    macs_before: int
    macs: int
    weights_before: int
    """Elements of weight tensors, biases left out."""
    weights: int
    tensors: Mapping[str, RemovedChannels] = field(default_factory=dict)
    """By tensor name; tensors that kept all channels are left out."""
