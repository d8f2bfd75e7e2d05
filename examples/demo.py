"""The demonstration of `./dev demo`: from a trained model to predictions on three emulated Cortex-M processors.

The sine regressor and the digits classifier of tests/models are compiled, linked into firmware, and run under QEMU
over inputs that training never saw. For each processor the table shows whether every byte equals the reference
interpreter, how good the predictions are beside the float model, and what they cost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from micrort.compiler import CompileOptions, compile_model
from micrort.devices import boards
from micrort.ir.executor_graph import TensorEntry
from micrort.mlf import Package
from micrort.project.emulator import Run, emulate
from micrort.reference.litert import LiteRTReference

MODELS = Path(__file__).resolve().parents[1] / "tests" / "models"
MACHINES = {"mps2-an386": "Cortex-M4", "mps2-an500": "Cortex-M7", "mps3-an547": "Cortex-M55"}
DIGITS = 40


@dataclass(frozen=True)
class Experiment:
    """A model, real inputs for it, and how to judge what it answers."""

    title: str
    model: str
    """Stem of the two files <model>_int8.tflite and <model>_float.tflite."""
    samples: np.ndarray
    """Real-valued inputs, one a row, float32."""
    judge: Callable[[np.ndarray], str]
    """Real-valued outputs, one a row -> one line of verdict."""
    show: Callable[[np.ndarray], str]
    """Real-valued outputs -> the predictions beside the truth."""


def sine() -> Experiment:
    """sin(x) at points between 0 and 2 pi."""
    x = np.linspace(0.1, 6.2, 24, dtype=np.float32).reshape(-1, 1)

    def worst(y: np.ndarray) -> str:
        return f"largest error {np.abs(y - np.sin(x)).max():.3f}"

    def show(y: np.ndarray) -> str:
        return "  ".join(f"sin({a:.1f})={b:+.2f}" for a, b in zip(x[::4, 0], y[::4, 0], strict=True))

    return Experiment("sine regressor", "sine", x, worst, show)


def digits() -> Experiment:
    """Scans of handwritten digits from the test set."""
    data = np.load(MODELS / "digits_test.npz")
    labels = data["labels"][:DIGITS]
    images = (data["images"][:DIGITS] / 16.0).astype(np.float32)[..., np.newaxis]

    def accuracy(scores: np.ndarray) -> str:
        return f"{(scores.argmax(1) == labels).sum()} of {len(labels)} right"

    def show(scores: np.ndarray) -> str:
        found = "".join(map(str, scores.argmax(1)))
        return f"labels      {''.join(map(str, labels))}\npredictions {found}"

    return Experiment("digits classifier", "digits", images, accuracy, show)


def quantised(samples: np.ndarray, tensor: TensorEntry) -> list[np.ndarray]:
    """Each sample as an int8 input of the model."""
    values = np.round(samples / tensor.scale) + tensor.zero_point
    return list(np.clip(values, -128, 127).astype(np.int8).reshape(-1, *tensor.shape))


def real(outputs: Sequence[np.ndarray], tensor: TensorEntry) -> np.ndarray:
    """Outputs as real numbers, one a row."""
    stacked = np.concatenate([output.reshape(1, -1) for output in outputs]).astype(np.float32)
    return (stacked - tensor.zero_point) * tensor.scale


def reference(model: Path, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What the reference interpreter gives for each input."""
    interpreter = LiteRTReference(model.read_bytes())
    (source,), (result,) = interpreter.inputs, interpreter.outputs
    outputs = []
    for value in inputs:
        values = {source: value}
        for _, made in interpreter.run({source: value}):
            values.update(made)
        outputs.append(values[result])
    return outputs


def run(console: Console, experiment: Experiment) -> None:
    """Compile, run on every machine, and print what came out."""
    path = MODELS / f"{experiment.model}_int8.tflite"
    console.rule(f"{experiment.title}: {path.name}, {path.stat().st_size:,} bytes")
    floats = reference(MODELS / f"{experiment.model}_float.tflite", list(experiment.samples[:, np.newaxis]))
    console.print(f"float model on this machine: {experiment.judge(np.concatenate(floats).reshape(len(floats), -1))}")
    rows: dict[str, list[str]] = {}
    for machine in MACHINES:
        package, ran, unlike, answers = on_machine(path, experiment, machine)
        if not rows:
            console.print(experiment.show(answers), highlight=False)
        figures = {
            "int8 model": experiment.judge(answers),
            "bytes unlike the reference": f"{unlike:,}",
            "instructions per inference": f"{ran.instructions:,}",
            "RAM: arena": f"{sum(arena.size for arena in package.graph.arenas):,} bytes",
            "RAM: stack": f"{ran.stack_bytes:,} bytes",
            "RAM: variables": f"{ran.static_ram_bytes:,} bytes",
            "flash: code and tables": f"{ran.code_bytes:,} bytes",
            "flash: weights": f"{ran.weights_bytes:,} bytes",
        }
        for name, figure in figures.items():
            rows.setdefault(name, []).append(figure)
    table = Table("", *MACHINES.values())
    for name, cells in rows.items():
        table.add_row(name, *cells)
    console.print(table)


def on_machine(path: Path, experiment: Experiment, machine: str) -> tuple[Package, Run, int, np.ndarray]:
    """One machine: the package for its core, the figures, how many bytes differ from the reference, real outputs."""
    package = compile_model(path, CompileOptions(target=boards.for_machine(machine).target.name))
    source = package.graph.tensors[package.graph.inputs[0]]
    result = package.graph.tensors[package.graph.outputs[0]]
    inputs = quantised(experiment.samples, source)
    ran = emulate(package, machine, [{source.name: value} for value in inputs])
    outputs = [output[result.name] for output in ran.outputs]
    expected = reference(path, inputs)
    unlike = sum(int((a.ravel() != b.ravel()).sum()) for a, b in zip(outputs, expected, strict=True))
    return package, ran, unlike, real(outputs, result)


def main() -> None:
    """Run both experiments."""
    console = Console()
    run(console, sine())
    run(console, digits())
    console.print("Link it into your firmware: examples/existing-firmware; see its README.md.")
    console.print("  arm-none-eabi-gcc main.c -Iinclude libdigits_int8.a libmicrort.a", highlight=False)


if __name__ == "__main__":
    main()
