# SPDX-License-Identifier: Apache-2.0
"""The sweep: exports that no message leads to come back, and nothing else does."""
import json
import time

import pytest

from support.events import hash_of, series
from support.waiting import wait_until

# Two sweeps are a second apart here instead of a minute.
SWEEP = {"LEASE_SECONDS": 2, "SWEEP_SECONDS": 1}
DELAYED = "exportd:{data_export}:delayed"
KEYS = ["color", "shape", "size", "taste"]


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    for key in KEYS:
        exportd.ingest(series(3, key=key))
    sql.execute("SELECT group_id FROM sentry_grouphash WHERE hash = %s", (hash_of("issue"),))
    return sql.fetchone()[0]


def states(sql):
    sql.execute("SELECT state FROM exportd.export ORDER BY data_export_id")
    return [state for state, in sql.fetchall()]


def outcomes(sql, export):
    sql.execute("SELECT outcome FROM exportd.attempt WHERE data_export_id = %s ORDER BY attempt",
                (export,))
    return [outcome for outcome, in sql.fetchall()]


def wait_until_all_are(sql, state, count, seconds=30):
    wait_until(lambda: states(sql) == [state] * count, f"all {count} are {state}", seconds, 0.2)


def die(exportd, fault):
    with exportd.worker(FAULT=fault, **SWEEP) as worker:
        worker.process.wait(20)


def delay(exportd, sql, queue, export):
    """Lets a worker postpone the job, which waits in the delayed set then."""
    with exportd.worker(FAULT="page:error", RETRY_BASE_SECONDS=3600) as worker:
        wait_until(lambda: exportd.status(export)["state"] == "delayed", "it is delayed")
        wait_until(lambda: queue.zcard(DELAYED) == 1, "its message, too")
        worker.stop()


def test_redis_loses_everything(exportd, sql, queue, issue):
    """Waiting, running at a dead worker, delayed: all come back, and each is done once."""
    delayed = exportd.enqueue(group=issue, key="shape")
    delay(exportd, sql, queue, delayed)
    running = exportd.enqueue(group=issue)
    die(exportd, "page:kill")
    waiting = [exportd.enqueue(group=issue, key=key) for key in ("size", "taste")]
    assert states(sql) == ["delayed", "running", "waiting", "waiting"]
    queue.flushall()
    sql.execute("UPDATE exportd.export SET next_try_at = now() WHERE state = 'delayed'")
    with exportd.worker(**SWEEP) as worker:
        wait_until_all_are(sql, "valid", 4)
        assert worker.stop() == 0
        assert sum(line["count"] for line in worker.events("queue.swept")) >= 4
    assert outcomes(sql, delayed) == ["delayed", "valid"]
    assert outcomes(sql, running) == ["crashed", "valid"]
    assert [outcomes(sql, export) for export in waiting] == [["valid"], ["valid"]]
    assert queue.llen("data_export") == 0


def test_a_sweeper_dies_before_it_has_made_a_message(exportd, sql, queue, issue):
    export = exportd.enqueue(group=issue)
    die(exportd, "page:kill")
    queue.flushall()
    die(exportd, "sweep_push:kill")
    assert states(sql) == ["waiting"] and queue.llen("data_export") == 0
    with exportd.worker(**SWEEP):
        wait_until_all_are(sql, "valid", 1)
    assert outcomes(sql, export) == ["crashed", "valid"]


def test_a_rescuer_dies_before_it_has_moved_the_messages(exportd, sql, queue, issue):
    export = exportd.enqueue(group=issue)
    die(exportd, "page:kill")
    die(exportd, "before_rescue_messages:kill")
    assert states(sql) == ["waiting"] and queue.llen("data_export") == 0
    with exportd.worker(**SWEEP):
        wait_until_all_are(sql, "valid", 1)
    assert outcomes(sql, export) == ["crashed", "valid"]


def test_limit_and_environment_come_back_too(exportd, queue, sql, issue):
    export = exportd.enqueue(group=issue, limit=2)
    queue.flushall()
    with exportd.worker(**SWEEP):
        wait_until_all_are(sql, "valid", 1)
    assert exportd.status(export)["rows"] == 2
    assert exportd.status(export)["limit"] == 2


