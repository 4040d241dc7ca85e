"""What the status bar shows on every screen, as frozen values. Knows no screen and no state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pos_app.till.words import News


class Connection(Enum):
    """The line to the ledger, as the status bar says it: a word and a shape."""

    ONLINE = "online"
    TRYING = "trying"
    OFFLINE = "offline"
    # The ledger answers and does not accept this terminal; what is queued is still uploaded.
    REFUSED = "refused"


class Level(Enum):
    """How full a limit is; each level has a colour, a shape and a word."""

    CALM = "calm"
    HIGH = "high"
    FULL = "full"


class DeviceKind(Enum):
    """What a device mark draws."""

    CARD_READER = "card_reader"
    SCANNER = "scanner"
    PRINTER = "printer"
    CLOCK = "clock"
    DISK = "disk"
    CUSTOMER_DISPLAY = "customer_display"


@dataclass(frozen=True, slots=True)
class DeviceMark:
    """A device that is not well; one that works has no mark."""

    kind: DeviceKind
    news: News


@dataclass(frozen=True, slots=True)
class AtRiskView:
    """Money taken offline and not settled yet, against its limits; `oldest_s` is None if none."""

    unsettled_won: int
    limit_won: int
    unsettled_count: int
    limit_count: int
    oldest_s: int | None = None
    level: Level = Level.CALM


@dataclass(frozen=True, slots=True)
class StatusView:
    """The bar on every screen. `clock` is the local time of day as text ("14:05").

    `is_paper_low`: the printer's roll nears its end, which is a word beside the marks and no fault.
    """

    shop: str
    clock: str
    connection: Connection
    at_risk: AtRiskView
    staff: str | None = None
    devices: tuple[DeviceMark, ...] = ()
    is_demo: bool = False
    is_paper_low: bool = False
