"""How often Python looks for cycles among its objects, in processes that work through batches."""

from __future__ import annotations

import gc
from typing import Final

# A few batches in hand, of about fifty objects a payment: some tens of megabytes at most.
_OBJECTS_BETWEEN_LOOKS: Final = 100_000


def look_for_cycles_seldom() -> None:
    """Leave what has been loaded to itself, and look through newer objects only now and then.

    A batch in hand is ten thousands of values that live until its answer and hold no cycle, so
    Python's collector, which looks at every seven hundredth new one, finds nothing there.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS)
