"""In-place pairs: plans judged by brute force, what they save, what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.planner.problems import assert_proper, best_height, best_sizes, chain, lifetimes, pairs_of
from tests.planner.test_plan import pooled

from micrort.commands import plan as plan_command
from micrort.errors import UsageError
from micrort.planner import STRATEGIES, Lifetime, Pair, PlanError, Pool, plan, read_pairs

ONE = [Pool("ram")]


@st.composite
def paired(draw: st.DrawFn, most: int) -> tuple[list[Lifetime], list[Pair]]:
    """A problem of one pool with pairs."""
    items = chain(draw(lifetimes(most=most, largest=12, alignments=(1, 1, 1, 4))))
    return items, draw(pairs_of(items))


@st.composite
def paired_pools(draw: st.DrawFn, most: int) -> tuple[list[Lifetime], list[Pool], list[Pair]]:
    """A problem of several pools, with pinned buffers and pairs."""
    items, pools = draw(pooled(most=most))
    items = chain(items)
    return items, pools, draw(pairs_of(items))


@given(problem=paired(most=8))
@settings(max_examples=200, deadline=None)
def test_exact_finds_the_optimum(problem: tuple[list[Lifetime], list[Pair]]) -> None:
    items, pairs = problem
    made = plan(items, ONE, "exact", pairs=pairs)
    assert made.status == "optimal"
    assert_proper(items, ONE, made, pairs)
    best = best_height(items, pairs)
    assert made.sizes[0] == best
    assert plan(items, ONE, "greedy", pairs=pairs).lower_bounds[0] <= best
    assert best <= plan(items, ONE, "exact").sizes[0], "a pair is a leave, not a duty"
    if best > 0:
        with pytest.raises(PlanError, match="proved"):
            plan(items, [Pool("ram", best - 1)], "exact", minimise=False, pairs=pairs)


@given(problem=paired_pools(most=8))
@settings(max_examples=250, deadline=None)
def test_exact_finds_the_optimum_of_several_pools(problem: tuple[list[Lifetime], list[Pool], list[Pair]]) -> None:
    items, pools, pairs = problem
    try:
        made = plan(items, pools, "exact", pairs=pairs)
    except UsageError:
        return
    except PlanError as error:
        assert error.plan.status == "infeasible"
        assert best_sizes(items, pools, pairs) is None
        return
    assert made.status == "optimal"
    assert made.sizes[::-1] == best_sizes(items, pools, pairs)


@pytest.mark.parametrize("strategy", STRATEGIES)
@given(problem=paired_pools(most=20))
@settings(max_examples=100, deadline=None)
def test_plans_are_proper(strategy: str, problem: tuple[list[Lifetime], list[Pool], list[Pair]]) -> None:
    items, pools, pairs = problem
    try:
        made = plan(items, pools, strategy, budget=5000, pairs=pairs)
    except UsageError:
        return
    except PlanError as error:
        assert strategy != "exact" or error.plan.status in ("infeasible", "budget")
        return
    assert_proper(items, pools, made, pairs)
    assert all(bound <= size for bound, size in zip(made.lower_bounds, made.sizes, strict=True)) or len(pools) > 1


LAYERS = [Lifetime(f"t{i}", i, i + 2, 1000 - 100 * i) for i in range(6)]
LAYER_PAIRS = [Pair(f"t{i}", f"t{i + 1}") for i in range(5)]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_chain_lies_in_its_largest_buffer(strategy: str) -> None:
    made = plan(LAYERS, ONE, strategy, pairs=LAYER_PAIRS)
    assert (made.sizes, made.lower_bounds, made.status) == ((1000,), (1000,), "optimal")
    assert made.in_place == tuple(LAYER_PAIRS)
    assert plan(LAYERS, ONE, strategy).sizes == (1900,)


@pytest.mark.parametrize("strategy", ["hill_climb", "exact", "auto"])
@pytest.mark.parametrize(("delta", "size"), [(0, 100), (1, 101), (40, 140), (99, 199), (100, 200), (5000, 200)])
def test_the_distance_is_kept(strategy: str, delta: int, size: int) -> None:
    items = [Lifetime("in", 0, 2, 100), Lifetime("out", 1, 3, 100)]
    made = plan(items, ONE, strategy, pairs=[Pair("in", "out", delta)])
    assert (made.sizes, made.status) == ((size,), "optimal")
    assert bool(made.in_place) == (delta < 100)
    if delta < 100:
        assert made.slots["in"][1] - made.slots["out"][1] == delta


def test_an_output_may_lie_over_two_inputs() -> None:
    items = [Lifetime("a", 0, 2, 50), Lifetime("b", 0, 2, 50), Lifetime("sum", 1, 3, 100)]
    pairs = [Pair("a", "sum"), Pair("b", "sum")]
    assert plan(items, ONE, "exact", pairs=pairs).sizes == (100,)
    assert plan(items, ONE, "exact", pairs=pairs[:1]).sizes == (150,)


def test_two_outputs_may_lie_over_one_input_but_not_over_one_another() -> None:
    items = [Lifetime("in", 0, 2, 100), Lifetime("a", 1, 3, 80), Lifetime("b", 1, 3, 30)]
    made = plan(items, ONE, "exact", pairs=[Pair("in", "a"), Pair("in", "b")])
    # One of the two begins no higher than the input; the other lies behind that one, and so above the input's start.
    assert (made.sizes, made.status) == ((130,), "optimal")
    assert_proper(items, ONE, made, [Pair("in", "a"), Pair("in", "b")])


def test_what_both_share_is_not_free_for_others() -> None:
    """At step 1 the third buffer has to lie apart from both."""
    items = [Lifetime("in", 0, 2, 100), Lifetime("out", 1, 3, 100), Lifetime("other", 0, 3, 10)]
    made = plan(items, ONE, "exact", pairs=[Pair("in", "out")])
    assert (made.sizes, made.status) == ((110,), "optimal")


def test_a_pair_across_pools_shares_nothing() -> None:
    items = [Lifetime("in", 0, 2, 100, pools=(0,)), Lifetime("out", 1, 3, 100, pools=(1,))]
    made = plan(items, [Pool("a"), Pool("b")], "exact", pairs=[Pair("in", "out")])
    assert (made.sizes, made.lower_bounds, made.in_place) == ((100, 100), (100, 100), ())


def test_pinned_buffers_may_be_a_pair() -> None:
    items = [Lifetime("in", 0, 2, 100, fixed=16), Lifetime("out", 1, 3, 100, fixed=0)]
    assert plan(items, ONE, pairs=[Pair("in", "out", 16)]).sizes == (116,)
    with pytest.raises(PlanError, match="proved"):
        plan(items, ONE, pairs=[Pair("in", "out", 17)])
    with pytest.raises(PlanError, match="proved"):
        plan([replace(items[0], fixed=0), replace(items[1], fixed=16)], ONE, pairs=[Pair("in", "out")])


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (Pair("t0", "nosuch"), "in-place pair t0, nosuch: there is no buffer 'nosuch'"),
        (Pair("nosuch", "t0"), "there is no buffer 'nosuch'"),
        (Pair("t0", "t2"), "input does not end at the step at which its output begins.*'t0'.*'t2'"),
        (Pair("t1", "t0"), "input does not end at the step"),
        (Pair("t0", "t0"), "input does not end at the step"),
        (Pair("t0", "t1", -1), "in-place pair t0, t1: delta -1; supported: 0 to 4294967295"),
        (Pair("t1", "t2"), "in-place pair t1, t2: the pair is given twice"),
    ],
)
def test_refused_pairs(pair: Pair, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plan(LAYERS, ONE, pairs=[Pair("t1", "t2"), pair])


def test_buffers_of_one_and_the_same_step_are_a_pair_in_the_order_of_the_list() -> None:
    items = [Lifetime("a", 0, 1, 8), Lifetime("b", 0, 1, 8)]
    assert plan(items, ONE, "exact", pairs=[Pair("a", "b")]).sizes == (8,)
    with pytest.raises(UsageError, match="input does not end"):
        plan(items, ONE, pairs=[Pair("b", "a")])


def test_the_file_of_pairs(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("output,input,delta\nb,a,\nc,b,16\n")
    assert read_pairs(path) == [Pair("a", "b"), Pair("b", "c", 16)]
    path.write_text("input,output\na,b\n")
    assert read_pairs(path) == [Pair("a", "b")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("input\na\n", ":1: the header lacks output; expected: input,output[,delta]"),
        ("input,output,size\n", ":1: unknown or repeated column"),
        ("input,output,delta\na,b,-1\n", ":2: delta '-1'"),
        ("input,output\na\n", ":2: 1 cells; the header has 2"),
    ],
)
def test_malformed_files_of_pairs(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text(content)
    with pytest.raises(UsageError) as refused:
        read_pairs(path)
    assert message in str(refused.value)


def test_the_command(tmp_path: Path) -> None:
    problem, pairs = tmp_path / "problem.csv", tmp_path / "pairs.csv"
    problem.write_text("id,lower,upper,size\n" + "".join(f"{i.id},{i.start},{i.end},{i.size}\n" for i in LAYERS))
    pairs.write_text("input,output\n" + "".join(f"{pair.input},{pair.output}\n" for pair in LAYER_PAIRS))
    arguments = [str(problem), "--in-place", str(pairs)]
    said = CliRunner().invoke(plan_command.command, arguments).output
    assert said.startswith("6 buffers in 1,000 bytes: optimal\n")
    assert "5 of 5 pairs share bytes" in said
    report = json.loads(CliRunner().invoke(plan_command.command, [*arguments, "--json"]).output)
    assert report["in_place"][0] == {"input": "t0", "output": "t1"}
    assert report["size"] == 1000
