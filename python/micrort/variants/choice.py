"""Which candidates to take: the fewest instructions within budgets of constants and of code.

Both budgets bind all calls of a program together. That of constants is kept by a price: a byte must save so many
instructions, and the price rises until the constants fit (Lagrangian relaxation, H. Everett 1963). A kernel's code is
paid once however many calls take it, so that of code is kept by looking at every set of kernels that does all calls;
unless for speed, a kernel also has to save its share of the instructions, KILOBYTE_SHARE.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from micrort.errors import UsageError
from micrort.variants.base import Refusal, Variant

if TYPE_CHECKING:
    from micrort.ir import Tensor

Offers = Sequence[Variant | Refusal]
CodeBytes = Callable[[frozenset[str]], int]
"""Bytes of code that a set of kernels takes together."""

BALANCED_RATIO, SPEED_RATIO = 1.25, 4.0
"""How much larger than the model's own the constants may become."""
BALANCED_GROWTH, SLACK = 1.14, 1024
"""In balanced they may also be only so much larger than those of portable kernels; in a small model by SLACK bytes."""
FLASH_SLACK = 3 * SLACK
"""In a small model by so many where code becomes less by as much."""
KILOBYTE_SHARE = 0.004
"""The share of the fastest choice's instructions that 1,024 bytes of code have to save, unless for speed."""
CONSTANTS_ALIKE = 1.25
"""How much larger the constants of a kernel may be that stands in for another one."""
FREE_MAX = 10
"""Kernels whose every subset is looked at."""
SIZE_SLOWDOWN, DSP_SLOWDOWN = 1.5, 3.5
"""How many times the instructions of the fastest choice the smallest code may need; on cores with the DSP extension but
no MVE, where the fastest choice is so far ahead of CMSIS-NN that the smallest code remains so, too."""
SIZE_KILOBYTE_SHARE = 1.0
"""The share of the fastest choice's instructions that 1,024 bytes of code are worth where the code shall be small."""


@dataclass(frozen=True)
class Rules:
    """What the choice for each call keeps to, so that the program as a whole keeps to its budgets."""

    byte_price: float = 0.0
    """Instructions of an inference that a byte of constants has to save."""
    kernels: frozenset[str] | None = None
    """The kernels that may be taken; None: all."""
    is_strict: bool = False
    """Whether any other kernel would break the budget of code; else it is but not worth its code."""
    constants: int | None = None
    """Bytes of constants that a call's kernel may take at most; None: any."""
    growth: float = math.inf
    """How many times the constants of a call's kernel for all rows those of one for fewer rows may take: so that those
    of all calls keep within the budget."""
    near: bool = True
    """Whether the rows of a tensor surely lie within lean.REACH bytes of one another, wherever they are placed."""

    def choose(self, offers: Offers, tensors: Mapping[str, Tensor]) -> Variant:
        """The best of the candidates for a call, with what it was chosen before."""
        chosen = self.pick(offers, tensors)
        others = [offer for offer in _able(offers) if offer is not chosen]
        refused = [offer for offer in offers if isinstance(offer, Refusal)]
        refused += [Refusal(offer.call.kernel, self._why(offer, chosen, tensors)) for offer in others]
        return replace(chosen, refused=tuple(refused))

    def pick(self, offers: Offers, tensors: Mapping[str, Tensor]) -> Variant:
        """The best of the candidates for a call; of those allowed, if any is."""
        able = _able(offers)
        allowed = [offer for offer in able if self.kernels is None or offer.call.kernel in self.kernels] or able
        if self.constants is not None:
            most = self.constants
            within = [offer for offer in allowed if offer.constant_bytes(tensors) <= most]
            allowed = within or [min(allowed, key=lambda offer: offer.constant_bytes(tensors))]
        return min(allowed, key=lambda offer: self.price(offer, tensors))

    def allow(self, offer: Variant, tensors: Mapping[str, Tensor]) -> bool:
        """Whether a kernel that was not picked keeps within the budgets."""
        fits = self.constants is None or offer.constant_bytes(tensors) <= self.constants
        return fits and self.affords(offer.call.kernel)

    def affords(self, kernel: str) -> bool:
        """Whether a kernel's code keeps within the budget."""
        return not self.is_strict or self.kernels is None or kernel in self.kernels

    def price(self, offer: Variant, tensors: Mapping[str, Tensor]) -> float:
        """What the choice minimises."""
        return offer.instructions + self.byte_price * offer.constant_bytes(tensors)

    def _why(self, offer: Variant, chosen: Variant, tensors: Mapping[str, Tensor]) -> str:
        if self.kernels is not None and offer.call.kernel not in self.kernels:
            return "left out to keep the code small"
        if self.constants is not None and offer.constant_bytes(tensors) > self.constants:
            return f"more than {self.constants:,} bytes of constants, its share of the budget"
        if offer.instructions >= chosen.instructions:
            return f"an estimated {offer.instructions:,} instructions, not {chosen.instructions:,}"
        more = offer.constant_bytes(tensors) - chosen.constant_bytes(tensors)
        return f"{more:,} bytes more of constants for {chosen.instructions - offer.instructions:,} instructions less"


