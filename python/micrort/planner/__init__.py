"""Lifetimes → offsets in every memory pool, by the C planner (include/micrort/plan.h). Sees integers only."""

from micrort.planner.csv_file import read_lifetimes, read_pairs, write_plan
from micrort.planner.problem import STRATEGIES, Lifetime, Pair, Plan, PlanError, Pool
from micrort.planner.solve import plan

__all__ = [
    "STRATEGIES",
    "Lifetime",
    "Pair",
    "Plan",
    "PlanError",
    "Pool",
    "plan",
    "read_lifetimes",
    "read_pairs",
    "write_plan",
]
