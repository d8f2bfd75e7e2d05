"""Choices between candidates, against every combination."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from micrort.devices import targets
from micrort.errors import UsageError
from micrort.ir import DType, KernelCall, Tensor
from micrort.variants import Refusal, Variant
from micrort.variants.choice import (
    FLASH_SLACK,
    FREE_MAX,
    KILOBYTE_SHARE,
    SIZE_SLOWDOWN,
    SLACK,
    Budget,
    _sets,
    rules_for,
)
from micrort.variants.code import CORE, code_bytes

KERNELS = ("portable", "quick", "quicker")
CODE = {"portable": 1000, "quick": 700, "quicker": 1500}


def code(kernels):
    return sum(CODE[name] for name in kernels)


def offer(kernel: str, instructions: int, size: int) -> Variant:
    constant = Tensor("c", (size,), DType.S8, data=np.zeros(size, np.int8))
    return Variant(KernelCall("call", kernel, ("x", "c"), ("y",), {}), (constant,), instructions)


TENSORS = {"x": Tensor("x", (1,), DType.S8)}
calls = st.lists(
    st.tuples(*[st.tuples(st.integers(1, 5000), st.integers(0, 4000)) for _ in KERNELS]), min_size=1, max_size=4
)


def offers_of(rows):
    return [[offer(name, *row) for name, row in zip(KERNELS, item, strict=True)] for item in rows]


def outcome(rules, offers):
    chosen = [rules.choose(item, TENSORS) for item in offers]
    return (
        sum(item.instructions for item in chosen),
        sum(item.constant_bytes(TENSORS) for item in chosen),
        frozenset(item.call.kernel for item in chosen),
    )


def portable_bytes(offers):
    return sum(item[0].constant_bytes(TENSORS) for item in offers)


@given(calls, st.integers(0, 8000))
def test_speed_keeps_constants_within_four_times_the_model(rows, model_bytes):
    offers = offers_of(rows)
    rules = rules_for(offers, TENSORS, Budget("speed", model_bytes), code)
    instructions, constants, _ = outcome(rules, offers)
    assert constants <= max(portable_bytes(offers) + SLACK, 4 * model_bytes)
    for choice in itertools.product(*offers):  # Everett's theorem: nothing as small is faster
        if sum(item.constant_bytes(TENSORS) for item in choice) <= constants:
            assert instructions <= sum(item.instructions for item in choice)


@example([((1, 1), (204, 0), (104, 0)), ((184, 0), (1, 1025), (136, 0))])  # prices alone miss the fastest choice
@given(calls)
def test_size_shrinks_code_and_bounds_the_slowdown_and_all_flash(rows):
    offers = offers_of(rows)
    fast = outcome(rules_for(offers, TENSORS, Budget("balanced", 10_000), code), offers)
    small = outcome(rules_for(offers, TENSORS, Budget("size", 10_000), code), offers)
    assert code(small[2]) <= code(fast[2])
    assert code(small[2]) + small[1] <= code(fast[2]) + fast[1]
    assert small[0] <= SIZE_SLOWDOWN * fast[0]


def test_size_does_not_pay_for_code_with_more_constants():
    for constants, chosen in ((200, "quick"), (500, "portable")):
        offers = [[offer("portable", 10, 0), offer("quick", 12, constants)]]
        assert outcome(rules_for(offers, TENSORS, Budget("size", 10_000), code), offers)[2] == {chosen}


@settings(deadline=None)
@given(calls)
def test_balanced_takes_code_only_for_its_share_of_the_instructions(rows):
    offers = offers_of(rows)
    instructions, _, used = outcome(rules_for(offers, TENSORS, Budget("balanced", 10**6), code), offers)
    limit = max(portable_bytes(offers) + SLACK, portable_bytes(offers) * 1.14)
    fastest = sum(min(item.instructions for item in row) for row in offers)
    byte = KILOBYTE_SHARE * fastest / 1024
    for choice in itertools.product(*offers):
        names = frozenset(item.call.kernel for item in choice)
        if all(sum(item.constant_bytes(TENSORS) for item in row) <= limit for row in itertools.product(*offers)):
            total = sum(item.instructions for item in choice) + byte * code(names)
            assert instructions + byte * code(used) <= total + 1e-6


def test_a_kernel_for_one_call_goes_where_it_saves_little():
    """A kilobyte and a half saves four thousandths of the instructions: too little, unless for speed."""
    offers = [[offer("portable", 9_900, 0)], [offer("portable", 140, 0), offer("quicker", 100, 0)]]
    for level, expected in (("balanced", {"portable"}), ("speed", {"portable", "quicker"})):
        assert outcome(rules_for(offers, TENSORS, Budget(level, 0), code), offers)[2] == expected


@pytest.mark.parametrize(
    ("model_bytes", "constants", "chosen"),
    [(0, 1500, {"quick"}), (0, 1501, {"quick", "quicker"}), (1200, 1500, {"quick", "quicker"})],
)
def test_in_a_small_model_constants_may_take_what_code_leaves(model_bytes, constants, chosen):
    """Beyond the slack, up to the 1,500 bytes of code less; but not where the model's ratio can be kept."""
    offers = [[offer("quicker", 1000, 0), offer("quick", 10, constants)], [offer("quick", 10, 0)]]
    assert outcome(rules_for(offers, TENSORS, Budget("balanced", model_bytes), code), offers)[2] == chosen


