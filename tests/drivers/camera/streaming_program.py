"""A v4l2-ctl of the tests' own: prints a format, then streams the frames that are in a file.

Arguments before v4l2-ctl's: the format's name and size, the file, and what goes wrong, if anything.
"""

import signal
import sys
from pathlib import Path
from typing import Final

FORMAT: Final = """Format Video Capture:
	Width/Height      : {width}/{height}
	Pixel Format      : '{name}' (as v4l2-ctl 1.22 prints it)
	Field             : None
"""


def main() -> None:
    name, width, height, frames, wrong, *options = sys.argv[1:]
    if wrong == "cannot open":
        sys.exit("Cannot open device /dev/video0, exiting.")
    if "--get-fmt-video" in options:
        sys.stdout.write(FORMAT.format(width=width, height=height, name=name))
    elif wrong == "busy":
        sys.exit("VIDIOC_REQBUFS returned -1 (Device or resource busy)")
    else:
        sys.stdout.buffer.write(Path(frames).read_bytes())
        sys.stdout.flush()
        if wrong == "hangs":
            # Until it is killed.
            signal.pause()


if __name__ == "__main__":
    main()
