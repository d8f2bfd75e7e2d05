"""The intermediate representation: tensors, nodes and graphs, immutable.

`graph` is what frontends make and high-level passes rewrite; `program` is what lowering makes: kernel calls,
steps and storage, which the code generator writes out.
"""

from micrort.ir.dtype import DType
from micrort.ir.graph import Graph, Node, Operands
from micrort.ir.program import InPlace, KernelCall, Program, Slot, Step
from micrort.ir.pruning import Pruning, RemovedChannels
from micrort.ir.tensor import Quantisation, Tensor

__all__ = [
    "DType",
    "Graph",
    "InPlace",
    "KernelCall",
    "Node",
    "Operands",
    "Program",
    "Pruning",
    "Quantisation",
    "RemovedChannels",
    "Slot",
    "Step",
    "Tensor",
]
