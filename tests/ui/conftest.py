"""The pictures that the window tests look at, taken once."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from pos_app.screens.palette import ThemeName
from tests.stacks.display import VirtualDisplay, virtual_display
from tests.ui.display_examples import DISPLAYS
from tests.ui.examples import EXAMPLES
from tests.ui.gallery import SCREEN, paint
from tests.ui.office_examples import DESKS
from tests.ui.painter import Job
from tests.ui.pictures import Shown, shown_by

# Away from the keypad the large dark window has the places of the small light one: the four that
# use the most colours are enough.
COLOURFUL = ("history", "refunded", "day", "readiness")
IN_THE_DARK = tuple(name for name in EXAMPLES if name not in DESKS or name in COLOURFUL)
ALL_JOBS = (
    Job(Path(), (800, 480)),
    Job(Path(), (1280, 720), ThemeName.DARK, names=IN_THE_DARK),
    Job(Path(), (720, 1280)),
    Job(Path(), (1040, 480), names=("sell-sum", "pay", "queue"), has_customer=True),
)

DISPLAY_JOBS = (
    Job(Path(), (800, 480), names=tuple(DISPLAYS), is_display=True),
    Job(Path(), (1280, 720), ThemeName.DARK, names=tuple(DISPLAYS), is_display=True),
    Job(Path(), (720, 1280), names=tuple(DISPLAYS), is_display=True),
)


@pytest.fixture(scope="session")
def large_display(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualDisplay]:
    """A display with room for every size of window."""
    with virtual_display(tmp_path_factory.mktemp("large-display"), *SCREEN) as display:
        yield display


@pytest.fixture(scope="session")
def pictures(
    large_display: VirtualDisplay, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Shown, ...]:
    """Every example view in every size, with what its widgets said of themselves."""
    return painted(ALL_JOBS, large_display, tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="session")
def display_pictures(
    large_display: VirtualDisplay, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Shown, ...]:
    """Every view of the customer's display in every size."""
    return painted(DISPLAY_JOBS, large_display, tmp_path_factory.mktemp("display-pictures"))


def painted(jobs: Iterable[Job], display: VirtualDisplay, directory: Path) -> tuple[Shown, ...]:
    """The pictures of some jobs, each taken by a process of its own."""
    shown: list[Shown] = []
    for job in jobs:
        here = job.moved_to(directory)
        paint(here, display.environment)
        shown.extend(shown_by(here))
    return tuple(shown)
