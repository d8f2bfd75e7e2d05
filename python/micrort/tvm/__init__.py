"""Archives that Apache TVM wrote, as packages of ours: their operators are run by our executor in memory that we plan.

A graph executor's archive becomes a graph of foreign operators; an ahead-of-time one a graph with one, its entry.
"""

from micrort.tvm.archive import parse
from micrort.tvm.package import convert

__all__ = ["convert", "parse"]
