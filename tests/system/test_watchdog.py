# SPDX-License-Identifier: Apache-2.0
"""A worker never lives on without working: threads that hang, servers that freeze, and stops meanwhile."""
import contextlib
import signal
import socket
import time

import pytest

from support.events import group_of, series
from support.freezing import frozen
from support.mail_sink import MailSink
from support.waiting import wait_until

LEASE = {"LEASE_SECONDS": 2}
STUCK = {"STUCK_SECONDS": 20}
SLOW_PAGES = {"PAGE_SIZE": 1, "FAULT": "page:delay=300"}


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    exportd.ingest(series(60))
    exportd.ingest(series(3, key="shape"))
    return group_of(sql, "issue")


def outcomes(sql, export):
    sql.execute("SELECT outcome FROM exportd.attempt WHERE data_export_id = %s ORDER BY attempt",
                (export,))
    return [outcome for outcome, in sql.fetchall()]


def wait_for_state(exportd, export, state, seconds=30):
    wait_until(lambda: exportd.status(export)["state"] == state, f"export {export} is {state}",
               seconds, 0.2)


def servers_said(worker):
    return [(line["event"], line["server"]) for line in worker.log_lines()
            if line["event"] in ("server.away", "server.back")]


# ---- threads that hang ----

def test_a_job_that_hangs_ends_its_worker_and_only_it_pays(exportd, sql, queue, issue):
    """The small job hangs while it writes its object. The long job is released, and no failure counts."""
    hangs = exportd.enqueue(group=issue, key="shape")
    goes_on = exportd.enqueue(group=issue)
    with exportd.worker(PAGE_SIZE=1, FAULT="page:delay=700,object_write:delay=600000", **STUCK,
                        **LEASE) as worker:
        assert worker.process.wait(40) == -signal.SIGABRT, worker.log_text()
        line, = worker.events("worker.stuck")
    assert (line["part"], line["data_export_id"]) == ("job", hangs)
    assert exportd.status(goes_on)["state"] == "waiting"
    assert outcomes(sql, goes_on) == ["given-back"]
    for lock in queue.keys("l:fileblob:upload:*"):
        queue.delete(lock)  # of the dead worker; would end after a minute
    exportd.drain(**LEASE)
    assert outcomes(sql, hangs) == ["crashed", "valid"]
    assert [exportd.status(export)["crashes"] for export in (hangs, goes_on)] == [1, 0]
    assert [exportd.status(export)["failures"] for export in (hangs, goes_on)] == [0, 0]
    assert exportd.status(goes_on)["status"] == exportd.status(hangs)["status"] == "VALID"


@pytest.mark.parametrize("part", ["claimer", "heartbeat"])
def test_a_part_that_hangs_ends_the_worker(exportd, issue, part):
    with exportd.worker(FAULT=f"{part}_round:delay=600000:3", **STUCK) as worker:
        assert worker.process.wait(40) == -signal.SIGABRT, worker.log_text()
        line, = worker.events("worker.stuck")
    assert line["part"] == part


def test_a_slow_job_that_goes_on_does_not_hang(exportd, sql, issue):
    """60 pages take almost half a second each: together longer than a single page may take."""
    export = exportd.enqueue(group=issue)
    with exportd.worker(PAGE_SIZE=1, FAULT="page:delay=450", **STUCK) as worker:
        wait_for_state(exportd, export, "valid", 60)
        assert worker.stop() == 0
    assert outcomes(sql, export) == ["valid"]


def test_a_worker_that_was_stopped_for_long_goes_on(exportd, issue):
    with exportd.worker(**STUCK) as worker:
        worker.wait_for_event("worker.registered")
        worker.process.send_signal(signal.SIGSTOP)
        time.sleep(22)
        worker.process.send_signal(signal.SIGCONT)
        export = exportd.enqueue(group=issue, key="shape")
        worker.wait_for_event("dataexport.end")
        assert exportd.status(export)["status"] == "VALID"
        assert worker.stop() == 0
        assert worker.events("worker.stuck") == []


def test_a_slow_job_delays_no_other(exportd, sql, issue):
    slow = exportd.enqueue(group=issue)
    with exportd.worker("--concurrency", 2, **SLOW_PAGES) as worker:
        wait_for_state(exportd, slow, "running")
        for _ in range(3):
            quick = exportd.enqueue(group=issue, key="shape")
            wait_for_state(exportd, quick, "valid", 10)
        assert exportd.status(slow)["state"] == "running"
        assert worker.stop(signal.SIGTERM) == 0


# ---- PostgreSQL freezes ----

