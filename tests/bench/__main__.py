"""Take figures, print them as a table, and write them as JSON.

python -m tests.bench [GROUP…] [--json FILE]
"""

import json
import pkgutil
import signal
import sys
from importlib import import_module
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

import tests.bench
from tests.bench.figures import Figure, Measured


def figures_by_group() -> dict[str, list[Figure]]:
    """The figures of every module in this folder that has any, by the module's name."""
    names = [module.name for module in pkgutil.iter_modules(tests.bench.__path__)]
    groups = {name: figures_in(name) for name in names if not name.startswith(("__", "test_"))}
    return {name: figures for name, figures in groups.items() if figures}


def figures_in(group: str) -> list[Figure]:
    """The figures that this module defines, in its own order."""
    module = import_module(f"tests.bench.{group}")
    return [thing for thing in vars(module).values() if isinstance(thing, Figure)]


def as_json(taken: list[tuple[Figure, Measured]]) -> str:
    """All figures as one JSON object under `figures`."""
    figures = {
        figure.name: {
            "value": round(measured.value, 3),
            "unit": figure.unit,
            "beside": measured.beside,
            "aim": str(figure.aim),
            "spread": [round(bound, 3) for bound in measured.spread],
        }
        for figure, measured in taken
    }
    return json.dumps({"figures": figures}, indent=2)


def as_table(taken: list[tuple[Figure, Measured]]) -> Table:
    """All figures for a person: what was measured, beside what, and whether the aim is met."""
    table = Table(title="Figures: medians of one run, lowest and highest beside them")
    table.add_column("figure", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("spread", justify="right")
    table.add_column("aim")
    table.add_column("beside", overflow="fold")
    for figure, measured in taken:
        lowest, highest = measured.spread
        table.add_row(
            figure.name,
            f"{measured.value:.2f} {figure.unit}",
            f"{lowest:.2f} to {highest:.2f}",
            f"{figure.aim} {'met' if figure.aim.is_met_by(measured.value) else 'MISSED'}",
            measured.beside,
        )
    return table


@click.command()
@click.argument("groups", metavar="[GROUP]...", nargs=-1)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write them here too.")
def main(groups: tuple[str, ...], json_file: Path | None) -> None:
    """Take the figures of these groups, or of all."""
    # Whoever ends a bench ends its servers with it: their `with` blocks are left as by an exit.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    known = figures_by_group()
    if unknown := set(groups) - known.keys():
        raise click.UsageError(f"no group {', '.join(unknown)}; there are {', '.join(known)}")
    if json_file:
        json_file.parent.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True)
    taken = []
    for figure in [figure for group in groups or known for figure in known[group]]:
        with console.status(f"taking {figure.name}"):
            taken.append((figure, figure.measure()))
    Console().print(as_table(taken))
    if json_file:
        json_file.write_text(as_json(taken) + "\n")


if __name__ == "__main__":
    main()
