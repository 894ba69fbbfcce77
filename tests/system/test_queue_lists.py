# SPDX-License-Identifier: Apache-2.0
"""`exportd queue workers`, `delayed` and `retry --all`; the place of a waiting export in the queue."""
import re
import signal
import subprocess

import pytest

from support.events import group_of, series
from support.jobs import insert_export
from support.waiting import wait_until


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    exportd.ingest(series(3))
    return group_of(sql, "issue")


# ---- workers ----

def test_workers(exportd, issue):
    assert exportd.ok("queue", "workers").out == ""
    export = exportd.enqueue(group=issue)
    with exportd.worker(FAULT="page:delay=3000", LEASE_SECONDS=2) as worker:
        wait_until(lambda: exportd.status(export)["state"] == "running", "it runs")
        found, = exportd.ok("queue", "workers", "--json", LEASE_SECONDS=2).json_lines()
        assert list(found) == ["instance", "name", "version", "threads", "started_at",
                               "beat_age_seconds", "silent", "exports"]
        assert f":{worker.process.pid}:" in found["instance"]
        assert (found["threads"], found["silent"], found["exports"]) == (2, False, [export])
        line = exportd.ok("queue", "workers", LEASE_SECONDS=2).out
        assert re.fullmatch(rf"\S+  \S+  \S+  2 threads  since \S+Z  beat \d s ago  runs {export}\n",
                            line), line
        worker.process.send_signal(signal.SIGSTOP)
        wait_until(lambda: exportd.ok("queue", "workers", "--json", LEASE_SECONDS=2)
                   .json_lines()[0]["silent"], "it is silent")
        assert re.search(r"  SILENT for \d+ s  runs ",
                         exportd.ok("queue", "workers", LEASE_SECONDS=2).out)
        worker.process.send_signal(signal.SIGCONT)
        wait_until(lambda: exportd.status(export)["status"] == "VALID", "it goes on")
        assert worker.stop() == 0
    assert exportd.ok("queue", "workers").out == "", "one that stops takes itself off the list"


# ---- delayed ----

def test_delayed(exportd, sql, issue):
    assert exportd.ok("queue", "delayed").out == ""
    exports = [exportd.enqueue(group=issue, key=f"key-{number}") for number in range(3)]
    sql.execute("UPDATE exportd.export SET state = 'delayed', failures = 1, message = 'is away',"
                " next_try_at = '2030-01-01T00:00:00Z'::timestamptz - data_export_id * interval '1 s'"
                " WHERE data_export_id = ANY(%s)", (exports[1:],))
    lines = exportd.ok("queue", "delayed", "--json").json_lines()
    assert [line["id"] for line in lines] == exports[:0:-1]
    assert list(lines[0]) == ["id", "next_try_at", "failures", "message", "organization"]
    assert (lines[0]["failures"], lines[0]["message"], lines[0]["organization"]) == \
        (1, "is away", "acme")
    assert exportd.ok("queue", "delayed").out.splitlines()[1] == \
        f"{exports[1]}  {lines[1]['next_try_at']}  1 failure  acme  is away"


def test_many_delayed_are_shown_whole(exportd, sql, issue):
    exportd.enqueue(group=issue)
    sql.execute("INSERT INTO exportd.export (data_export_id, date_added, organization_id, query_type,"
                " query_info, queue, state, next_try_at, attempt, failures, rows, bytes, pages)"
                " SELECT 1000 + n, date_added, organization_id, 0, '', 'data_export', 'delayed',"
                " now() + interval '1 hour', 1, 0, 0, 0, 0 FROM exportd.export,"
                " generate_series(1, 300) AS n")
    lines = exportd.ok("queue", "delayed", "--json").json_lines()
    assert [line["id"] for line in lines] == list(range(1001, 1301))


# ---- dead ----

def test_retry_all_that_is_dead(exportd, sql, issue):
    export = insert_export(sql, {"project_id": "1", "group_id": str(issue), "key": "color"})
    for message in (f'{{"data_export_id": {export}}}', '{"data_export_id": 4711}', "garbage"):
        sql.execute("INSERT INTO exportd.dead (queue, date_added, message, priority, reason, worker)"
                    " VALUES ('data_export', now(), %s, 0, 'r', 'w')", (message.encode(),))
    result = exportd.fails("queue", "retry", "--all")
    assert result.out == "1 in the queue again, 2 left\n" and "2 could not be retried" in result.err
    assert len(exportd.ok("queue", "dead", "--json").json_lines()) == 2
    assert exportd.status(export)["state"] == "waiting"
    assert exportd.fails("queue", "retry", "--all", "--json").json_lines() == [
        {"action": "retry", "enqueued": 0, "left": 2}]


@pytest.mark.parametrize("words", [["retry", "1", "--all"], ["drop", "--all"], ["--all"],
                                   ["workers", "1"], ["delayed", "1"]])
def test_wrong_usage(exportd, words):
    assert exportd.fails("queue", *words, status=2).out == ""


# ---- place and reason ----

def waits(exportd, export):
    status = exportd.status(export)
    return status["place"], status["reason"]


def test_place_and_reason(exportd, sql, issue):
    exports = [exportd.enqueue(group=issue, key=f"key-{number}") for number in range(4)]
    assert [waits(exportd, export) for export in exports] == \
        [(place, "no worker is there to run it") for place in (1, 2, 3, 4)]
    sql.execute("INSERT INTO exportd.worker VALUES"
                " ('w', 'w', 'data_export', '1', 1, now(), clock_timestamp())")
    sql.execute("UPDATE exportd.export SET state = 'running', worker = 'w' WHERE data_export_id = %s",
                (exports[0],))
    assert waits(exportd, exports[0]) == (None, None)
    assert waits(exportd, exports[3]) == (3, "waits its turn; 1 export of its organization runs")
    exportd.ok("quota", "set", "--organization", "acme", "--max-running", 1)
    assert waits(exportd, exports[1]) == (
        1, "1 export of its organization runs, which is the most")
    exportd.ok("queue", "pause")
    assert waits(exportd, exports[1]) == (1, "the queue is paused")
    sql.execute("UPDATE exportd.export SET state = 'delayed', message = 'is away',"
                " next_try_at = '2030-01-01T00:00:00Z' WHERE data_export_id = %s", (exports[2],))
    assert waits(exportd, exports[2]) == (None, "delayed until 2030-01-01T00:00:00.000000Z: is away")
    block = exportd.ok("status", exports[3]).out.splitlines()
    assert block[-2:] == ["place           2", "reason          the queue is paused"]
    assert "place" not in exportd.ok("status", "--json").json_lines()[0]


def test_watch_says_what_it_waits_for(exportd, issue):
    first, second = (exportd.enqueue(group=issue, key=key) for key in ("color", "shape"))
    watcher = subprocess.Popen([exportd.path, "status", str(second), "--watch"],
                               env=exportd.environment({}), stdout=subprocess.PIPE, text=True)
    try:
        line = "EARLY  waiting  0 rows  0 bytes  attempt 0"
        assert watcher.stdout.readline() == f"{line}  place 2: no worker is there to run it\n"
        exportd.ok("cancel", first)
        assert watcher.stdout.readline() == f"{line}  place 1: no worker is there to run it\n"
        exportd.ok("queue", "pause")
        assert watcher.stdout.readline() == f"{line}  place 1: the queue is paused\n"
        exportd.ok("cancel", second)
        assert watcher.stdout.readline() == "CANCELLED  cancelled  0 rows  0 bytes  attempt 0\n"
        assert watcher.wait(10) == 1
    finally:
        watcher.kill()
        watcher.communicate()