ANY = Rules()
"""The fewest instructions, whatever the rest."""


@dataclass(frozen=True)
class Budget:
    """What a program's kernels may take."""

    optimize: str
    """One of micrort.compiler.LEVELS."""
    model_bytes: int
    """Constant data of the model as it was given."""
    code_bytes: int | None = None
    """Of kernels at most; None: as much as need be."""
    slowdown: float = SIZE_SLOWDOWN
    """See there; where code shall be small."""


def rules_for(offers: Sequence[Offers], tensors: Mapping[str, Tensor], budget: Budget, code: CodeBytes) -> Rules:
    """The rules under which the choices for all calls keep to the budget.

    Args:
        offers: for each call its candidates, the portable kernel first.
        tensors: all tensors of the program by name.
        budget: what the choices may take together.
        code: see CodeBytes.

    Raises:
        UsageError: no choice of kernels keeps to the budget of code.
    """
    limit = _constants_limit(offers, tensors, budget)
    rules = _priced(offers, tensors, limit, None)
    fastest, constants, used = _total(offers, tensors, rules)
    if budget.optimize == "speed" and budget.code_bytes is None:
        return replace(rules, growth=_growth(limit, constants))
    outcomes = list(_outcomes(offers, tensors, limit, code))
    least = min(outcomes, key=lambda item: (item.code, item.instructions))
    most = least.code if budget.code_bytes is None else budget.code_bytes
    outcomes.insert(0, _Outcome(code(used), fastest, constants, rules))
    fitting = [item for item in outcomes if budget.code_bytes is None or item.code <= most]
    if not fitting:
        raise UsageError(
            f"no choice of kernels takes at most {most:,} bytes of code: the smallest takes {least.code:,}. "
            "Allow as much with --max-code, or leave operators out of the model"
        )
    byte = 0.0 if budget.optimize == "speed" else KILOBYTE_SHARE * fastest / 1024
    modest = [item for item in fitting if item.constants <= max(limit, constants)] or fitting
    chosen = min(modest, key=lambda item: item.instructions + byte * item.code)
    if budget.optimize not in ("speed", "size") and limit > BALANCED_RATIO * budget.model_bytes:
        # Constants are beyond the ratio anyway: they may take what code leaves.
        large = _outcomes(offers, tensors, math.inf, code)
        within = (item for item in large if item.constants <= limit - SLACK + FLASH_SLACK and item.code <= chosen.code)
        alike = (item for item in within if item.flash <= chosen.flash)
        chosen = min((chosen, *alike), key=lambda item: item.instructions + byte * item.code)
    if budget.optimize == "size":
        slowest = budget.slowdown * min(fastest, chosen.instructions)
        quick = [item for item in fitting if item.instructions <= slowest] or fitting
        small = [item for item in quick if item.code <= chosen.code and item.flash <= chosen.flash] or quick
        worth = SIZE_KILOBYTE_SHARE * fastest / 1024
        chosen = min(small, key=lambda item: item.instructions + worth * item.code)
    growth = _growth(limit, chosen.constants)
    return replace(chosen.rules, is_strict=budget.code_bytes is not None, growth=growth)


def _growth(limit: float, constants: int) -> float:
    """How many times so many constants there may be."""
    return max(1.0, limit / constants) if constants > 0 else math.inf


@dataclass(frozen=True)
class _Outcome:
    """What the choices under some rules take together."""

    code: int
    instructions: int
    constants: int
    rules: Rules

    @property
    def flash(self) -> int:
        """Bytes of code and constants."""
        return self.code + self.constants


def _outcomes(
    offers: Sequence[Offers], tensors: Mapping[str, Tensor], limit: float, code: CodeBytes
) -> Iterator[_Outcome]:
    """Of every set of kernels that does all calls, with constants within `limit` where that can be."""
    for kernels in _sets(offers, tensors, code):
        rules = _priced(offers, tensors, limit, kernels)
        instructions, constants, used = _total(offers, tensors, rules)
        yield _Outcome(code(used), instructions, constants, rules)


