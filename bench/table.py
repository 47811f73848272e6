"""How a benchmark's figures are printed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One shape: seconds it took, seconds of the floor, seconds of `make` if it can do that."""

    title: str
    stages: int
    took_s: float
    floor_s: float
    make_s: float | None


def show(rows: list[Row]) -> None:
    """A Markdown table, for the terminal and the README."""
    print("| shape | stages | took | per stage | stages/s | floor | of the floor | make -j2 |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        made = "" if row.make_s is None else f"{row.make_s * 1e3:.0f} ms"
        print(
            f"| {row.title} | {row.stages} | {row.took_s * 1e3:.0f} ms"
            f" | {row.took_s / row.stages * 1e3:.2f} ms | {row.stages / row.took_s:.0f}"
            f" | {row.floor_s * 1e3:.0f} ms | {row.took_s / row.floor_s:.2f}x | {made} |"
        )
