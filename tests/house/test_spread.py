"""Files of tests are shared out to processes whole: what a module sets up is set up once."""

import pytest


def test_a_files_tests_stay_in_one_process(request: pytest.FixtureRequest) -> None:
    if not hasattr(request.config, "workerinput"):
        pytest.skip("all tests of this run are in one process")
    group = request.node.get_closest_marker("xdist_group").args[0]
    assert request.node.nodeid.endswith(f"@{group}"), "pytest-xdist marks no groups"
