"""Settings and fixtures for all tests: hypothesis that repeats itself, and the real stacks."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from drivers.keystore.token_uri import TokenUri
from tests.stacks.display import VirtualDisplay, virtual_display
from tests.stacks.pcsc import PcscDaemon, pcsc_daemon, point_pcsclite_at
from tests.stacks.softhsm import new_token, point_softhsm_at

# The house's examples are the same on every machine; `--hypothesis-profile=explore` looks for more.
settings.register_profile("house", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=2_000)
settings.load_profile("house")


# First: the workers read the groups in a hook of their own.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests in one process, so that what a module sets up is set up once."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.as_posix()))


@pytest.fixture(scope="session", autouse=True)
def pcsc_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this run's pcscd lives; no test can reach the machine's own readers by accident."""
    directory = tmp_path_factory.mktemp("pcsc")
    point_pcsclite_at(directory)
    return directory


@pytest.fixture(scope="session")
def session_pcscd(pcsc_directory: Path) -> Iterator[PcscDaemon]:
    """The one pcscd of this run; tests ask for `virtual_pcscd`."""
    with pcsc_daemon(pcsc_directory) as daemon:
        yield daemon


@pytest.fixture
def virtual_pcscd(session_pcscd: PcscDaemon) -> PcscDaemon:
    """A running pcscd with two empty virtual readers, whatever the test before did to it."""
    session_pcscd.thaw()
    session_pcscd.start()
    session_pcscd.wait_until_empty()
    return session_pcscd


@pytest.fixture(scope="session", name="virtual_display")
def session_display(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualDisplay]:
    """An 800 x 480 display with software OpenGL; a test closes the windows that it opens."""
    with virtual_display(tmp_path_factory.mktemp("display")) as display:
        yield display


@pytest.fixture(scope="session")
def make_token(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], TokenUri]:
    """Makes PKCS#11 tokens by their labels; their PIN is `softhsm.PIN`."""
    point_softhsm_at(tmp_path_factory.mktemp("softhsm"))
    return new_token
