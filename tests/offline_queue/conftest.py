"""A fresh shop for every test that asks for one."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from offline_queue.queue import OfflineQueue
from tests.offline_queue.desk import Desk, open_desk
from tests.offline_queue.shop import MEMORY, Shop


@pytest.fixture
def memory() -> Iterator[Path]:
    """A directory in memory, where there is such a place: most tests need no disk to wait for."""
    with TemporaryDirectory(dir=MEMORY) as directory:
        yield Path(directory)


@pytest.fixture
def shop(memory: Path) -> Shop:
    """An enrolled terminal that has never been started."""
    directory = memory / "shop"
    directory.mkdir()
    return Shop(directory)


@pytest.fixture
def desk(shop: Shop) -> Iterator[Desk]:
    """The shop's queue without its thread, started."""
    desk = open_desk(shop)
    yield desk
    desk.close()


@pytest.fixture
def queue(shop: Shop) -> Iterator[OfflineQueue]:
    """The shop's queue with its thread, opened."""
    queue = shop.start()
    queue.open().result()
    yield queue
    queue.stop()


@pytest.fixture
def copies() -> Iterator[Callable[[Shop], Shop]]:
    """What copies a shop: into memory, for a kill spares the operating system and its caches."""
    numbers = count()
    with TemporaryDirectory(dir=MEMORY) as directory:
        yield lambda shop: shop.copied_to(Path(directory) / str(next(numbers)))
