"""A display without a window, for the feed's tests: `python -m tests.pos_app.display_program HOW`.

It answers frames as the real one does, and goes wrong as it is told to.
"""

import json
import sys
import threading
from pathlib import Path


def main(how: str) -> None:
    """Read frames, answer them, and note them in the file named by the second argument."""
    if how == "ends at once":
        sys.exit(1)
    for line in sys.stdin.buffer:
        frame = json.loads(line)
        with Path(sys.argv[2]).open("a") as seen:
            seen.write(f"{frame['view'].get('amount_won', 0)}\n")
        if how == "hangs":
            threading.Event().wait()
        if how == "garbles":
            sys.stdout.write("what?\n")
        elif how == "repeats":
            sys.stdout.write('{"drawn": 99}\n')
        elif how == "babbles":
            sys.stdout.write("x" * 100_000)
        else:
            sys.stdout.write(f'{{"drawn": {frame["number"]}}}\n')
        sys.stdout.flush()
        if how == "ends":
            return


if __name__ == "__main__":
    main(sys.argv[1])
