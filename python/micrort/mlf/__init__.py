"""The Model Library Format package: one tar of graph JSON, params, generated C, header and figures."""

from micrort.mlf.archive import read, write
from micrort.mlf.package import Package

__all__ = ["Package", "read", "write"]
