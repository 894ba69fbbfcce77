# SPDX-License-Identifier: Apache-2.0
"""What a worker says over HTTP: its probes, and metrics that agree with what the test did."""
import os
import signal
import socket
import subprocess
import time

import pytest

from support.events import group_of, series
from support.freezing import frozen
from support.scrape import Listener, receive
from support.waiting import wait_until


@pytest.fixture
def listener(tmp_path):
    return Listener(tmp_path)


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    exportd.ingest(series(60))
    return group_of(sql, "issue")


def wait_for_answer(listener, path, answer, seconds=30):
    def answers():
        try:
            return listener.get(path) == answer
        except OSError:  # it does not listen yet
            return False
    wait_until(answers, f"{path} answers {answer}", seconds, 0.1)


def wait_for_state(exportd, export, state, seconds=30):
    wait_until(lambda: exportd.status(export)["state"] == state, f"export {export} is {state}",
               seconds, 0.2)


# ---- probes ----

def test_probes_of_a_worker_whose_servers_come_and_go(exportd, listener, redis_server):
    with exportd.worker(**listener.settings) as worker:
        wait_for_answer(listener, "/readyz", (200, "ok\n"))
        assert listener.get("/healthz") == (200, "ok\n")
        assert [line["address"] for line in worker.events("metrics.listening")] == [listener.path]
        redis_server.stop()
        try:
            wait_for_answer(listener, "/readyz", (503, "away: redis\n"))
            assert listener.get("/healthz") == (200, "ok\n"), "a restart would not help"
        finally:
            redis_server.start()
        wait_for_answer(listener, "/readyz", (200, "ok\n"))
        assert worker.stop() == 0
    assert not os.path.exists(listener.path)


def test_probes_while_postgresql_is_away_from_the_start(exportd, listener, postgres):
    postgres.stop()
    try:
        with exportd.worker(**listener.settings) as worker:
            wait_for_answer(listener, "/readyz", (503, "away: postgres\n"))
            assert listener.get("/healthz") == (200, "ok\n")
            assert "exportd_workers" not in listener.metrics()
            postgres.start()
            wait_for_answer(listener, "/readyz", (200, "ok\n"))
            assert worker.stop() == 0
    finally:
        if postgres.process.poll() is not None:
            postgres.start()


def test_a_store_that_is_gone_makes_the_worker_unready(exportd, listener):
    with exportd.worker(**listener.settings) as worker:
        wait_for_answer(listener, "/readyz", (200, "ok\n"))
        os.rename(exportd.store, exportd.store + ".away")
        wait_for_answer(listener, "/readyz", (503, "away: storage\n"))
        os.rename(exportd.store + ".away", exportd.store)
        wait_for_answer(listener, "/readyz", (200, "ok\n"))
        assert worker.stop() == 0


def test_a_thread_that_hangs_makes_the_worker_unwell(exportd, listener, issue):
    """The probe says so until the process is aborted, which gives the other threads a moment."""
    exportd.enqueue(group=issue)
    with exportd.worker(STUCK_SECONDS=20, FAULT="object_write:delay=600000",
                        **listener.settings) as worker:
        worker.wait_for_event("metrics.listening")
        seen = set()
        while worker.process.poll() is None:
            try:
                seen.add(listener.get("/healthz"))
            except (OSError, IndexError):
                pass
            time.sleep(0.01)
        assert worker.process.returncode == -signal.SIGABRT
    assert seen == {(200, "ok\n"), (503, "a thread is stuck\n")}


def test_no_scrape_waits_for_a_server_that_is_frozen(exportd, listener, postgres):
    with exportd.worker(**listener.settings) as worker:
        wait_until(lambda: listener_has(listener, "exportd_workers"), "the figures are read")
        with frozen(postgres):
            until = time.monotonic() + 14
            while time.monotonic() < until:
                began = time.monotonic()
                metrics = listener.metrics()
                assert time.monotonic() - began < 1
                time.sleep(0.2)
            assert "exportd_workers" not in metrics, "it is not known any more"
            assert listener.get("/healthz") == (200, "ok\n")
        wait_until(lambda: listener_has(listener, "exportd_workers"), "the figures are read again")
        assert worker.stop() == 0


