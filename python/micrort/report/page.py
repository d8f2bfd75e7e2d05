"""The report as one HTML page without anything from elsewhere."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from micrort.ir.executor_graph import ExecutorGraph
from micrort.report.memory_map import Area

WIDTH, HEIGHT = 1100, 420
STYLE = (
    "body{font:14px system-ui,sans-serif;margin:2em auto;max-width:1140px;color:#222}"
    "table{border-collapse:collapse}td,th{padding:2px 12px;text-align:right;border-bottom:1px solid #ddd}"
    "td:first-child,th:first-child{text-align:left}svg{background:#f6f6f6}"
)


def render(graph: ExecutorGraph, found: Sequence[Area], figures: dict[str, Any]) -> str:
    """The page.

    Args:
        graph: the compiled graph.
        found: memory_map.areas of it.
        figures: what `micrort report --json` prints.
    """
    parts = [f"<h1>{escape(graph.name)}</h1>", _summary(figures)]
    for pool, arena in enumerate(graph.arenas):
        own = [area for area in found if area.pool == pool]
        parts.append(f"<h2>Arena {escape(arena.name)}: {arena.size:,} bytes over {len(graph.steps):,} steps</h2>")
        parts.append(_map(own, arena.size, len(graph.steps)))
    parts.append("<h2>Operators</h2>" + _operators(figures["operators"]))
    body = "\n".join(parts)
    head = f'<meta charset="utf-8">\n<title>{escape(graph.name)}</title>\n<style>{STYLE}</style>'
    return f"<!doctype html>\n{head}\n{body}\n"


def _summary(figures: dict[str, Any]) -> str:
    saved = figures["whole_tensor_bytes"] - figures["arena_bytes"]
    rows = [
        ("arena, all pools", figures["arena_bytes"]),
        ("the same with whole tensors, at least", figures["whole_tensor_bytes"]),
        ("saved by rows", max(saved, 0)),
        ("tables in flash: schedule", figures["table_bytes"]["schedule"]),
        ("tables in flash: places of rows", figures["table_bytes"]["rows"]),
        ("weights in flash", figures["weights_bytes"]),
    ]
    return _table(("bytes", ""), ((name, f"{value:,}") for name, value in rows))


def _map(found: Sequence[Area], size: int, steps: int) -> str:
    """Time to the right, offsets upwards: a rectangle for rows that lie and live together."""
    across, up = WIDTH / max(steps, 1), HEIGHT / max(size, 1)
    shapes = []
    for area in found:
        x, width = area.start * across, (area.end - area.start) * across
        y, height = HEIGHT - (area.offset + area.bytes) * up, area.bytes * up
        hue = zlib.crc32(area.tensor.encode()) % 360
        title = f"{area.tensor}: {area.bytes:,} bytes at {area.offset:,}, steps {area.start} to {area.end - 1}"
        shapes.append(
            f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" fill="hsl({hue},60%,65%)" '
            f'stroke="#fff" stroke-width="0.3"><title>{escape(title)}</title></rect>'
        )
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">{"".join(shapes)}</svg>'


def _operators(operators: Iterable[dict[str, Any]]) -> str:
    rows = (
        (item["name"], item["kernel"], f"{item['macs']:,}", f"{item['steps']:,}", f"{item['workspace_bytes']:,}")
        for item in operators
    )
    return _table(("operator", "kernel", "MACs", "steps", "workspace"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["<tr>" + "".join(f"<th>{escape(cell)}</th>" for cell in head) + "</tr>"]
    lines.extend("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>{''.join(lines)}</table>"
