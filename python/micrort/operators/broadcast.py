"""How two operands are repeated to one shape (mrt_broadcast_t)."""

from __future__ import annotations

from micrort.operators.axes import NAMES, RANK_MAX, bits, folded


def broadcast_shape(left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape to which both are repeated, aligned at their last axes; None where they do not fit."""
    rank = max(len(left), len(right))
    pairs = list(zip(_extended(left, rank), _extended(right, rank), strict=True))
    if any(a != b and 1 not in (a, b) for a, b in pairs):
        return None
    return tuple(b if a == 1 else a for a, b in pairs)


def broadcast_attrs(left: tuple[int, ...], right: tuple[int, ...]) -> dict[str, int]:
    """The members of mrt_broadcast_t for two shapes that fit, of rank 6 at most.

    Neighbouring axes that are repeated alike become one, so that equal shapes are one run of elements a row.
    """
    output = broadcast_shape(left, right)
    assert output is not None and len(output) <= RANK_MAX
    rank = len(output)
    repeats = [
        (a != extent, b != extent)
        for extent, a, b in zip(output, _extended(left, rank), _extended(right, rank), strict=True)
    ]
    axes = folded(output, repeats, (False, False))
    attrs = {name: extent for name, (extent, _) in zip(NAMES, axes, strict=True)}
    for operand in (0, 1):
        attrs[f"input{operand}_repeats"] = bits(kind[operand] for _, kind in axes)
    return attrs


def _extended(shape: tuple[int, ...], rank: int) -> tuple[int, ...]:
    return (1,) * (rank - len(shape)) + shape
