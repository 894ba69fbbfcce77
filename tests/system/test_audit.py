# SPDX-License-Identifier: Apache-2.0
"""`exportd audit`: each change of an export, with its actor."""
import getpass

import pytest

from support.events import group_of, series

ACTOR = f"cli:{getpass.getuser()}"


@pytest.fixture
def issue(exportd, sql):
    exportd.create(users=("ann@example.com", "bob@example.com"))
    exportd.ingest(series(3))
    return group_of(sql, "issue")


def audit(exportd, *arguments):
    """(action, export, actor) of each entry."""
    return [(entry["action"], entry["data_export_id"], entry["actor"])
            for entry in exportd.ok("audit", "--json", *arguments).json_lines()]


def test_each_action_is_told_once_newest_first(exportd, sql, issue):
    export = exportd.enqueue(group=issue)
    assert exportd.enqueue(group=issue) == export, "a twin that is adopted is nothing new"
    exportd.fails("download", export, status=3)
    exportd.drain()
    exportd.download(export)
    sql.execute("UPDATE sentry_exporteddata SET date_expired = now() - interval '1 hour'")
    exportd.ok("cleanup")
    exportd.fails("download", export, status=3)
    other = exportd.enqueue(group=issue)
    exportd.ok("cancel", other)
    assert audit(exportd) == [("cancel", other, ACTOR), ("create", other, ACTOR),
                              ("expiry", export, "cleanup"), ("download", export, ACTOR),
                              ("create", export, ACTOR)]


def test_an_entry_as_json_and_as_a_line(exportd, sql, issue):
    export = exportd.enqueue(group=issue)
    sql.execute("SELECT a.id, to_char(at, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), organization_id, user_id"
                " FROM exportd.audit a")
    number, at, organization, user = sql.fetchone()
    assert exportd.ok("audit", "--json").json_lines() == [{
        "id": number, "at": at, "action": "create", "data_export_id": export,
        "organization_id": organization, "organization": "acme", "user_id": user,
        "user": "ann@example.com", "actor": ACTOR, "detail": None}]
    assert exportd.ok("audit").out == \
        f"{number}  {at}  create    export {export}  acme  ann@example.com  by {ACTOR}\n"
    sql.execute("UPDATE exportd.audit SET user_id = 4711, detail = 'why'")
    assert exportd.ok("audit").out.endswith(f"  acme  #4711  by {ACTOR}  why\n")


def test_filters(exportd, sql, issue):
    anns = exportd.enqueue(group=issue)
    bobs = exportd.enqueue(group=issue, user="bob@example.com")
    exportd.ok("cancel", bobs)
    exportd.create("other", users=("eve@example.com",), projects=(2,))
    eves = exportd.enqueue(project=2, organization="other", user="eve@example.com")
    sql.execute("SELECT id FROM sentry_organization WHERE slug = 'other'")
    other, = sql.fetchone()

    def exports(*arguments):
        return [export for _, export, _ in audit(exportd, *arguments)]
    assert exports("--organization", "other") == [eves] == exports("--organization", other)
    assert exports("--user", "BOB@example.com") == [bobs, bobs]
    assert exports("--user", "bob@example.com", "--action", "cancel") == [bobs]
    assert exports("--action", "create") == [eves, bobs, anns]
    assert exports("--export", anns) == [anns]
    assert exports("--action", "purge") == []
    assert "no user" in exportd.fails("audit", "--user", "nobody@example.com", status=3).err
    assert "no organization" in exportd.fails("audit", "--organization", "none", status=3).err


