"""`micrort boards`: the boards and emulated machines."""

from __future__ import annotations

import json

import click


@click.command("boards")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: name -> properties.")
def command(as_json: bool) -> None:
    """List the boards: core, memories, and the QEMU machine that emulates each."""
    from micrort.devices import boards

    found = [boards.board(name) for name in boards.names()]
    if as_json:
        rows = {
            item.name: {
                "description": item.description,
                "target": item.target.name,
                "clock_hz": item.clock_hz,
                "machine": item.machine and f"qemu:{item.machine}",
                "memories": {
                    name: {"origin": memory.origin, "size": memory.size} for name, memory in item.memories.items()
                },
            }
            for item in found
        }
        click.echo(json.dumps(rows, indent=2))
        return
    width = max(len(item.name) for item in found)
    for item in found:
        where = f", qemu:{item.machine}" if item.machine else ""
        click.echo(f"{item.name:{width}}  {item.description} ({item.target.name}{where})")
        for name, memory in item.memories.items():
            click.echo(f"{'':{width}}    {name:8} {memory.size // 1024:6,} KiB at {memory.origin:#010x}")
