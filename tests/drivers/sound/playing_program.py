"""A player without a sound card, for the tests: `playing_program.py HOW FILE`.

It writes the length of what it was given to FILE, and goes wrong as it is told to.
"""

import sys
import threading
from pathlib import Path


def main(how: str, told: Path) -> None:
    """Play, in a manner of speaking."""
    given = sys.stdin.buffer.read()
    with told.open("a") as file:
        file.write(f"{len(given)}\n")
    if how == "hangs":
        threading.Event().wait()
    if how == "no card":
        sys.exit("aplay: main:831: audio open error: No such file or directory")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