def test_a_delayed_job_waits_for_its_time_without_a_message(exportd, sql, queue, issue):
    export = exportd.enqueue(group=issue)
    delay(exportd, sql, queue, export)
    queue.flushall()
    with exportd.worker(**SWEEP) as worker:
        worker.wait_for_event("worker.registered")
        time.sleep(6)
        assert exportd.status(export)["state"] == "delayed" and queue.llen("data_export") == 0
        sql.execute("UPDATE exportd.export SET next_try_at = now()")
        wait_until_all_are(sql, "valid", 1)
        assert worker.stop() == 0


def test_what_has_a_message_gets_no_other(exportd, sql, queue, issue):
    """In the lists, in the hands of a worker, in the delayed set."""
    delayed = exportd.enqueue(group=issue, key="shape")
    delay(exportd, sql, queue, delayed)
    sql.execute("UPDATE exportd.export SET next_try_at = now()")
    exportd.enqueue(group=issue)
    queue.lpush("data_export\x06\x169", queue.rpop("data_export"))
    exportd.enqueue(group=issue, key="size")
    exportd.ok("queue", "pause")
    with exportd.worker(**SWEEP) as worker:
        worker.wait_for_event("worker.registered")
        time.sleep(7)
        assert worker.events("queue.swept") == []
        assert worker.stop() == 0
    assert queue.llen("data_export") == 1 and queue.llen("data_export\x06\x169") == 1
    assert queue.zcard(DELAYED) == 1
    assert queue.hgetall("exportd:{data_export}:missing") == {}


def test_a_running_job_of_a_living_worker_is_left_alone(exportd, sql, queue, issue):
    """Redis forgets message and worker; the worker is back at its next beat, and its job goes on."""
    exportd.ingest(series(60, key="shade"))
    export = exportd.enqueue(group=issue, key="shade")
    with exportd.worker(PAGE_SIZE=1, FAULT="page:delay=200", **SWEEP) as worker:
        wait_until(lambda: exportd.status(export)["state"] == "running", "it runs")
        with exportd.worker(**SWEEP) as other:
            queue.flushall()
            wait_until_all_are(sql, "valid", 1, 60)
            assert (worker.stop(), other.stop()) == (0, 0)
            assert worker.events("queue.swept") + other.events("queue.swept") == []
    assert outcomes(sql, export) == ["valid"]


def test_several_workers_sweep_at_once(exportd, sql, queue, issue):
    exports = [exportd.enqueue(group=issue, key=key) for key in KEYS]
    queue.flushall()
    exportd.ok("queue", "pause")
    with exportd.worker(**SWEEP), exportd.worker(**SWEEP), exportd.worker(**SWEEP):
        wait_until(lambda: queue.llen("data_export") == 4, "all messages", 30)
        time.sleep(3)
        messages = [json.loads(message) for message in queue.lrange("data_export", 0, -1)]
        assert sorted(message["data_export_id"] for message in messages) == sorted(exports)
        exportd.ok("queue", "resume")
        wait_until(lambda: len(exportd.mails()) == 4, "all mails", 30)
    assert [outcomes(sql, export) for export in exports] == [["valid"]] * 4


def test_a_message_in_the_dead_list_is_no_message(exportd, sql, queue, issue):
    """Whatever has a row ends with a mail."""
    export = exportd.enqueue(group=issue)
    queue.xadd("exportd:{data_export}:dead", {"message": queue.rpop("data_export"), "reason": "r",
                                              "worker": "w"})
    with exportd.worker(**SWEEP):
        wait_until(lambda: exportd.status(export)["mail"] == "sent", "its mail")
    assert exportd.status(export)["status"] == "VALID"


def test_a_row_that_was_deleted_meanwhile(exportd, sql, queue, issue):
    exportd.enqueue(group=issue)
    queue.flushall()
    sql.execute("DELETE FROM sentry_exporteddata")
    with exportd.worker(**SWEEP) as worker:
        wait_until_all_are(sql, "gone", 1)
        assert worker.stop() == 0
    assert exportd.ok("queue", "dead").out == ""
