"""The Model Library Format package: one tar of graph JSON, params, generated C, header and figures. And its blobs."""

from micrort.mlf.archive import read, write
from micrort.mlf.blob import Blob
from micrort.mlf.package import Package

__all__ = ["Blob", "Package", "read", "write"]