def test_pages(exportd, sql):
    sql.execute("INSERT INTO exportd.audit (action, data_export_id, organization_id, actor)"
                " SELECT 'create', n, 1, 'somebody' FROM generate_series(1, 120) AS n")
    seen, before = [], []
    for rest in (120, 70):
        page = exportd.ok("audit", "--json", *before)
        seen += [entry["data_export_id"] for entry in page.json_lines()]
        before = ["--before", str(page.json_lines()[-1]["id"])]
        assert page.err == f"50 of {rest}; older entries: {' '.join(before)}\n"
    page = exportd.ok("audit", "--json", *before)
    assert page.err == "", "the last page"
    seen += [entry["data_export_id"] for entry in page.json_lines()]
    assert seen == list(range(120, 0, -1))
    assert len(exportd.ok("audit", "--limit", 200).out.splitlines()) == 120


def test_what_is_not_done_is_not_told(exportd, sql, issue):
    """The entry is part of the transaction: if it fails, nothing is made, cancelled or downloaded."""
    export = exportd.enqueue(group=issue)
    exportd.drain()
    waiting = exportd.enqueue(group=issue, key="shape")
    sql.execute("ALTER TABLE exportd.audit ADD CONSTRAINT none CHECK (false) NOT VALID")
    result = exportd.fails("download", export, "-o", "-")
    assert result.out == ""
    exportd.fails("cancel", waiting)
    assert exportd.status(waiting)["status"] == "EARLY"
    sql.execute("UPDATE sentry_exporteddata SET date_expired = now() - interval '1 hour'"
                " WHERE id = %s", (export,))
    exportd.fails("cleanup")
    sql.execute("SELECT count(*) FROM sentry_exporteddata WHERE file_id IS NOT NULL")
    assert sql.fetchone() == (1,) and len(exportd.objects()) == 1
    exportd.fails("enqueue", "--organization", "acme", "--project", 1, "--group", issue, "--key", "x",
                  "--user", "ann@example.com", "--force")
    sql.execute("SELECT count(*) FROM sentry_exporteddata")
    assert sql.fetchone() == (2,)


def test_what_operators_do_is_not_done_without_its_entry(exportd, sql, issue):
    valid = exportd.enqueue(group=issue)
    failed = exportd.enqueue(group=issue, key="none")
    exportd.drain()
    delayed = exportd.enqueue(group=issue, key="shape")
    sql.execute("UPDATE exportd.export SET state = 'delayed', next_try_at = now() + interval '1 hour'"
                " WHERE data_export_id = %s", (delayed,))

    def everything():
        rows = []
        for table in ("sentry_exporteddata", "exportd.export", "exportd.attempt", "exportd.outbox",
                      "exportd.object", "exportd.audit", "sentry_file", "sentry_fileblob"):
            sql.execute(f"SELECT * FROM {table} ORDER BY 1, 2")
            rows += sql.fetchall()
        return rows, exportd.objects()

    commands = [("retry", failed), ("retry", delayed), ("delete", valid),
                ("purge", "--user", "ann@example.com"), ("purge", "--organization", "acme")]
    before = everything()
    sql.execute("ALTER TABLE exportd.audit ADD CONSTRAINT none CHECK (false) NOT VALID")
    for command in commands:
        exportd.fails(*command)
        assert everything() == before, command
    sql.execute("ALTER TABLE exportd.audit DROP CONSTRAINT none")
    for command in commands[:-1]:
        exportd.ok(*command)
    assert {action for action, _, _ in audit(exportd)} == {"create", "retry", "delete", "purge"}


def test_cleanup_deletes_old_entries(exportd, sql):
    sql.execute("INSERT INTO exportd.audit (at, action, data_export_id, organization_id, actor)"
                " SELECT now() - n * interval '1 day', 'create', n, 1, 'somebody'"
                " FROM unnest(ARRAY[1, 399, 401, 402]) AS n")
    assert " and 2 audit entries; " in exportd.ok("cleanup", "--dry-run").out
    assert len(audit(exportd)) == 4
    assert " and 2 audit entries; " in exportd.ok("cleanup").out
    assert " and 1 audit entry; " in exportd.ok("cleanup", AUDIT_DAYS=2).out
    assert audit(exportd) == [("create", 1, "somebody")]
