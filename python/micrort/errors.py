"""The errors that micrort reports to its users.

Each says what is wrong, where, what is supported, and what to do next. The command line prints them without a
traceback and exits with `exit_code`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class MicrortError(Exception):
    """Base of every error with a message for the user."""

    exit_code = 1


class UsageError(MicrortError):
    """An option or argument is wrong: exit code 2."""

    exit_code = 2


class InternalError(MicrortError):
    """micrort contradicts itself: a defect of ours, never of the user's. Says which part noticed it."""

    def __init__(self, part: str, problem: str) -> None:
        self.part = part
        super().__init__(f"internal error in {part}: {problem}. This is a defect of micrort; please report it")


class ModelError(MicrortError):
    """A model file is damaged or not usable. Carries every problem that was found."""

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.source = source
        self.problems = tuple(problems)
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        super().__init__(f"{source}: {len(self.problems)} problem(s)\n{lines}")


@dataclass(frozen=True)
class Unsupported:
    """One node that cannot be compiled, for `micrort check`."""

    node: str
    """Name of the node in the model: operator and index, or its output tensor's name."""
    operator: str
    """The operator as the model's format names it, e.g. CONV_2D."""
    dtypes: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    reason: str
    supported: str
    """What is supported instead."""
    suggestion: str
    """What the user can do about it."""

    def __str__(self) -> str:
        """One line for a person."""
        tensors = ", ".join(f"{d}{list(s)}" for d, s in zip(self.dtypes, self.shapes, strict=False))
        return (
            f"{self.node} ({self.operator}; {tensors}): {self.reason}. "
            f"Supported: {self.supported}. Try: {self.suggestion}."
        )


class UnsupportedError(ModelError):
    """The model is sound, but has nodes that cannot be compiled; all of them are listed."""

    def __init__(self, source: str, unsupported: Sequence[Unsupported]) -> None:
        self.unsupported = tuple(unsupported)
        super().__init__(source, [str(item) for item in unsupported])


class RuntimeStatusError(MicrortError):
    """A call into the C runtime returned a status other than MRT_OK."""

    def __init__(self, call: str, status: int, text: str) -> None:
        self.call = call
        self.status = status
        super().__init__(f"{call}: {text} (status {status})")


class ToolError(MicrortError):
    """An external tool (compiler, emulator, SCons) is missing or failed."""


class TargetError(MicrortError):
    """The code that ran on the target reported an error, crashed or did not answer."""
