"""Draws every example view in real windows: `python -m tests.ui.gallery DIR`, then look at them.

Without a display it starts one of its own (Xvfb).
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click

from pos_app.screens.palette import ThemeName
from pos_app.till.words import Language
from tests.stacks.display import virtual_display
from tests.ui.display_examples import DISPLAYS
from tests.ui.examples import EXAMPLES
from tests.ui.painter import Job

SIZES: Final = ("800x480", "1280x720", "720x1280")
SCREEN: Final = (1600, 1400)
"""Larger than any window of the gallery."""

PROCESS_TIMEOUT_S: Final = 300.0
"""Some forty frames in software OpenGL, on a machine that does other things as well."""


def paint(job: Job, environment: Mapping[str, str]) -> None:
    """Take a job's pictures in a process of its own; raises if it fails."""
    job.directory.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.ui.painter"]
    subprocess.run(
        command,
        input=job.to_json(),
        env=dict(environment),
        text=True,
        check=True,
        timeout=PROCESS_TIMEOUT_S,
    )


def jobs(directory: Path, sizes: tuple[str, ...], themes: tuple[str, ...]) -> Iterator[Job]:
    """The till and the display in each size and theme, and one with the demo's customer."""
    for theme in themes:
        for size in sizes:
            wide, high = (int(side) for side in size.split("x"))
            yield Job(directory, (wide, high), ThemeName(theme))
            yield Job(
                directory, (wide, high), ThemeName(theme), names=tuple(DISPLAYS), is_display=True
            )
    yield Job(directory, (1040, 480), names=("sell-sum", "pay", "result-kept"), has_customer=True)


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--size", "sizes", multiple=True, default=SIZES, help="WIDTHxHEIGHT in pixels")
@click.option("--theme", "themes", multiple=True, default=[each.value for each in ThemeName])
@click.option("--language", "languages", multiple=True, default=[each.value for each in Language])
@click.option("--only", "names", multiple=True, type=click.Choice((*EXAMPLES, *DISPLAYS)))
def gallery(
    directory: Path,
    sizes: tuple[str, ...],
    themes: tuple[str, ...],
    languages: tuple[str, ...],
    names: tuple[str, ...],
) -> None:
    """Write a PNG of every example view to DIRECTORY."""
    spoken = tuple(Language(code) for code in languages)
    with TemporaryDirectory() as place, virtual_display(Path(place), *SCREEN) as display:
        for job in jobs(directory, sizes, themes):
            wanted = tuple(name for name in job.names if not names or name in names)
            if wanted:
                paint(replace(job, names=wanted, languages=spoken), display.environment)
                click.echo(f"{job.size[0]}x{job.size[1]} {job.theme.value}: {len(wanted)} views")


if __name__ == "__main__":
    gallery()
