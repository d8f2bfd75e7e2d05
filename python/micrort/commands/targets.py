"""`micrort targets`: the processors that can be compiled for."""

from __future__ import annotations

import json

import click


@click.command("targets")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: name -> properties.")
def command(as_json: bool) -> None:
    """List the processors that can be compiled for, and the emulated machines that run their code."""
    from micrort.devices import boards
    from micrort.devices.targets import TARGETS

    machines: dict[str, list[str]] = {name: [] for name in TARGETS}
    for item in map(boards.board, boards.names()):
        if item.machine is not None:
            for name in (item.target.name, *item.also_runs):
                machines[name].append(f"qemu:{item.machine}")
    if as_json:
        rows = {
            name: {"description": target.description, "flags": list(target.flags), "machines": machines[name]}
            for name, target in TARGETS.items()
        }
        click.echo(json.dumps(rows, indent=2))
        return
    width = max(map(len, TARGETS))
    for name, target in TARGETS.items():
        click.echo(f"{name:{width}}  {target.description}")
        for machine in machines[name]:
            click.echo(f"{'':{width}}    runs on {machine}")
