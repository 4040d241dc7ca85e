"""deploy/reader-lights.sh on a copy of libccid's configuration: one bit, there and back."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.house.sources import ROOT

# As in Debian's file: the key, its value in the line below, and the same word in a comment.
PLIST = """<plist version="1.0">
<dict>
\t<key>ifdVendorID</key>
\t<string>0x072F</string>

\t<key>ifdDriverOptions</key>
\t<string>{options}</string>

\t<!-- Possible values for ifdDriverOptions
\t0x01: DRIVER_OPTION_CCID_EXCHANGE_AUTHORIZED
\t-->
</dict>
</plist>
"""


@pytest.fixture
def plist(tmp_path: Path) -> Path:
    path = tmp_path / "Info.plist"
    path.write_text(PLIST.format(options="0x0000"))
    path.chmod(0o640)
    return path


def lights(plist: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = ["/bin/bash", str(ROOT / "deploy/reader-lights.sh"), *words]
    environment = {"LIBCCID": str(plist), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("found", "allowed", "forbidden"),
    [
        ("0x0000", "0x0001", "0x0000"),
        ("0x0001", "0x0001", "0x0000"),
        # What somebody has set beside it stays.
        ("0x0012", "0x0013", "0x0012"),
        ("0x30", "0x0031", "0x0030"),
    ],
)
def test_one_bit_is_set_and_taken_back(
    plist: Path, found: str, allowed: str, forbidden: str
) -> None:
    plist.write_text(PLIST.format(options=found))
    for word, options in (("allow", allowed), ("forbid", forbidden)):
        for _ in range(2):
            done = lights(plist, word)
            assert (done.returncode, done.stderr) == (0, "")
            assert plist.read_text() == PLIST.format(options=options)
    assert plist.stat().st_mode & 0o777 == 0o640
    assert list(plist.parent.iterdir()) == [plist]


def test_whoever_allows_is_told_how_to_take_it_back(plist: Path) -> None:
    assert "deploy/reader-lights.sh forbid" in lights(plist, "allow").stdout


@pytest.mark.parametrize("words", [(), ("perhaps",)])
def test_what_is_not_asked_for_changes_nothing(plist: Path, words: tuple[str, ...]) -> None:
    before = plist.read_text()
    done = lights(plist, *words)
    assert (done.returncode, done.stderr) == (1, "Say allow or forbid.\n")
    assert plist.read_text() == before


def test_a_file_that_is_not_as_known_is_left_as_it_is(plist: Path) -> None:
    for text in ("<dict></dict>\n", PLIST.format(options="yes")):
        plist.write_text(text)
        done = lights(plist, "allow")
        assert done.returncode == 1
        assert "nothing was changed" in done.stderr
        assert plist.read_text() == text


def test_without_the_driver_it_says_so(tmp_path: Path) -> None:
    done = lights(tmp_path / "Info.plist", "allow")
    assert done.returncode == 1
    assert "libccid is not installed" in done.stderr
    assert list(tmp_path.iterdir()) == []
