# SPDX-License-Identifier: Apache-2.0
"""Data that a server loses or restores in a failover while workers run; and two queues in one database."""
import socket

import pytest

from support.events import group_of, series
from support.jobs import insert_export, push
from support.proxy import Listener, end, pass_on
from support.servers import Redis
from support.waiting import wait_until

INTAKE = "exportd:{data_export}:intake:0"


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    for key in ("color", "shape"):
        exportd.ingest(series(3, key=key))
    return group_of(sql, "issue")


def outcomes(sql, export):
    sql.execute("SELECT outcome FROM exportd.attempt WHERE data_export_id = %s ORDER BY attempt",
                (export,))
    return [outcome for outcome, in sql.fetchall()]


def insert_job(sql, issue, **members):
    return insert_export(sql, {"project_id": "1", "group_id": str(issue), "key": "color", **members})


def states(sql):
    sql.execute("SELECT DISTINCT state FROM exportd.export")
    return [state for state, in sql.fetchall()]


def wait_until_valid(exportd, export, seconds=30):
    wait_until(lambda: exportd.status(export)["state"] == "valid", f"{export} is done", seconds)


# ---- Redis ----


def test_redis_loses_everything(exportd, sql, queue, issue):
    """Delayed, waiting and running jobs are in PostgreSQL, so none is lost."""
    exportd.ingest(series(40, key="shade"))
    delayed = exportd.enqueue(group=issue, key="shape")
    with exportd.worker(FAULT="page:error", RETRY_BASE_SECONDS=3600) as worker:
        wait_until(lambda: exportd.status(delayed)["state"] == "delayed", "it is delayed")
        assert worker.stop() == 0
    sql.execute("UPDATE exportd.export SET next_try_at = now() + interval '3 seconds'")
    running = exportd.enqueue(group=issue, key="shade", limit=30)
    with exportd.worker(PAGE_SIZE=1, FAULT="page:delay=100", CONCURRENCY=1) as worker:
        wait_until(lambda: exportd.status(running)["state"] == "running", "it runs")
        waiting = exportd.enqueue(group=issue, limit=2)
        queue.flushall()
        for export in (running, waiting, delayed):
            wait_until_valid(exportd, export, 60)
        assert worker.stop() == 0
    assert (exportd.status(running)["rows"], exportd.status(waiting)["rows"]) == (30, 2)
    assert outcomes(sql, running) == outcomes(sql, waiting) == ["valid"]
    assert outcomes(sql, delayed) == ["delayed", "valid"]


@pytest.mark.parametrize("place", ["data_export", INTAKE])
@pytest.mark.parametrize("state", ["running", "valid"])
def test_redis_brings_a_message_back(exportd, sql, queue, issue, place, state):
    """A failover undoes the message's removal, or even the move before it. exportd knows the job already."""
    exportd.ingest(series(10, key="shade"))
    export = insert_job(sql, issue, key="shade")
    push(queue, export)
    message = queue.lindex("data_export", 0)
    with exportd.worker(PAGE_SIZE=1, FAULT="page:delay=200") as worker:
        wait_until(lambda: exportd.status(export)["state"] == state, f"it is {state}")
        queue.lpush(place, message)
        wait_until_valid(exportd, export)
        wait_until(lambda: queue.keys("*data_export*") == [], "the message is gone")
        assert worker.stop() == 0
        assert worker.events("queue.dead") + worker.events("server.away") == []
    assert outcomes(sql, export) == ["valid"] and len(exportd.mails()) == 1


class Address(Listener):
    """An address whose Redis a test can change."""

    def __init__(self, port):
        self.server_port = port
        self.connections = []
        super().__init__()

    def serve(self, client):
        with socket.create_connection(("127.0.0.1", self.server_port)) as server:
            self.connections += [client, server]
            pass_on(client, server)

    def lead_to(self, port):
        self.server_port = port
        end(*self.connections)


