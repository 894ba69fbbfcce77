# SPDX-License-Identifier: Apache-2.0
"""`exportd cancel`: an unfinished export ends without file and mail, and its message does not start it again."""
import contextlib
import datetime
import threading

import pytest

from support.events import group_of, series
from support.jobs import insert_export, push
from support.scripted_snuba import ScriptedSnuba, Values
from support.waiting import wait_until


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    exportd.ingest(series(3))
    return group_of(sql, "issue")


def expect_cancelled(exportd, sql, export):
    status = exportd.status(export)
    assert (status["status"], status["state"], status["mail"]) == ("CANCELLED", "cancelled", "none")
    assert status["message"] == "cancelled by an operator" and status["date_finished"] is not None
    sql.execute("SELECT count(*) FROM sentry_exporteddata WHERE id = %s", (export,))
    assert sql.fetchone() == (0,)
    assert "cancelled by an operator" in exportd.fails("download", export, status=3).err


def test_a_waiting_export(exportd, sql, queue, issue):
    export, other = exportd.enqueue(group=issue), exportd.enqueue(group=issue, key="shape")
    assert exportd.ok("cancel", export).out == f"cancelled {export}\n"
    expect_cancelled(exportd, sql, export)
    exportd.drain()
    expect_cancelled(exportd, sql, export)
    assert exportd.status(other)["state"] in ("valid", "failed"), "the worker goes on"
    assert len(exportd.mails()) == 1
    assert exportd.fails("status", export, "--watch").out.startswith("CANCELLED")


def test_a_delayed_export(exportd, sql, issue):
    export = exportd.enqueue(group=issue)
    sql.execute("UPDATE exportd.export SET state = 'delayed', attempt = 1, message = 'is away',"
                " next_try_at = now() + interval '1 hour'")
    exportd.ok("cancel", export)
    expect_cancelled(exportd, sql, export)
    assert exportd.status(export)["next_try_at"] is None


def test_one_that_exportd_has_not_taken_in(exportd, sql, queue, issue):
    export = insert_export(sql, {"project_id": "1", "group_id": str(issue), "key": "color"})
    exportd.ok("cancel", export)
    expect_cancelled(exportd, sql, export)
    push(queue, export)
    exportd.drain()
    expect_cancelled(exportd, sql, export)
    assert exportd.mails() == [] and exportd.ok("queue", "dead").out == ""


def test_the_same_can_be_asked_for_again(exportd, issue):
    export = exportd.enqueue(group=issue)
    exportd.ok("cancel", export)
    again = exportd.enqueue(group=issue)
    assert again != export
    exportd.drain()
    assert exportd.status(again)["status"] == "VALID"


def test_one_that_cannot_be_does_not_stop_the_others(exportd, sql, issue):
    valid = exportd.enqueue(group=issue)
    exportd.drain()
    waiting = exportd.enqueue(group=issue, key="shape")
    result = exportd.fails("cancel", valid, 999, waiting)
    assert result.out == f"cancelled {waiting}\n"
    assert f"export {valid} is finished already" in result.err
    assert "there is no export 999" in result.err and "2 of 3 could not be cancelled" in result.err
    assert exportd.status(valid)["status"] == "VALID"
    expect_cancelled(exportd, sql, waiting)

    result = exportd.fails("cancel", "--json", waiting, 999)
    assert result.json_lines() == [
        {"id": waiting, "cancelled": False, "error": f"export {waiting} is finished already"},
        {"id": 999, "cancelled": False, "error": "there is no export 999"}]
    other = exportd.enqueue(group=issue)
    assert exportd.ok("cancel", "--json", other).json_lines() == [
        {"id": other, "cancelled": True, "error": None}]


def test_old_cancelled_ones_leave_the_history(exportd, sql, issue):
    export = exportd.enqueue(group=issue)
    exportd.ok("cancel", export)
    sql.execute("UPDATE exportd.export SET finished_at = now() - interval '91 days'")
    assert "the history of 1 export " in exportd.ok("cleanup").out
    exportd.fails("status", export, status=3)


# ---- running ----

def count(sql, table):
    sql.execute(f"SELECT count(*) FROM {table}")
    return sql.fetchone()[0]


