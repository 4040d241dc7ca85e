"""A network that comes is heard of at once; where nothing can be heard, nothing goes wrong."""

from __future__ import annotations

import socket
import threading

from offline_queue.route_watch import RouteWatch

LIMIT_S = 20.0


def test_what_the_kernel_tells_is_passed_on_and_the_thread_ends() -> None:
    kernel, ear = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard = threading.Semaphore(0)
    watch = RouteWatch(heard.release, lambda: ear)
    watch.start()

    for _ in range(2):
        kernel.send(b"a route has come")
        assert heard.acquire(timeout=LIMIT_S)

    watch.stop()
    kernel.close()
    assert not heard.acquire(blocking=False)


def test_without_netlink_there_is_only_silence() -> None:
    def refused() -> socket.socket:
        raise OSError("no netlink here")

    watch = RouteWatch(lambda: None, refused)
    watch.start()
    watch.stop()


def test_the_kernel_of_this_machine_can_be_listened_to_and_left() -> None:
    watch = RouteWatch(lambda: None)
    watch.start()
    watch.stop()
