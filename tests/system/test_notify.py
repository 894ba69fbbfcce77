# SPDX-License-Identifier: Apache-2.0
"""What systemd hears of a worker, over a socket of the test's own."""
import contextlib
import os
import signal
import socket
import time

import pytest

from support.waiting import wait_until


class Systemd:
    """Receives datagrams as systemd does."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.setblocking(False)
        self.messages = []

    def read(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                self.messages.append(self.socket.recv(4096).decode())
        return self.messages

    def count(self, message):
        return self.read().count(message)

    def wait_for(self, message, count=1, seconds=20):
        wait_until(lambda: self.count(message) >= count, f"{count} times {message}", seconds)


@pytest.fixture(params=["path", "abstract"])
def systemd(request, tmp_path):
    """The socket, and settings with its name."""
    name = str(tmp_path / "notify") if request.param == "path" else f"\0exportd-{os.getpid()}"
    server = Systemd(name)
    yield server, {"notify_socket": name.replace("\0", "@")}
    server.socket.close()


def test_ready_status_and_stopping(exportd, systemd):
    server, settings = systemd
    with exportd.worker(**settings) as worker:
        server.wait_for("READY=1")
        server.wait_for("STATUS=taking jobs, 0 jobs running")
        assert worker.stop() == 0
    server.wait_for("STOPPING=1")
    assert server.count("READY=1") == 1 and server.count("STOPPING=1") == 1
    assert server.count("WATCHDOG=1") == 0, "nobody has asked for it"


def test_signs_of_life(exportd, systemd):
    server, settings = systemd
    with exportd.worker(watchdog_usec=1000000, **settings) as worker:
        server.wait_for("WATCHDOG=1", 4, 10)
        assert worker.stop() == 0


@pytest.fixture
def listener(tmp_path):
    server = Systemd(str(tmp_path / "notify"))
    yield server, {"notify_socket": str(tmp_path / "notify"), "watchdog_usec": 1000000}
    server.socket.close()


def test_a_watchdog_for_another_process(exportd, listener):
    server, settings = listener
    with exportd.worker(watchdog_pid=1, **settings) as worker:
        server.wait_for("READY=1")
        time.sleep(2)
        assert worker.stop() == 0
    assert server.count("WATCHDOG=1") == 0


def test_a_worker_that_waits_for_a_server_is_well(exportd, listener, redis_server):
    server, settings = listener
    with exportd.worker(**settings) as worker:
        worker.wait_for_event("worker.registered")
        redis_server.stop()
        try:
            server.wait_for("STATUS=taking jobs, 0 jobs running; waiting for Redis")
            seen = server.count("WATCHDOG=1")
            server.wait_for("WATCHDOG=1", seen + 3)
        finally:
            redis_server.start()
        worker.wait_for_event("server.back")
        assert worker.stop() == 0


def test_no_sign_of_life_when_the_heartbeat_hangs(exportd, listener):
    server, settings = listener
    with exportd.worker(FAULT="heartbeat_round:delay=600000:20", **settings) as worker:
        server.wait_for("WATCHDOG=1")
        time.sleep(3)
        seen = server.count("WATCHDOG=1")
        time.sleep(2)
        assert server.count("WATCHDOG=1") == seen
        assert worker.process.poll() is None


@pytest.mark.parametrize("name", ["relative/path", "@", "/" + "x" * 200, "/nowhere/at/all"])
def test_a_useless_socket_stops_nobody(exportd, name):
    with exportd.worker(notify_socket=name, watchdog_usec=1000000) as worker:
        worker.wait_for_event("worker.registered")
        assert worker.stop(signal.SIGINT) == 0
