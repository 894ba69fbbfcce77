# SPDX-License-Identifier: Apache-2.0
"""`exportd retry` requests a failed export again."""
import concurrent.futures

import pytest

from support.events import group_of, series


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    exportd.ingest(series(3))
    return group_of(sql, "issue")


@pytest.fixture
def failed(exportd, issue):
    """A failed export of a key that an event brings only after the failure."""
    export = exportd.enqueue(group=issue, key="shape", limit=2)
    exportd.drain()
    assert exportd.status(export)["status"] == "FAILED"
    exportd.ingest(series(3, key="shape"))
    return export


def test_a_failed_export(exportd, failed):
    new = int(exportd.ok("retry", failed).out)
    assert new > failed
    assert exportd.ok("retry", failed).out == f"{new}\n", "it is not finished yet"
    exportd.drain()
    status = exportd.status(new)
    assert (status["status"], status["rows"], status["limit"], status["truncated"]) == \
        ("VALID", 2, 2, "limit")
    assert (status["retry_of"], status["user"], status["source"]) == (failed, "ann@example.com", "cli")
    assert exportd.status(failed)["status"] == "FAILED"
    assert len(exportd.mails()) == 2
    actions = [(entry["action"], entry["detail"]) for entry in
               exportd.ok("audit", "--export", failed, "--json").json_lines()]
    assert actions == [("retry", f"as export {new}"), ("create", None)]


def test_a_cancelled_export(exportd, issue):
    export = exportd.enqueue(group=issue)
    exportd.ok("cancel", export)
    new = int(exportd.ok("retry", export).out)
    exportd.drain()
    assert exportd.status(new)["status"] == "VALID"


def test_a_delayed_export_is_due_now(exportd, sql, issue):
    export = exportd.enqueue(group=issue)
    sql.execute("UPDATE exportd.export SET state = 'delayed', attempt = 1, failures = 1,"
                " message = 'is away', next_try_at = now() + interval '1 hour'")
    assert exportd.ok("retry", export, "--json").json_lines() == [
        {"id": export, "retried": True, "retried_as": export, "error": None}]
    assert exportd.status(export)["next_try_at"] is None
    exportd.drain()
    assert exportd.status(export)["status"] == "VALID"


def test_one_that_cannot_be_does_not_stop_the_others(exportd, sql, issue, failed):
    valid = exportd.enqueue(group=issue)
    exportd.drain()
    waiting = exportd.enqueue(group=issue, key="size")
    result = exportd.fails("retry", valid, 999, waiting, failed)
    new = int(result.out)
    assert f"not retried: export {valid} has succeeded\n" in result.err
    assert "not retried: there is no export 999\n" in result.err
    assert f"not retried: export {waiting} waits already\n" in result.err
    assert "3 of 4 could not be retried" in result.err
    result = exportd.fails("retry", "--json", waiting, failed)
    assert result.json_lines() == [
        {"id": waiting, "retried": False, "retried_as": None,
         "error": f"export {waiting} waits already"},
        {"id": failed, "retried": True, "retried_as": new, "error": None}]


def test_a_user_who_is_gone(exportd, sql, failed):
    sql.execute("DELETE FROM sentry_organizationmember; DELETE FROM auth_user")
    assert f"export {failed}: the user is gone" in exportd.fails("retry", failed, status=3).err


def test_as_many_wait_as_may(exportd, issue, failed):
    exportd.enqueue(group=issue)
    result = exportd.fails("retry", failed, MAX_QUEUED=1)
    assert "not retried: acme has 1 export waiting" in result.err


def test_several_at_once_make_one(exportd, sql, failed):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = [pool.submit(exportd.ok, "retry", failed) for _ in range(8)]
        assert len({run.result().out for run in done}) == 1
    sql.execute("SELECT count(*) FROM exportd.export WHERE retry_of = %s", (failed,))
    assert sql.fetchone() == (1,)
    sql.execute("SELECT count(*) FROM exportd.audit WHERE action = 'retry'")
    assert sql.fetchone() == (1,)
