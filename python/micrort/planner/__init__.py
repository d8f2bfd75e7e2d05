"""Lifetimes → offsets in every memory pool, by the C planner (include/micrort/plan.h). Sees integers only."""

from micrort.planner.csv_file import read_lifetimes, read_pairs, write_plan
from micrort.planner.in_time import plan_in_time
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
    "plan_in_time",
    "read_lifetimes",
    "read_pairs",
    "write_plan",
]
