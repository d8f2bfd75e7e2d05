"""At most 512 bytes of stack in an inference: the bound of every kernel that a core is offered, in both libraries."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from tests.bench.measure import CORES
from tests.project.test_stack import MODELS

from micrort import variants
from micrort.compiler import CompileOptions, compile_model
from micrort.devices.targets import CROSS, TARGETS, Target
from micrort.ir import KernelCall, Tensor
from micrort.project import build
from micrort.project.stack import Analysis
from micrort.project.target_figures import kernel_names

LIMIT = 512
"""Of mrt_executor_run and all below it, on every core."""
EXCEPTIONS: Mapping[tuple[str, bool], Mapping[str, int]] = {
    ("cortex-m0plus", False): {"depthwise_conv2d_s16": 520},
    ("cortex-m55", False): {"conv2d_f32": 516},
}
"""By core and size of the library. On Cortex-M0+ four sums of 64 bits at once are more than eight registers hold; on
Cortex-M55 float sums save registers of the FPU, and less state would take instructions on cores that have none."""


def offered(target: Target, small: bool) -> list[str]:
    """The kernels that the compiler may choose for a core: of all instruction sets that it has.

    The library for small code serves --optimize size alone, at which kernels with large weights are not offered.
    """
    sets = {"_dsp": target.dsp, "_mve": target.mve, "_scalar": not target.dsp}
    names = [name for name in kernel_names() if all(has or tag not in name for tag, has in sets.items())]
    return [name for name in names if not (small and name.endswith(("_wide", "_tall", "winograd_s8_dsp")))]


def bounds(core: str, small: bool, folder: Path) -> Mapping[str, int]:
    """Of an inference by each kernel that a core is offered."""
    target = TARGETS[core]
    library = build.library(target, small)
    kernels = offered(target, small)
    analysis = Analysis(link(library, target, kernels, folder), [library.with_suffix(".frames")], kernels)
    of_kernels = {name: analysis.bound(f"mrt_{name}_run").bytes for name in kernels}
    above = analysis.bound("mrt_executor_run").bytes - max(of_kernels.values())
    return {name: above + size for name, size in of_kernels.items()}


def link(library: Path, target: Target, kernels: Sequence[str], folder: Path) -> Path:
    """An image of the executor and kernels."""
    image = folder / "image.elf"
    roots = [f"-Wl,--undefined=mrt_{name}_run" for name in kernels]
    options = ["-nostartfiles", "-Wl,--gc-sections", "-Wl,--entry=mrt_executor_run", *roots]
    subprocess.run(
        [f"{CROSS}gcc", *target.flags, *options, str(library), "-lm", "-o", str(image)], check=True, capture_output=True
    )
    return image


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("core", CORES)
def test_no_kernel_takes_an_inference_over_the_limit(core: str, small: bool, tmp_path: Path) -> None:
    over = {name: size for name, size in bounds(core, small, tmp_path).items() if size > LIMIT}
    assert over == EXCEPTIONS.get((core, small), {})


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("core", CORES)
def test_what_a_model_is_offered_is_among_them(core: str, small: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    names = set[str]()
    known = variants.candidates

    def recorded(
        call: KernelCall, tensors: Mapping[str, Tensor], target: Target, optimize: str
    ) -> Iterator[variants.Variant | variants.Refusal]:
        for offer in known(call, tensors, target, optimize):
            if isinstance(offer, variants.Variant):
                names.add(offer.call.kernel)
            yield offer

    monkeypatch.setattr(variants, "candidates", recorded)
    compile_model(MODELS / "digits_int8.tflite", CompileOptions(core, optimize="size" if small else "speed"))
    assert names <= set(offered(TARGETS[core], small))
    assert len(names) > 8, "portable kernels, and others"