def listener_has(listener, name):
    return os.path.exists(listener.path) and name in listener.metrics()


# ---- the listener ----

def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_a_port_alone_is_on_loopback(exportd):
    port = free_port()
    with exportd.worker(METRICS_LISTEN=port) as worker:
        worker.wait_for_event("metrics.listening")
        with open("/proc/net/tcp", encoding="ascii") as table:
            listening = [line.split()[1] for line in table if line.split()[3] == "0A"]
        assert [address for address in listening if address.endswith(f":{port:04X}")] == \
            [f"0100007F:{port:04X}"]
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n")
            assert receive(connection).endswith(b"\r\n\r\nok\n")
        assert worker.stop() == 0


def test_without_the_setting_nothing_listens(exportd):
    with exportd.worker() as worker:
        worker.wait_for_event("worker.registered")
        links = [os.readlink(f"/proc/{worker.process.pid}/fd/{fd}")
                 for fd in os.listdir(f"/proc/{worker.process.pid}/fd")]
        own = {link[8:-1] for link in links if link.startswith("socket:")}
        with open("/proc/net/tcp", encoding="ascii") as table:
            assert not [line for line in table
                        if line.split()[3] == "0A" and line.split()[9] in own]
        assert worker.events("metrics.listening") == []
        assert worker.stop() == 0


@pytest.mark.parametrize("address", [":9108", "example.com:9108", "0", "1.2.3.4", "x" * 10])
def test_an_address_that_is_none_is_refused(exportd, address):
    result = exportd.fails("worker", status=2, METRICS_LISTEN=address)
    assert result.err.startswith("exportd worker: EXPORTD_METRICS_LISTEN: not of the form "), result


def test_an_address_in_use_ends_the_start(exportd, listener):
    with exportd.worker(**listener.settings) as worker:
        worker.wait_for_event("metrics.listening")
        result = exportd.fails("worker", **listener.settings)
        assert "EXPORTD_METRICS_LISTEN: cannot listen: Address already in use" in result.err, result
        assert listener.get("/healthz") == (200, "ok\n")
        assert worker.kill() == -signal.SIGKILL
    with exportd.worker(**listener.settings) as worker:  # replaces the socket of the dead one
        wait_for_answer(listener, "/readyz", (200, "ok\n"))
        assert worker.stop() == 0


def test_bad_clients_do_no_harm(exportd, sql, listener, issue):
    """Garbage, huge requests, slow ones, and many connections at once, while exports are made."""
    with exportd.worker(**listener.settings) as worker:
        wait_for_answer(listener, "/readyz", (200, "ok\n"))
        slow = [listener.connect() for _ in range(40)]
        for connection in slow[::2]:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost")
        for request in (b"\x00\xff" * 1000 + b"\r\n\r\n", b"GET\r\n\r\n", b"GET /metrics\r\n\r\n",
                        b"GET /" + b"x" * 100000, b"POST /metrics HTTP/1.1\r\nHost: x\r\n"
                        b"Content-Length: 99999999999\r\n\r\n" + b"x" * 1000):
            try:
                answer = listener.exchange(request)
            except OSError:
                answer = b""
            assert b"200 OK" not in answer.partition(b"\r\n")[0], request[:40]
        export = exportd.enqueue(group=issue)
        wait_for_state(exportd, export, "valid")
        assert listener.get("/nowhere")[0] == 404
        assert listener.get("/metrics?x=1")[0] == 200
        assert listener.metrics()["process_open_fds"] < 100
        for connection in slow:
            connection.close()
        assert worker.stop() == 0
