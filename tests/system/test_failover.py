# SPDX-License-Identifier: Apache-2.0
"""What a server forgets or brings back behind a failover, while the workers live on; and two queues
beside each other."""
import pytest

from support.events import hash_of, series
from support.waiting import wait_until

# Two sweeps are a second apart here instead of a minute.
SWEEP = {"LEASE_SECONDS": 2, "SWEEP_SECONDS": 1}
PROCESSING = "exportd:{data_export}:processing:"


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    for key in ("color", "shape"):
        exportd.ingest(series(3, key=key))
    sql.execute("SELECT group_id FROM sentry_grouphash WHERE hash = %s", (hash_of("issue"),))
    return sql.fetchone()[0]


def name_of(worker):
    worker.wait_for_event("worker.registered")
    return worker.events("worker.registered")[0]["worker"]


def outcomes(sql, export):
    sql.execute("SELECT outcome FROM exportd.attempt WHERE data_export_id = %s ORDER BY attempt",
                (export,))
    return [outcome for outcome, in sql.fetchall()]


def sweeps(queue, count, name="data_export"):
    """Waits until so many sweeps have begun after now."""
    seen = set()

    def enough():
        seen.add(queue.get(f"exportd:{{{name}}}:swept"))
        return len(seen) > count
    wait_until(enough, f"{count} sweeps", 60)


def test_redis_brings_a_message_back_into_a_living_worker_s_hands(exportd, sql, queue, issue):
    """A failover undoes the move out of the processing list: no thread knows of that message, and to
    everybody else it looks as if it were in good hands."""
    exportd.ingest(series(20, key="shade"))
    forgotten = exportd.enqueue(group=issue)
    message = queue.rpop("data_export")
    with exportd.worker(PAGE_SIZE=1, FAULT="page:delay=300", **SWEEP) as worker:
        name = name_of(worker)
        running = exportd.enqueue(group=issue, key="shade")
        wait_until(lambda: exportd.status(running)["state"] == "running", "a job is in its hands")
        queue.lpush(PROCESSING + name, message)
        wait_until(lambda: exportd.status(forgotten)["state"] == "valid", "it is done")
        wait_until(lambda: exportd.status(running)["state"] == "valid", "the other, too", 40)
        assert worker.stop() == 0
        assert [line["count"] for line in worker.events("queue.returned-stranded")] == [1]
    assert outcomes(sql, forgotten) == ["valid"] and outcomes(sql, running) == ["valid"]
    assert queue.keys(PROCESSING + "*") == []


def test_postgres_forgets_an_outcome(exportd, sql, queue, issue):
    """A standby that takes over may lack the last COMMIT. The job is running again, at a worker that
    lives and runs it no more, and its message is gone."""
    export = exportd.enqueue(group=issue)
    queue.delete("data_export")
    with exportd.worker(STUCK_SECONDS=20, **SWEEP) as worker:
        name = name_of(worker)
        sql.execute("UPDATE exportd.export SET state = 'running', attempt = 1, worker = %s,"
                    " progress_at = now() - interval '50 seconds'", (name,))
        sql.execute("INSERT INTO exportd.attempt (data_export_id, attempt, worker, started_at)"
                    " VALUES (%s, 1, %s, now())", (export, name))
        sweeps(queue, 4)
        assert exportd.status(export)["state"] == "running", "it might be one long page"
        wait_until(lambda: exportd.status(export)["state"] == "valid", "it is done anew", 40)
        assert worker.stop() == 0
    assert outcomes(sql, export) == ["lost", "valid"]
    assert exportd.status(export)["failures"] == 1


def test_two_queues_of_one_database(exportd, sql, queue, issue):
    """Each sweeps its own: what waits in the other has its message there, what runs its worker."""
    exportd.ingest(series(60, key="shade"))
    running = exportd.enqueue(group=issue, key="shade", QUEUE="other")
    with exportd.worker(PAGE_SIZE=1, FAULT="page:delay=200", QUEUE="other", CONCURRENCY=1,
                        **SWEEP) as other, exportd.worker(**SWEEP) as worker:
        wait_until(lambda: exportd.status(running)["state"] == "running", "it runs")
        waiting = exportd.enqueue(group=issue, QUEUE="other")
        sweeps(queue, 5)
        assert (exportd.status(waiting)["state"], queue.llen("other")) == ("waiting", 1)
        wait_until(lambda: exportd.status(running)["state"] == "valid", "it is done", 60)
        wait_until(lambda: exportd.status(waiting)["state"] == "valid", "this one, too", 60)
        assert (worker.stop(), other.stop()) == (0, 0)
        assert worker.events("queue.swept") + worker.events("worker.rescued") == []
    assert outcomes(sql, running) == ["valid"] and outcomes(sql, waiting) == ["valid"]


def test_each_queue_gets_its_own_messages_back(exportd, sql, queue, issue):
    exports = [exportd.enqueue(group=issue, QUEUE="other"), exportd.enqueue(group=issue, key="shape")]
    queue.flushall()
    with exportd.worker(**SWEEP) as worker:
        wait_until(lambda: exportd.status(exports[1])["state"] == "valid", "its own is done", 30)
        sweeps(queue, 3)
        assert exportd.status(exports[0])["state"] == "waiting"
        assert worker.stop() == 0
    with exportd.worker(QUEUE="other", **SWEEP):
        wait_until(lambda: exportd.status(exports[0])["state"] == "valid", "the other is done", 30)


def test_the_clock_of_redis_is_set_back(exportd, sql, queue, issue):
    """What was missed in the future is missed now."""
    export = exportd.enqueue(group=issue)
    queue.delete("data_export")
    queue.hset("exportd:{data_export}:missing", f"{export}:0", str(10 ** 14))
    with exportd.worker(**SWEEP) as worker:
        wait_until(lambda: exportd.status(export)["state"] == "valid", "it is done", 30)
        assert worker.stop() == 0
