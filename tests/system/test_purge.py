# SPDX-License-Identifier: Apache-2.0
"""`exportd purge` removes all data of a user's or an organization's exports, and no other data."""
import os

import pytest

from support.events import event, group_of, series
from support.jobs import insert_export

ANN = ["--user", "ann@example.com"]
ACME = ["--organization", "acme"]


@pytest.fixture
def issue(exportd, sql):
    exportd.create(users=("ann@example.com", "bob@example.com"))
    exportd.ingest(series(3) + [event(tags={"shape": "round", "size": "big"})])
    return group_of(sql, "issue")


@pytest.fixture
def exports(exportd, sql, issue):
    """Ids by state. Of ann's valid exports, one has the same file as bob's, and the other's mail waits."""
    made = {"shared": exportd.enqueue(group=issue), "shape": exportd.enqueue(group=issue, key="shape"),
            "expired": exportd.enqueue(group=issue, key="size"),
            "failed": exportd.enqueue(group=issue, key="none"),
            "bob": exportd.enqueue(group=issue, user="bob@example.com")}
    exportd.drain()
    sql.execute("UPDATE sentry_exporteddata SET date_expired = now() - interval '1 day' WHERE id = %s",
                (made["expired"],))
    exportd.ok("cleanup")
    sql.execute("UPDATE exportd.outbox SET state = 'waiting' WHERE data_export_id = %s",
                (made["shape"],))
    made["delayed"] = exportd.enqueue(group=issue, key="later")
    sql.execute("UPDATE exportd.export SET state = 'delayed', next_try_at = now() + interval '1 hour'"
                " WHERE state = 'waiting'")
    made["waiting"] = exportd.enqueue(group=issue)
    made["unknown"] = insert_export(sql, {"project_id": "1"})
    return made


def ids(sql):
    """All exports that have a row in any table."""
    sql.execute("SELECT id FROM sentry_exporteddata UNION SELECT data_export_id FROM exportd.export"
                " UNION SELECT data_export_id FROM exportd.attempt"
                " UNION SELECT data_export_id FROM exportd.outbox"
                " UNION SELECT data_export_id FROM exportd.object")
    return {row[0] for row in sql.fetchall()}


def purged(sql):
    sql.execute("SELECT data_export_id FROM exportd.audit WHERE action = 'purge' ORDER BY id")
    return [row[0] for row in sql.fetchall()]


def expect_nothing_but_bobs(exportd, sql, exports):
    assert ids(sql) == {exports["bob"]}
    assert len(exportd.objects()) == 1
    assert exportd.download(exports["bob"]).startswith(b"value,")
    assert purged(sql) == sorted(set(exports.values()) - {exports["bob"]})


def test_a_user(exportd, sql, exports):
    sums = "7 exports (3 not finished), 2 files and 1 waiting mail; 0 failed\n"
    before = ids(sql), exportd.objects()
    assert exportd.ok("purge", *ANN, "--dry-run").out == f"would remove {sums}"
    assert (ids(sql), exportd.objects()) == before and purged(sql) == []
    assert exportd.ok("purge", *ANN).out == f"removed {sums}"
    expect_nothing_but_bobs(exportd, sql, exports)
    sql.execute("SELECT detail, count(*) FROM exportd.audit WHERE action = 'purge' GROUP BY 1 ORDER BY 1")
    assert sql.fetchall() == [("before it was finished", 3), (None, 4)]
    sql.execute("SELECT count(*) FROM auth_user WHERE email = 'ann@example.com'")
    assert sql.fetchone() == (1,), "the user's row is left alone"
    mails = len(exportd.mails())
    exportd.drain()  # messages of purged exports start nothing
    assert ids(sql) == {exports["bob"]} and len(exportd.mails()) == mails


def test_again_there_is_nothing_left(exportd, exports):
    assert exportd.ok("purge", *ANN, "--json").json_lines() == [
        {"exports": 7, "cancelled": 3, "files": 2, "mails": 1, "failed": 0, "dry_run": False}]
    assert exportd.ok("purge", *ANN, "--json").json_lines() == [
        {"exports": 0, "cancelled": 0, "files": 0, "mails": 0, "failed": 0, "dry_run": False}]