def cancel_running(exportd, sql, worker, export):
    """Cancels an export, waits until its thread has noticed, and checks that nothing is left."""
    exportd.ok("cancel", export)
    worker.wait_for_event("dataexport.lost", seconds=10)  # each of these jobs would take minutes
    expect_cancelled(exportd, sql, export)
    wait_until(lambda: exportd.objects() == [], "the store is empty")
    assert [count(sql, table) for table in ("exportd.object", "sentry_fileblob", "sentry_file")] == [0, 0, 0]
    sql.execute("SELECT outcome, message FROM exportd.attempt WHERE data_export_id = %s", (export,))
    assert sql.fetchall() == [("cancelled", "cancelled by an operator")]


def expect_stopped(sql, worker, export, seconds=2):
    """The thread stops within `seconds` of the cancel. One time is PostgreSQL's, the other the worker's;
    both have this machine's clock."""
    sql.execute("SELECT finished_at FROM exportd.export WHERE data_export_id = %s", (export,))
    lost, = worker.events("dataexport.lost")
    stopped = datetime.datetime.fromisoformat(lost["ts"].replace("Z", "+00:00"))
    assert stopped - sql.fetchone()[0] <= datetime.timedelta(seconds=seconds)


def finish_another(exportd, worker, issue):
    """The same thread runs the next export."""
    export = exportd.enqueue(group=issue, key="shape", user="ann@example.com")
    wait_until(lambda: exportd.status(export)["state"] in ("valid", "failed"), "the next export")
    assert worker.stop() == 0


def test_between_pages(exportd, sql, issue):
    exportd.ingest(series(600))
    export = exportd.enqueue(group=issue)
    with exportd.worker(CONCURRENCY=1, PAGE_SIZE=1, FAULT="page:delay=100") as worker:
        wait_until(lambda: exportd.status(export)["rows"] > 0, "a page")
        cancel_running(exportd, sql, worker, export)
        expect_stopped(sql, worker, export)
        finish_another(exportd, worker, issue)


def test_while_postgres_answers(exportd, sql, postgres, database, issue):
    export = exportd.enqueue(group=issue)
    with contextlib.closing(postgres.connect(database)) as other:
        other.autocommit = False
        other.cursor().execute("LOCK TABLE tagstore_grouptagvalue IN ACCESS EXCLUSIVE MODE")
        with exportd.worker(CONCURRENCY=1) as worker:
            wait_until(lambda: exportd.status(export)["state"] == "running", "it runs")
            wait_until(lambda: waits_for_a_lock(sql), "the cursor waits")
            cancel_running(exportd, sql, worker, export)
            other.rollback()
            finish_another(exportd, worker, issue)


def waits_for_a_lock(sql):
    sql.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND application_name = 'exportd tagstore'")
    return sql.fetchone()[0] > 0


def test_inside_a_snuba_page(exportd, sql, issue):
    asked, release = threading.Event(), threading.Event()

    def hang(body, server):
        asked.set()
        release.wait(120)
        return Values([])(body, server)

    with ScriptedSnuba(hang) as snuba:
        export = exportd.enqueue(group=issue)
        with exportd.worker(CONCURRENCY=1, TAGSTORE="snuba", SNUBA_URL=snuba.url) as worker:
            assert asked.wait(20)
            cancel_running(exportd, sql, worker, export)
            expect_stopped(sql, worker, export)
            release.set()
            finish_another(exportd, worker, issue)


def test_while_it_is_stored(exportd, sql, issue):
    export = exportd.enqueue(group=issue)
    with exportd.worker(CONCURRENCY=1, FAULT="blob_row:delay=3000") as worker:
        wait_until(lambda: exportd.objects() != [], "an object is written")
        cancel_running(exportd, sql, worker, export)
        finish_another(exportd, worker, issue)


def test_it_is_over_when_its_outcome_was_first(exportd, sql, issue):
    export = exportd.enqueue(group=issue)
    with exportd.worker(CONCURRENCY=1, FAULT="after_commit:delay=2000") as worker:
        wait_until(lambda: exportd.status(export)["state"] == "valid", "it is valid")
        assert "is finished" in exportd.fails("cancel", export).err
        assert worker.stop() == 0
    assert len(exportd.mails()) == 1 and exportd.download(export)
