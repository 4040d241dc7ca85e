"""A fresh shop for every test that asks for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from offline_queue.queue import OfflineQueue
from tests.offline_queue.desk import Desk, open_desk
from tests.offline_queue.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """An enrolled terminal that has never been started."""
    return Shop(tmp_path)


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
