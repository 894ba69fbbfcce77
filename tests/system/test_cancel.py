# SPDX-License-Identifier: Apache-2.0
"""`exportd cancel`: an export that is not finished ends without file and mail, and its message revives nothing."""
import pytest

from support.events import hash_of, series
from support.jobs import insert_export, push


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    exportd.ingest(series(3))
    sql.execute("SELECT group_id FROM sentry_grouphash WHERE hash = %s", (hash_of("issue"),))
    return sql.fetchone()[0]


def expect_cancelled(exportd, sql, export):
    status = exportd.status(export)
    assert (status["status"], status["state"], status["mail"]) == ("CANCELLED", "cancelled", "none")
    assert status["message"] == "cancelled by an operator" and status["date_finished"] is not None
    sql.execute("SELECT count(*) FROM sentry_exporteddata WHERE id = %s", (export,))
    assert sql.fetchone() == (0,)
    assert "cancelled by an operator" in exportd.fails("download", export).err


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
    exportd.fails("status", export)
