"""What every project gets of a model: libraries, headers, the linker's fragment, figures."""

from __future__ import annotations

from pathlib import Path

from micrort import sources
from micrort.project import arenas, build
from micrort.project.platforms.base import Files, Order


def library(order: Order) -> Files:
    """`lib/` with libmicrort.a and lib<model>.a, `include/` with all headers, `micrort.ld`, `target.json`.

    Raises:
        ToolError: the compiler is missing, or refuses the sources.
    """
    made = build.model(order.package, order.target)
    headers = {f"include/{path.name}": path for path in made.headers}
    files = {
        "lib/libmicrort.a": build.library(order.target),
        f"lib/lib{order.package.name}.a": made.library,
        **headers,
        **_tree(sources.root() / "include", "include"),
        "micrort.ld": sources.root() / "ports/micrort.ld",
    }
    if made.figures is not None:
        files["target.json"] = made.figures
    contents = {name: path.read_bytes() for name, path in files.items()}
    pools = [item["name"] for item in order.package.figures["arenas"]]
    if len(pools) > 1:
        contents["micrort.ld"] = arenas.fragment(pools).encode()
    return contents


def _tree(folder: Path, below: str) -> dict[str, Path]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {f"{below}/{path.relative_to(folder).as_posix()}": path for path in found}


def calls(order: Order) -> dict[str, str]:
    """How an application calls the model: by the executor, or directly. Each text is followed by further arguments."""
    model = order.package.name
    if order.package.executor == "aot":
        return {"input": f"mrt_{model}_input(", "output": f"mrt_{model}_output(", "run": f"mrt_{model}_run()"}
    return {
        "input": "mrt_executor_input(&executor, ",
        "output": "mrt_executor_output(&executor, ",
        "run": "mrt_executor_run(&executor)",
    }
