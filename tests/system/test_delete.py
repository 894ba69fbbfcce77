# SPDX-License-Identifier: Apache-2.0
"""`exportd delete` removes a finished export with its file; exportd keeps its own record of it."""
import pytest

from support.events import group_of, series
from support.waiting import wait_until


@pytest.fixture
def issue(exportd, sql):
    exportd.create(users=("ann@example.com", "bob@example.com"))
    exportd.ingest(series(3))
    return group_of(sql, "issue")


@pytest.fixture
def valid(exportd, issue):
    export = exportd.enqueue(group=issue)
    exportd.drain()
    assert exportd.status(export)["status"] == "VALID"
    return export


def expect_deleted(exportd, sql, export):
    status = exportd.status(export)
    assert (status["status"], status["state"], status["message"]) == \
        ("GONE", "gone", "deleted by an operator")
    assert status["date_finished"] is not None and status["attempts"] == 1
    sql.execute("SELECT count(*) FROM sentry_exporteddata WHERE id = %s", (export,))
    assert sql.fetchone() == (0,)
    assert "is gone: deleted by an operator" in exportd.fails("download", export, status=3).err
    entry = exportd.ok("audit", "--export", export, "--json").json_lines()[0]
    assert entry["action"] == "delete" and entry["user"] == "ann@example.com"


def tables(sql):
    sql.execute("SELECT (SELECT count(*) FROM sentry_file), (SELECT count(*) FROM sentry_fileblob),"
                " (SELECT count(*) FROM sentry_fileblobindex), (SELECT count(*) FROM exportd.object)")
    return sql.fetchone()


def test_a_finished_export(exportd, sql, valid):
    assert exportd.ok("delete", valid).out == f"deleted {valid}\n"
    expect_deleted(exportd, sql, valid)
    assert tables(sql) == (0, 0, 0, 0) and exportd.objects() == []


def test_a_blob_that_another_file_shares_stays(exportd, sql, issue, valid):
    other = exportd.enqueue(group=issue, user="bob@example.com")
    exportd.drain()
    assert exportd.ok("delete", "--json", valid).json_lines() == [
        {"id": valid, "deleted": True, "error": None}]
    expect_deleted(exportd, sql, valid)
    assert tables(sql) == (1, 1, 1, 0)
    assert exportd.download(other).startswith(b"value,")
    exportd.ok("delete", other)
    assert tables(sql) == (0, 0, 0, 0) and exportd.objects() == []


def test_a_mail_that_waits_is_not_sent(exportd, sql, valid):
    sql.execute("UPDATE exportd.outbox SET state = 'waiting', next_try_at = now()")
    exportd.ok("delete", valid)
    assert exportd.status(valid)["mail"] == "none"


def test_an_expired_export(exportd, sql, valid):
    sql.execute("UPDATE sentry_exporteddata SET date_expired = now() - interval '1 day'")
    exportd.ok("cleanup")
    exportd.ok("delete", valid)
    expect_deleted(exportd, sql, valid)


def test_one_that_cannot_be_does_not_stop_the_others(exportd, sql, issue, valid):
    failed = exportd.enqueue(group=issue, key="nosuchkey")
    exportd.drain()
    waiting = exportd.enqueue(group=issue, key="shape")
    result = exportd.fails("delete", failed, waiting, 999, valid)
    assert result.out == f"deleted {valid}\n"
    assert f"not deleted: export {failed} is failed: it has no file\n" in result.err
    assert f"not deleted: export {waiting} is not finished: cancel it first\n" in result.err
    assert "not deleted: there is no export 999\n" in result.err
    assert "3 of 4 could not be deleted" in result.err
    assert exportd.fails("delete", "--json", valid).json_lines() == [
        {"id": valid, "deleted": False, "error": f"export {valid} is gone: it has no file"}]


def test_a_running_export(exportd, issue):
    export = exportd.enqueue(group=issue)
    with exportd.worker(FAULT="page:delay=1500") as worker:
        wait_until(lambda: exportd.status(export)["state"] == "running", "it runs")
        assert "cancel it first" in exportd.fails("delete", export).err
        wait_until(lambda: exportd.status(export)["status"] == "VALID", "it is left alone")
        assert worker.stop() == 0


@pytest.mark.parametrize("fault", ["delete_export", "cleanup_object", "cleanup_forget"])
def test_what_a_killed_delete_left_goes_with_the_next_cleanup(exportd, sql, queue, valid, fault):
    assert exportd.run("delete", valid, FAULT=f"{fault}:kill").status == -9
    expect_deleted(exportd, sql, valid)
    queue.flushall()  # the dead one's upload lock, which would end by itself within a minute
    exportd.ok("cleanup")
    assert tables(sql) == (0, 0, 0, 0) and exportd.objects() == []


def test_old_deleted_ones_leave_the_history(exportd, sql, valid):
    exportd.ok("delete", valid)
    sql.execute("UPDATE exportd.export SET finished_at = now() - interval '91 days'")
    assert "the history of 1 export " in exportd.ok("cleanup").out
    exportd.fails("status", valid, status=3)