@given(calls)
def test_constants_beyond_the_slack_take_no_more_flash_than_those_within(rows):
    offers = offers_of(rows)
    _, constants, used = outcome(rules_for(offers, TENSORS, Budget("balanced", 0), code), offers)
    within = portable_bytes(offers) + SLACK
    most = portable_bytes(offers) + FLASH_SLACK
    assert constants <= within or (constants <= most and code(used) + constants <= code(KERNELS) + within)


@given(calls, st.integers(500, 3500))
def test_a_budget_of_code_is_kept_or_refused(rows, limit):
    offers = offers_of(rows)
    try:
        rules = rules_for(offers, TENSORS, Budget("balanced", 10_000, limit), code)
    except UsageError as error:
        assert limit < 700, str(error)
    else:
        assert code(outcome(rules, offers)[2]) <= limit


def test_a_kernel_that_alone_does_a_call_stays():
    offers = [[offer("portable", 10, 0)], [offer("portable", 10, 0), offer("quick", 1, 0)]]
    rules = rules_for(offers, TENSORS, Budget("balanced", 0, 1000), code)
    assert outcome(rules, offers)[2] == {"portable"}
    with pytest.raises(UsageError, match="at most 999 bytes of code: the smallest takes 1,000"):
        rules_for(offers, TENSORS, Budget("balanced", 0, 999), code)


def test_the_choice_says_what_it_left():
    offers = [[offer("portable", 100, 0), offer("quick", 10, 9000), Refusal("quicker", "odd shape")]]
    chosen = rules_for(offers, TENSORS, Budget("balanced", 0), code).choose(offers[0], TENSORS)
    assert chosen.call.kernel == "portable"
    assert {item.kernel: item.reason for item in chosen.refused} == {
        "quicker": "odd shape",
        "quick": "9,000 bytes more of constants for 90 instructions less",
    }


@pytest.mark.parametrize("name", [name for name in targets.TARGETS if name != "host"])
def test_code_of_kernels_is_known_and_shared_parts_count_once(name):
    size = code_bytes(targets.target(name))
    one, other = size(frozenset({"add_s8"})), size(frozenset({"sub_s8"}))
    both = size(frozenset({"add_s8", "sub_s8"}))
    assert 300 < one < 5000
    assert max(one, other) < both < one + other
    assert size(frozenset({CORE})) > 1000


@pytest.mark.parametrize("name", [name for name in targets.TARGETS if name != "host"])
def test_code_is_smaller_where_the_library_is_the_one_for_small_code(name):
    kernels = frozenset({CORE, "conv2d_s8", "depthwise_conv2d_s8", "fully_connected_s8", "softmax_s8"})
    quick, small = (code_bytes(targets.target(name), small)(kernels) for small in (False, True))
    assert 0.4 * quick < small < 0.95 * quick


def test_calls_have_kernels_though_there_are_more_than_are_tried():
    """Kernels that one call alone has are left out first; then its fastest one stays."""
    common = [offer(f"common{index}", 50 + index, 0) for index in range(10)]
    offers = [common, common, [offer("rare", 9, 0), offer("fast", 1, 0)]]
    rules = rules_for(offers, TENSORS, Budget("size", 0), lambda kernels: len(kernels))
    assert outcome(rules, offers)[2] == {"common0", "fast"}


@pytest.mark.parametrize(
    ("cost", "stays"),
    [((9, 0), False), ((10, 5), False), ((11, 0), True), ((10, 6), True)],
    ids=["less", "alike", "slower", "larger"],
)
def test_of_more_kernels_than_are_tried_those_go_that_others_stand_in_for(cost, stays):
    """Less code, no more instructions, and constants of about the size, for every call."""
    others = [offer(f"other{index}", 100, 1000) for index in range(FREE_MAX)]
    item = [offer("large", 10, 4), offer("small", *cost), *others]
    sizes = {"large": 2, "small": 1}
    tried = set().union(*_sets([item, item], TENSORS, lambda names: max(sizes.get(name, 9) for name in names)))
    assert ("large" in tried) == stays
    assert "small" in tried


def test_of_more_kernels_than_are_tried_the_faster_ones_are_kept():
    """Each is for one call only, so that nothing but their speed tells them apart; sets of names have no order."""
    kinds = range(FREE_MAX)
    offers = [[offer(f"slow{kind}", 10**6, 0), offer(f"fast{kind}", 10, 0)] for kind in kinds]
    tried = set().union(*_sets(offers, TENSORS, len))
    kept = [f"{speed}{kind}" for kind in kinds[: FREE_MAX // 2] for speed in ("slow", "fast")]
    rest = [f"fast{kind}" for kind in kinds[FREE_MAX // 2 :]]
    assert tried == {*kept, *rest}
