"""Which of our errors a number of the operating system is. Knows no device."""

from __future__ import annotations

import errno
from typing import Final

from drivers.errors import DeviceBusy, DeviceForbidden, DeviceNotFound, DeviceUnavailable

_BY_ERRNO: Final[dict[int | None, type[DeviceUnavailable]]] = {
    errno.ENOENT: DeviceNotFound,
    errno.ENODEV: DeviceNotFound,
    errno.ENXIO: DeviceNotFound,
    errno.EHOSTUNREACH: DeviceNotFound,
    errno.ENETUNREACH: DeviceNotFound,
    errno.ECONNREFUSED: DeviceNotFound,
    errno.EACCES: DeviceForbidden,
    errno.EPERM: DeviceForbidden,
    errno.EBUSY: DeviceBusy,
    # What flock says of a port that another program has locked (EWOULDBLOCK).
    errno.EAGAIN: DeviceBusy,
}


def unavailable(
    error: BaseException, otherwise: type[DeviceUnavailable]
) -> type[DeviceUnavailable]:
    """Return what an error says by its number, `otherwise` if it has none that tells."""
    return _BY_ERRNO.get(getattr(error, "errno", None), otherwise)