def test_no_worker_is_taken_for_dead_while_postgres_is_frozen(exportd, postgres, sql, issue):
    """No worker can beat for several leases. Afterwards both still count as alive, and the job goes on."""
    export = exportd.enqueue(group=issue)
    with contextlib.ExitStack() as stack:
        worker = stack.enter_context(exportd.worker(**SLOW_PAGES, **LEASE))
        wait_for_state(exportd, export, "running")
        other = stack.enter_context(exportd.worker(**LEASE))
        other.wait_for_event("worker.registered")
        with frozen(postgres):
            time.sleep(9)
        sql.execute("SELECT count(*) FROM exportd.worker")
        assert sql.fetchone() == (2,)
        wait_for_state(exportd, export, "valid", 60)
        assert (worker.stop(), other.stop()) == (0, 0)
        for each in (worker, other):
            assert each.events("worker.rescued") + each.events("worker.stuck") == []
    assert outcomes(sql, export) == ["valid"]


def test_postgres_frozen_for_longer_than_its_patience(exportd, postgres, sql, issue):
    """The job is delayed, which does not count as a failure, and the worker lives: a frozen server counts as away."""
    export = exportd.enqueue(group=issue)
    with exportd.worker(**SLOW_PAGES, **STUCK, **LEASE) as worker:
        wait_for_state(exportd, export, "running")
        with frozen(postgres):
            worker.wait_for_event("server.away", seconds=40)
            time.sleep(25)
            assert worker.process.poll() is None, worker.log_text()
        worker.wait_for_event("server.back")
        wait_for_state(exportd, export, "valid", 90)
        assert worker.stop() == 0
        assert worker.events("worker.stuck") == []
        assert servers_said(worker) == [("server.away", "postgres"), ("server.back", "postgres")]
    assert outcomes(sql, export) == ["delayed", "valid"]
    assert exportd.status(export)["failures"] == 0


@pytest.mark.parametrize("signals, stop_seconds", [(1, 1), (2, 60)])
def test_a_stop_while_postgres_is_frozen(exportd, postgres, sql, issue, signals, stop_seconds):
    """A job that cannot be released counts as running until another worker finds its worker dead."""
    export = exportd.enqueue(group=issue)
    with exportd.worker(STOP_SECONDS=stop_seconds, **SLOW_PAGES, **LEASE) as worker:
        wait_for_state(exportd, export, "running")
        with frozen(postgres):
            time.sleep(2)
            for _ in range(signals):
                worker.process.send_signal(signal.SIGTERM)
                time.sleep(0.2)
            assert worker.process.wait(45) == 0, worker.log_text()
    assert exportd.status(export)["state"] == "running"
    exportd.drain(**LEASE)
    assert exportd.status(export)["status"] == "VALID"
    assert outcomes(sql, export)[-1] == "valid"


@pytest.mark.parametrize("running", [False, True])
def test_a_stop_while_redis_is_away(exportd, redis_server, sql, issue, running):
    """A running job is released, although Redis is away."""
    export = exportd.enqueue(group=issue) if running else None
    with exportd.worker(STOP_SECONDS=1, **SLOW_PAGES) as worker:
        worker.wait_for_event("worker.registered")
        if running:
            wait_for_state(exportd, export, "running")
        redis_server.stop()
        try:
            worker.process.send_signal(signal.SIGTERM)
            assert worker.process.wait(30) == 0, worker.log_text()
        finally:
            redis_server.start()
    if running:
        assert exportd.status(export)["state"] == "waiting"
        exportd.drain()
        assert outcomes(sql, export) == ["given-back", "valid"]
        assert exportd.status(export)["crashes"] == 0


def test_a_stop_while_redis_is_frozen(exportd, redis_server, issue):
    with exportd.worker(STOP_SECONDS=1) as worker:
        worker.wait_for_event("worker.registered")
        with frozen(redis_server):
            worker.process.send_signal(signal.SIGTERM)
            assert worker.process.wait(40) == 0, worker.log_text()


# ---- mails in flight ----

@contextlib.contextmanager
def silent_server():
    """Accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"smtp://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("signals, stop_seconds", [(1, 2), (2, 60)])
def test_a_mail_in_flight_holds_up_no_stop(exportd, sql, issue, signals, stop_seconds):
    """The next worker sends it at once, with the same Message-ID."""
    export = exportd.enqueue(group=issue, key="shape")
    with silent_server() as url, exportd.worker(MAIL_URL=url, STOP_SECONDS=stop_seconds) as worker:
        wait_until(lambda: exportd.status(export)["state"] == "valid", "it is valid")
        time.sleep(1)
        began = time.monotonic()
        for _ in range(signals):
            worker.process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
        assert worker.process.wait(20) == 0, worker.log_text()
        assert time.monotonic() - began < 8
        assert worker.events("mail.delayed")[0]["code"] == "stopped"
    sql.execute("SELECT message_id, state FROM exportd.outbox")
    (message_id, state), = sql.fetchall()
    assert state == "waiting"
    with MailSink() as sink:
        exportd.drain(MAIL_URL=f"smtp://127.0.0.1:{sink.port}", timeout=20)
        mail, = sink.mails
    assert mail.message["Message-ID"] == message_id
