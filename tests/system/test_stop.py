# SPDX-License-Identifier: Apache-2.0
"""TERM ends a worker within EXPORTD_STOP_SECONDS and 5 s, even if a server or the log hangs."""
import contextlib
import json
import os
import signal
import time

import pytest

from support import preload
from support.disk import can_mount
from support.events import group_of, series
from support.freezing import frozen
from support.program import binary
from support.waiting import wait_until
from test_watchdog import SLOW_PAGES, STUCK, silent_server, wait_for_state

STOP = {"STOP_SECONDS": 2}


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    exportd.ingest(series(60))
    return group_of(sql, "issue")


class FullPipe:
    """A pipe for the log that is full; read_all() reads its content."""

    def __init__(self):
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.reader, False)
        os.set_blocking(self.writer, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(self.writer, b"." * 4096)
        os.set_blocking(self.writer, True)

    def read_all(self):
        found = b""
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self.reader, 65536):
                found += chunk
        return found.lstrip(b".").decode()

    def close(self):
        os.close(self.reader)
        os.close(self.writer)


@pytest.fixture
def pipe():
    full = FullPipe()
    yield full
    full.close()


@pytest.fixture(params=["log", "full log"])
def log(request):
    """The log's descriptor; None: the log is kept as usual."""
    if request.param == "log":
        yield None
    else:
        full = FullPipe()
        yield full.writer
        full.close()


def ends_in_time(worker, seconds=2):
    """Checks the promised time, with one second more for a busy machine."""
    began = time.monotonic()
    worker.process.send_signal(signal.SIGTERM)
    status = worker.process.wait(60)
    assert time.monotonic() - began < seconds + 6, worker.log_text()
    return status


def wait_for_worker(sql):
    def registered():
        sql.execute("SELECT count(*) FROM exportd.worker")
        return sql.fetchone() == (1,)
    wait_until(registered, "the worker has registered", 20)


def test_a_log_that_is_not_read(exportd, sql, issue, pipe):
    """The worker goes on. When the log is read again, a line has the number of lost lines."""
    with exportd.worker(stderr=pipe.writer) as worker:
        wait_for_state(exportd, exportd.enqueue(group=issue), "valid")
        assert pipe.read_all() == ""
        wait_for_state(exportd, exportd.enqueue(group=issue), "valid")
        lines = [json.loads(line) for line in pipe.read_all().splitlines()]
        assert (lines[0]["event"], lines[0]["level"]) == ("log.lines-lost", "warning")
        assert lines[0]["lines"] >= 3 and "dataexport.start" in [line["event"] for line in lines]
        assert ends_in_time(worker) == 0


def test_the_watchdog_needs_no_log(exportd, issue, pipe):
    exportd.enqueue(group=issue)
    with exportd.worker(stderr=pipe.writer, FAULT="object_write:delay=600000", **STUCK) as worker:
        assert worker.process.wait(50) == -signal.SIGABRT


@pytest.mark.parametrize("running", [False, True])
def test_a_stop_while_postgres_hangs(exportd, postgres, sql, issue, log, running):
    export = exportd.enqueue(group=issue) if running else None
    with exportd.worker(stderr=log, **STOP, **SLOW_PAGES) as worker:
        wait_for_worker(sql)
        if running:
            wait_for_state(exportd, export, "running")
        with frozen(postgres):
            time.sleep(1)
            assert ends_in_time(worker) == 0


def test_a_stop_of_a_drain_while_postgres_hangs(exportd, postgres, sql, issue, log):
    """The check whether jobs are left hangs, too."""
    exportd.enqueue(group=issue)
    with exportd.worker("--drain", stderr=log, **STOP, **SLOW_PAGES) as worker:
        wait_for_worker(sql)
        with frozen(postgres):
            time.sleep(3)
            assert ends_in_time(worker) == 0


def test_a_stop_at_the_start_while_postgres_hangs(exportd, postgres, issue, log):
    """Nothing is claimed yet: the signal ends the process at once."""
    with frozen(postgres), exportd.worker(stderr=log, **STOP) as worker:
        time.sleep(2)
        assert ends_in_time(worker) == 0


@pytest.mark.skipif(not can_mount(), reason="this machine allows no user namespaces")
def test_a_stop_at_the_start_in_a_container(exportd, postgres, database, issue, tmp_path):
    """The worker is process 1 there, which the kernel spares from the default action of a signal."""
    inside = tmp_path / "inside"
    inside.write_text(f'#!/bin/sh\nexec unshare -r --pid --fork --kill-child {binary()} "$@"\n')
    os.chmod(inside, 0o755)
    exportd.path = str(inside)
    with frozen(postgres), exportd.worker(DATABASE_URL=postgres.tcp_url(database)) as worker:
        time.sleep(2)
        pid = worker.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
            os.kill(int(file.read()), signal.SIGTERM)
        assert worker.process.wait(8) == 0


def test_a_stop_at_the_start_while_the_store_hangs(exportd, issue, tmp_path):
    calls = tmp_path / "failing-calls"
    calls.write_text("fsync_folder -1")
    settings = preload.settings(preload.library("fail_calls"), fail_calls_file=calls)
    with exportd.worker(**STOP, **settings) as worker:
        time.sleep(3)
        assert worker.process.poll() is None and worker.events("worker.registered") == []
        assert ends_in_time(worker) == 0


def test_a_stop_while_redis_hangs(exportd, redis_server, sql, issue, log):
    with exportd.worker(stderr=log, **STOP) as worker:
        wait_for_worker(sql)
        with frozen(redis_server):
            time.sleep(1)
            assert ends_in_time(worker) == 0


def test_a_stop_while_an_upload_lock_hangs(exportd, redis_server, sql, issue, log):
    """A running job waits for Redis, for its lock."""
    export = exportd.enqueue(group=issue)
    with exportd.worker(stderr=log, **STOP, FAULT="last_page:delay=1500") as worker:
        wait_for_state(exportd, export, "running")
        with frozen(redis_server):
            time.sleep(2)
            assert ends_in_time(worker) == 0


def test_a_stop_while_the_mail_server_hangs(exportd, issue, log):
    export = exportd.enqueue(group=issue)
    with silent_server() as url, exportd.worker(stderr=log, MAIL_URL=url, **STOP) as worker:
        wait_for_state(exportd, export, "valid")
        time.sleep(1)
        assert ends_in_time(worker) == 0