def test_a_user_whose_row_is_gone(exportd, sql, exports):
    """Sentry has set user_id to NULL. exportd knows the user of each export except one that it never saw."""
    sql.execute("SELECT id FROM auth_user WHERE email = 'ann@example.com'")
    ann, = sql.fetchone()
    sql.execute("UPDATE sentry_exporteddata SET user_id = NULL WHERE user_id = %s", (ann,))
    sql.execute("DELETE FROM sentry_organizationmember WHERE user_id = %s", (ann,))
    sql.execute("DELETE FROM auth_user WHERE id = %s", (ann,))
    assert "named by id" in exportd.fails("purge", *ANN, status=3).err
    exportd.ok("purge", "--user", ann)
    assert ids(sql) == {exports["bob"], exports["unknown"]}


def test_an_organization(exportd, sql, exports, issue):
    exportd.create("other", users=("ann@example.com",), projects=(2,))
    other = exportd.enqueue(project=2, organization="other")
    assert exportd.ok("purge", *ACME).out.startswith("removed 8 exports (3 not finished), 3 files")
    assert ids(sql) == {other} and exportd.objects() == []


def test_an_organization_whose_row_is_gone(exportd, sql, exports):
    sql.execute("SELECT id FROM sentry_organization WHERE slug = 'acme'")
    acme, = sql.fetchone()
    sql.execute("UPDATE sentry_organization SET slug = 'renamed'")
    exportd.fails("purge", *ACME, status=3)
    exportd.ok("purge", "--organization", acme)
    assert ids(sql) == set()


def test_a_row_that_another_job_left_is_not_taken_for_the_users(exportd, sql, issue):
    """After a restore of the database, the id is that of bob's export, and exportd's own row is outdated."""
    export = exportd.enqueue(group=issue, user="bob@example.com")
    sql.execute("UPDATE exportd.export SET date_added = '2019-01-01', state = 'failed',"
                " user_id = (SELECT id FROM auth_user WHERE email = 'ann@example.com')")
    assert exportd.ok("purge", *ANN).out.startswith("removed 0 exports")
    assert exportd.status(export)["status"] == "EARLY"


def test_more_than_a_page(exportd, sql, issue):
    sql.execute("INSERT INTO sentry_exporteddata (date_added, query_type, query_info, organization_id,"
                " user_id) SELECT now(), 0, n, o.id, u.id FROM generate_series(1, 250) AS n,"
                " sentry_organization o, auth_user u WHERE u.email = 'ann@example.com'")
    assert exportd.ok("purge", *ANN).out.startswith("removed 250 exports (250 not finished)")
    assert ids(sql) == set()


@pytest.mark.parametrize("fault", ["purge_export", "purge_export:kill:6", "cleanup_object",
                                   "cleanup_forget"])
def test_a_purge_that_was_killed_is_finished_by_the_next(exportd, sql, queue, exports, fault):
    name, _, rest = fault.partition(":")
    assert exportd.run("purge", *ANN, FAULT=f"{name}:{rest or 'kill'}").status == -9
    assert 1 <= len(purged(sql)) <= 7
    queue.flushall()  # the dead one's upload lock, which would end by itself within a minute
    exportd.ok("purge", *ANN)
    expect_nothing_but_bobs(exportd, sql, exports)


def test_an_object_that_cannot_be_removed_is_status_1(exportd, sql, exports, queue):
    sql.execute("SELECT path, checksum FROM sentry_fileblob WHERE id = (SELECT blob_id FROM"
                " sentry_fileblobindex i JOIN sentry_exporteddata e USING (file_id) WHERE e.id = %s)",
                (exports["shape"],))
    path, checksum = sql.fetchone()
    queue.set(f"l:fileblob:upload:{checksum}", "another process", ex=600)
    result = exportd.fails("purge", *ANN, timeout=180)
    assert result.out.endswith("; 1 failed\n") and "cleanup" in result.err
    assert os.path.exists(os.path.join(exportd.store, path))
    assert ids(sql) == {exports["bob"], exports["shape"]}, "the journal names it"
    queue.flushall()
    exportd.ok("cleanup")
    expect_nothing_but_bobs(exportd, sql, exports)