@pytest.mark.parametrize("fault", ["before_intake_commit:delay=300", "after_intake_commit:delay=300"])
def test_redis_fails_over_while_messages_are_taken_in(exportd, sql, redis_server, issue, fault):
    """The new master lacks the intake's last commands."""
    exports = [insert_job(sql, issue, number=number) for number in range(250)]
    master, replica = Redis(), Redis()
    address = Address(master.port)
    try:
        client = master.connect()
        replica.connect().execute_command("REPLICAOF", "127.0.0.1", master.port)
        for export in exports:
            push(client, export)
        assert client.wait(1, 20000) == 1, "the replica has all messages"
        with exportd.worker(REDIS_URL=f"redis://127.0.0.1:{address.port}/0",
                            LOCK_REDIS_URL=redis_server.url, FAULT=fault) as worker:
            wait_until(lambda: client.llen(INTAKE), "messages are being taken in")
            replica.connect().execute_command("REPLICAOF", "NO", "ONE")
            wait_until(lambda: client.llen("data_export") == 0, "the old master has lost them all")
            assert replica.connect().llen("data_export") >= 150
            address.lead_to(replica.port)
            wait_until(lambda: replica.connect().dbsize() == 0, "the new one, too", 60)
            wait_until(lambda: states(sql) == ["valid"], "all are done", 120)
            wait_until(lambda: len(exportd.mails()) == len(exports), "all are mailed", 60)
            assert worker.stop() == 0
            assert len(worker.events("server.away")) == len(worker.events("server.back")) <= 1
            assert worker.events("queue.dead") == []
    finally:
        address.close()
        replica.close()
        master.close()
    sql.execute("SELECT data_export_id, outcome FROM exportd.attempt ORDER BY 1")
    assert sql.fetchall() == [(export, "valid") for export in exports]


# ---- PostgreSQL ----


def test_postgres_forgets_an_outcome(exportd, sql, queue, issue):
    """The new primary may lack the last COMMIT. There the job still runs, at a living worker that no longer
    runs it."""
    export = exportd.enqueue(group=issue)
    with exportd.worker(LEASE_SECONDS=2) as worker:
        wait_until_valid(exportd, export)
        sql.execute("SELECT instance FROM exportd.worker")
        instance, = sql.fetchone()
        sql.execute("UPDATE exportd.export SET state = 'running', worker = %s, finished_at = NULL,"
                    " started_at = started_at - interval '40 seconds'", (instance,))
        sql.execute("UPDATE exportd.attempt SET outcome = NULL, ended_at = NULL")
        sql.execute("UPDATE sentry_exporteddata SET date_finished = NULL, file_id = NULL")
        sql.execute("DELETE FROM exportd.outbox")
        wait_until(lambda: outcomes(sql, export) == ["lost", "valid"], "it is done anew", 40)
        assert worker.stop() == 0
    assert (exportd.status(export)["failures"], exportd.status(export)["crashes"]) == (0, 0)


# ---- two queues ----


def test_two_queues_of_one_database(exportd, sql, queue, issue):
    """Each worker handles only messages and jobs of its own queue."""
    other = insert_job(sql, issue, number=1)
    push(queue, other)
    queue.rename("data_export", "other")
    delayed, waiting = (exportd.enqueue(group=issue, key=key, QUEUE="other")
                        for key in ("color", "shape"))
    sql.execute("UPDATE exportd.export SET state = 'delayed', next_try_at = now()"
                " WHERE data_export_id = %s", (delayed,))
    with exportd.worker(LEASE_SECONDS=2) as worker:
        export = insert_job(sql, issue, number=2)
        push(queue, export)
        wait_until_valid(exportd, export)
        assert queue.llen("other") == 1
        assert [exportd.status(job)["state"] for job in (delayed, waiting)] == ["delayed", "waiting"]
        assert worker.stop() == 0
    with exportd.worker(QUEUE="other", LEASE_SECONDS=2) as worker:
        for job in (other, delayed, waiting):
            wait_until_valid(exportd, job)
        assert worker.stop() == 0
