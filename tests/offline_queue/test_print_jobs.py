"""One original, ever: whatever is ordered, whatever the printer does, whenever the power goes."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from offline_queue import print_jobs
from offline_queue.errors import DiskFailed, DiskFull, QueueError
from offline_queue.print_jobs import Outcome, PrintJobs, PrintSubject

SALE = PrintSubject("sale:01", 5)
LATER = PrintSubject("sale:02", 8)
LOOK = PrintSubject("x")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "slips.jobs"


def printed(jobs: PrintJobs, subject: PrintSubject) -> bool:
    """Print one slip; whether it is the original."""
    number = jobs.order(subject)
    is_original = jobs.begin(number)
    jobs.end(number, Outcome.PRINTED)
    return is_original


def test_the_first_is_the_original_and_all_others_are_copies(path: Path) -> None:
    jobs = PrintJobs(path, 0)
    assert not jobs.is_copy(SALE)
    assert [printed(jobs, SALE) for _ in range(3)] == [True, False, False]
    assert jobs.is_copy(SALE)
    assert printed(jobs, LATER)
    jobs.close()
    again = PrintJobs(path, 9)
    assert [printed(again, each) for each in (SALE, LATER)] == [False, False]
    assert again.interrupted == ()


def test_of_two_that_wait_only_one_is_the_original(path: Path) -> None:
    jobs = PrintJobs(path, 0)
    first, second = jobs.order(SALE), jobs.order(SALE)
    assert first != second
    assert jobs.begin(second)
    assert not jobs.begin(first)


def test_what_was_begun_when_the_power_went_is_told_once_and_printed_as_a_copy(path: Path) -> None:
    jobs = PrintJobs(path, 0)
    assert jobs.begin(jobs.order(SALE))
    assert printed(jobs, LATER)

    again = PrintJobs(path, 9)
    assert again.interrupted == (SALE.name,)
    assert not printed(again, SALE)
    again.close()
    assert PrintJobs(path, 9).interrupted == ()


def test_what_only_waited_is_still_to_be_printed(path: Path) -> None:
    jobs = PrintJobs(path, 0)
    jobs.order(SALE)

    again = PrintJobs(path, 9)
    assert again.interrupted == ()
    assert printed(again, SALE)


@pytest.mark.parametrize("outcome", [Outcome.CANCELLED, Outcome.FAILED])
def test_what_was_never_sent_leaves_the_original(path: Path, outcome: Outcome) -> None:
    jobs = PrintJobs(path, 0)
    number = jobs.order(SALE)
    jobs.end(number, outcome)
    assert printed(jobs, SALE)


def test_a_doubtful_one_is_followed_by_copies(path: Path) -> None:
    jobs = PrintJobs(path, 0)
    number = jobs.order(SALE)
    assert jobs.begin(number)
    jobs.end(number, Outcome.DOUBTFUL)
    assert not printed(jobs, SALE)
    jobs.close()
    assert PrintJobs(path, 9).interrupted == ()


def test_a_look_is_never_a_copy_and_leaves_no_trace(path: Path) -> None:
    jobs = PrintJobs(path, 0)
    before = path.read_bytes()
    assert [printed(jobs, LOOK) for _ in range(2)] == [True, True]
    assert not jobs.is_copy(LOOK)
    assert path.read_bytes() == before


def test_a_list_that_begins_late_leaves_only_copies_of_what_was_before(path: Path) -> None:
    jobs = PrintJobs(path, tail=5)
    assert jobs.is_copy(SALE)
    assert not printed(jobs, SALE)
    assert printed(jobs, LATER)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.replace(b"begun", b"begum", 1),
        lambda data: b"",
        lambda data: b"not a list at all\n",
        lambda data: b"\n".join(data.split(b"\n")[1:]).replace(b" 5 ", b" 6 ", 1),
    ],
    ids=["altered", "emptied", "something else", "beheaded and altered"],
)
def test_a_damaged_list_is_set_aside_and_of_all_that_was_sold_only_copies_are_left(
    path: Path, spoil: object
) -> None:
    assert callable(spoil)
    jobs = PrintJobs(path, 0)
    assert printed(jobs, SALE)
    jobs.close()
    path.write_bytes(spoil(path.read_bytes()))

    again = PrintJobs(path, tail=7)
    assert not printed(again, SALE)
    assert not printed(again, PrintSubject("sale:never", 6))
    assert printed(again, LATER)
    assert path.with_name("slips.jobs.damaged").exists()


def test_a_long_list_is_shortened_and_never_gives_a_second_original(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(print_jobs, "_LINES_MAX", 20)
    monkeypatch.setattr(print_jobs, "_KEPT_SUBJECTS", 4)
    subjects = [PrintSubject(f"sale:{place}", place) for place in range(1, 16)]
    jobs = PrintJobs(path, 0)
    assert all(printed(jobs, each) for each in subjects)
    assert not jobs.begin(jobs.order(subjects[0]))
    jobs.close()

    again = PrintJobs(path, 15)
    assert len(path.read_bytes().splitlines()) < 20
    assert again.interrupted == (subjects[0].name,)
    assert not any(printed(again, each) for each in subjects)
    assert printed(again, PrintSubject("sale:new", 16))
    number = again.order(SALE)
    again.close()
    assert PrintJobs(path, 16).order(SALE) >= number


@pytest.mark.parametrize("call", ["write", "fsync"])
@pytest.mark.parametrize(("number", "error"), [(errno.ENOSPC, DiskFull), (errno.EIO, DiskFailed)])
def test_what_cannot_be_written_down_is_not_begun(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    number: int,
    error: type[QueueError],
) -> None:
    jobs = PrintJobs(path, 0)

    def fail(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as broken:
        broken.setattr(os, call, fail)
        job = jobs.order(SALE)
        with pytest.raises(error):
            jobs.begin(job)
        jobs.end(job, Outcome.FAILED)
    # Nothing of it was printed, and the line that was not synced has been cut off again.
    jobs.close()
    again = PrintJobs(path, 9)
    assert again.interrupted == ()
    assert [printed(again, each) for each in (SALE, SALE, LATER)] == [True, False, True]


def test_a_line_that_may_be_on_the_disk_is_taken_to_be_there(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = PrintJobs(path, 0)

    def fail(*_: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken:
        for call in ("fsync", "ftruncate"):
            broken.setattr(os, call, fail)
        with pytest.raises(DiskFailed):
            jobs.begin(jobs.order(SALE))
    again = PrintJobs(path, 9)
    assert again.interrupted == (SALE.name,)
    assert not printed(again, SALE)


def test_an_end_that_cannot_be_written_is_doubtful_after_a_restart(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = PrintJobs(path, 0)
    number = jobs.order(SALE)
    assert jobs.begin(number)

    def fail(*_: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken:
        broken.setattr(os, "write", fail)
        jobs.end(number, Outcome.PRINTED)
    assert PrintJobs(path, 9).interrupted == (SALE.name,)


def test_a_place_that_cannot_be_written_to_says_so(tmp_path: Path) -> None:
    with pytest.raises(DiskFailed):
        PrintJobs(tmp_path / "nowhere" / "slips.jobs", 0)
    (tmp_path / "a file").touch()
    with pytest.raises(DiskFailed):
        PrintJobs(tmp_path / "a file" / "slips.jobs", 0)


class PowerCut(BaseException):
    """The power goes: nothing of the process is left."""


class Printing(RuleBasedStateMachine):
    """Orders, a printer that may fail anywhere, full disks, restarts and power cuts.

    `originals` counts what the printer was told to print as one, whether it came out or not.
    """

    def __init__(self) -> None:
        super().__init__()
        self._place = TemporaryDirectory()
        self.path = Path(self._place.name) / "slips.jobs"
        self.originals: Counter[str] = Counter()
        self.tail = 0
        self.sold: list[PrintSubject] = []
        self.waiting: dict[int, PrintSubject] = {}
        self.begun: dict[int, PrintSubject] = {}
        self.owed: set[str] = set()
        self.jobs = PrintJobs(self.path, self.tail)
        self.sell()

    @rule()
    def sell(self) -> None:
        self.tail += 2
        self.sold.append(PrintSubject(f"sale:{self.tail}", self.tail))

    @rule(data=st.data())
    def order(self, data: st.DataObject) -> None:
        subject = data.draw(st.sampled_from(self.sold))
        self.waiting[self.jobs.order(subject)] = subject

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.waiting)))
        self._begin(number)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), kept=st.integers(0, 60), is_synced=st.booleans())
    def cut_while_it_begins(self, data: st.DataObject, kept: int, is_synced: bool) -> None:
        """The power goes in `begin`: of what it wrote, any part may have reached the disk."""
        number = data.draw(st.sampled_from(sorted(self.waiting)))
        before = len(self.path.read_bytes())
        with pytest.MonkeyPatch.context() as power:

            def cut(descriptor: int) -> None:
                raise PowerCut

            power.setattr(os, "fsync", cut)
            with pytest.raises(PowerCut):
                self.jobs.begin(number)
        written = self.path.read_bytes()
        length = len(written) if is_synced else min(len(written), before + kept)
        self.path.write_bytes(written[:length])
        self._restart()

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), call=st.sampled_from(["write", "fsync"]))
    def no_room_to_begin(self, data: st.DataObject, call: str) -> None:
        number = data.draw(st.sampled_from(sorted(self.waiting)))
        with pytest.MonkeyPatch.context() as full:

            def fail(*_: object) -> int:
                raise OSError(errno.ENOSPC, "no room")

            full.setattr(os, call, fail)
            with pytest.raises(DiskFull):
                self.jobs.begin(number)
        self.jobs.end(number, Outcome.FAILED)
        del self.waiting[number]

    @precondition(lambda self: self.begun)
    @rule(data=st.data(), outcome=st.sampled_from([Outcome.PRINTED, Outcome.DOUBTFUL]))
    def end(self, data: st.DataObject, outcome: Outcome) -> None:
        number = data.draw(st.sampled_from(sorted(self.begun)))
        self.jobs.end(number, outcome)
        del self.begun[number]

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.waiting)))
        self.jobs.end(number, Outcome.CANCELLED)
        del self.waiting[number]

    @rule()
    def cut(self) -> None:
        """The power goes between two steps."""
        self._restart()

    @rule()
    def lose_the_list(self) -> None:
        """Somebody deletes the file while the till is off."""
        self.path.unlink()
        self.begun.clear()
        self._restart()

    def _begin(self, number: int) -> None:
        subject = self.waiting.pop(number)
        is_copy = self.jobs.is_copy(subject)
        is_original = self.jobs.begin(number)
        assert is_original is not is_copy
        self.originals[subject.name] += is_original
        self.begun[number] = subject

    def _restart(self) -> None:
        under_way = {subject.name for subject in self.begun.values()}
        waiting = {subject.name for subject in self.waiting.values()}
        self.waiting.clear()
        self.begun.clear()
        self.jobs.close()
        self.jobs = PrintJobs(self.path, self.tail)
        # Nothing that may be on paper is passed over, and nothing is invented.
        assert under_way <= set(self.jobs.interrupted) <= under_way | waiting
        again = PrintJobs(self.path, self.tail)
        assert again.interrupted == ()
        again.close()

    @invariant()
    def there_is_one_original_at_most(self) -> None:
        assert all(count <= 1 for count in self.originals.values())

    def teardown(self) -> None:
        self.jobs.close()
        self._place.cleanup()


TestPrinting = Printing.TestCase
TestPrinting.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)

# Prints until it is killed: "original N" or "copy N" is said only when `begin` has returned.
_PROGRAM = """
import sys
from pathlib import Path
from offline_queue.print_jobs import Outcome, PrintJobs, PrintSubject
jobs = PrintJobs(Path(sys.argv[1]), 0)
for at in range(1, 1_000_000):
    number = jobs.order(PrintSubject(f"sale:{at}", at))
    word = "original" if jobs.begin(number) else "copy"
    sys.stdout.write(f"{word} {at}\\n")
    sys.stdout.flush()
    jobs.end(number, Outcome.PRINTED)
"""


@pytest.mark.parametrize("lines", [1, 2, 7, 40])
def test_a_killed_process_leaves_no_second_original(path: Path, lines: int) -> None:
    originals: Counter[str] = Counter()
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            said = [process.stdout.readline() for _ in range(lines)]
            process.send_signal(signal.SIGKILL)
            said += process.stdout.readlines()
        originals.update(each for each in said if each.startswith("original") and "\n" in each)
        # Whoever starts next sees what the killed one may have printed.
    assert originals
    assert set(originals.values()) == {1}