def _sets(offers: Sequence[Offers], tensors: Mapping[str, Tensor], code: CodeBytes) -> Iterator[frozenset[str]]:
    """Sets of kernels that do every call; where there are very many, without those that others stand in for, and then
    without the kernels that the fewest calls need.

    Of kernels that as many calls need, those go first that are faster, or come first in the program.
    """
    names = [frozenset(offer.call.kernel for offer in _able(item)) for item in offers]
    forced = frozenset[str]().union(*(item for item in names if len(item) == 1))
    uses = Counter(name for item in offers for name in _by_speed(item) if name not in forced)
    if len(uses) > FREE_MAX:
        for name in _replaceable(offers, tensors, code):
            del uses[name]
    free = [name for name, _ in uses.most_common(FREE_MAX)]
    left = [item for item, choices in zip(offers, names, strict=True) if choices.isdisjoint(forced.union(free))]
    forced = forced.union(min(_able(item), key=lambda offer: offer.instructions).call.kernel for item in left)
    for size in range(len(free) + 1):
        for chosen in itertools.combinations(free, size):
            kernels = forced.union(chosen)
            if not any(kernels.isdisjoint(item) for item in names):
                yield kernels


def _replaceable(offers: Sequence[Offers], tensors: Mapping[str, Tensor], code: CodeBytes) -> Iterator[str]:
    """Kernels beside which another one does all their calls with less code, no more instructions, and constants that
    are at most CONSTANTS_ALIKE times as large."""
    costs: dict[str, dict[int, tuple[int, int]]] = {}
    for index, item in enumerate(offers):
        for offer in _able(item):
            known = costs.setdefault(offer.call.kernel, {})
            known[index] = min(known.get(index, _WORST), (offer.instructions, offer.constant_bytes(tensors)))
    sizes = {name: code(frozenset([name])) for name in costs}

    def stands_in(other: str, name: str) -> bool:
        theirs, ours = costs[other], costs[name]
        return sizes[other] < sizes[name] and all(
            index in theirs and theirs[index][0] <= instructions and theirs[index][1] <= CONSTANTS_ALIKE * constants
            for index, (instructions, constants) in ours.items()
        )

    yield from (name for name in costs if any(stands_in(other, name) for other in costs))


_WORST = (1 << 62, 1 << 62)


def _constants_limit(offers: Sequence[Offers], tensors: Mapping[str, Tensor], budget: Budget) -> float:
    portable = sum(_able(item)[0].constant_bytes(tensors) for item in offers)
    if budget.optimize == "speed":
        return max(portable + SLACK, SPEED_RATIO * budget.model_bytes)
    return max(portable + SLACK, min(BALANCED_RATIO * budget.model_bytes, BALANCED_GROWTH * portable))


def _priced(
    offers: Sequence[Offers], tensors: Mapping[str, Tensor], limit: float, kernels: frozenset[str] | None
) -> Rules:
    """Rules with the lowest price at which constants stay within `limit`; where none does, a prohibitive one."""
    low, high = 0.0, 1e-3
    if _total(offers, tensors, Rules(0.0, kernels))[1] <= limit:
        return Rules(0.0, kernels)
    while _total(offers, tensors, Rules(high, kernels))[1] > limit and high < 1e9:
        low, high = high, 4 * high
    for _ in range(30):
        middle = (low + high) / 2
        fits = _total(offers, tensors, Rules(middle, kernels))[1] <= limit
        low, high = (low, middle) if fits else (middle, high)
    return Rules(high, kernels)


def _total(offers: Sequence[Offers], tensors: Mapping[str, Tensor], rules: Rules) -> tuple[int, int, frozenset[str]]:
    """Instructions, bytes of constants and kernels of the choices under `rules`."""
    chosen = [rules.pick(item, tensors) for item in offers]
    constants = sum(item.constant_bytes(tensors) for item in chosen)
    return sum(item.instructions for item in chosen), constants, frozenset(item.call.kernel for item in chosen)


def _able(offers: Offers) -> list[Variant]:
    return [offer for offer in offers if isinstance(offer, Variant)]


def _by_speed(offers: Offers) -> list[str]:
    """The kernels of the candidates, each once, the fastest first."""
    return list(
        dict.fromkeys(offer.call.kernel for offer in sorted(_able(offers), key=lambda offer: offer.instructions))
    )
