"""Which processes there are, by proc(5)."""

from pathlib import Path


def children_of(parent: int) -> list[int]:
    """Return the processes that a process has started and that have not ended."""
    numbers = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]
    return [pid for pid in numbers if is_alive(pid) and _stat_of(pid)[1] == str(parent)]


def runs_module(pid: int, module: str) -> bool:
    """Return whether a process is `python -m MODULE`."""
    try:
        return module.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def is_alive(pid: int) -> bool:
    """Return whether a process is there and has not ended."""
    # A zombie has ended.
    return _stat_of(pid)[0] not in ("", "Z")


def is_stopped(pid: int) -> bool:
    """Return whether a signal has stopped a process, which may go on."""
    return _stat_of(pid)[0] == "T"


def _stat_of(pid: int) -> list[str]:
    """A process's state and its parent: what follows its name in proc(5)'s stat."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return ["", ""]
