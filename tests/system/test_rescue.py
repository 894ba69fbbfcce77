# SPDX-License-Identifier: Apache-2.0
"""`exportd rescue`: exports whose messages are lost."""
import base64
import json

import pytest

from support.events import group_of, series
from support.jobs import insert_export, push


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    exportd.ingest(series(3))
    return group_of(sql, "issue")


def old_row(sql, issue, number=0):
    """A row that another program made long ago. Each has another query."""
    export = insert_export(sql, {"project_id": "1", "group_id": str(issue), "key": "color",
                                 "number": number})
    sql.execute("UPDATE sentry_exporteddata SET date_added = now() - interval '1 hour'"
                " WHERE id = %s", (export,))
    return export


def listed(exportd, *flags):
    return [line["id"] for line in exportd.ok("rescue", "--json", *flags).json_lines()]


def test_what_is_listed(exportd, sql, queue, issue):
    forgotten = old_row(sql, issue)
    insert_export(sql, {"project_id": "1"})  # new: its message may still come
    finished = old_row(sql, issue, 1)
    sql.execute("UPDATE sentry_exporteddata SET date_finished = now() WHERE id = %s", (finished,))
    known = exportd.enqueue(group=issue, key="shape")
    sql.execute("UPDATE sentry_exporteddata SET date_added = date_added - interval '1 hour'"
                " WHERE id = %s", (known,))
    sql.execute("UPDATE exportd.export SET date_added = date_added - interval '1 hour'")
    sql.execute("SELECT * FROM sentry_exporteddata ORDER BY id")
    before = sql.fetchall()
    result = exportd.ok("rescue")
    words = result.out.split()
    assert words[0] == str(forgotten) and words[2:] == ["acme", "ann@example.com", "Issues-by-Tag"]
    assert words[1].endswith("Z") and len(result.out.splitlines()) == 1
    assert "1 export without a message" in result.err and "--force" in result.err
    line, = exportd.ok("rescue", "--dry-run", "--json").json_lines()
    assert list(line) == ["id", "date_added", "organization", "user", "type", "queued"]
    assert (line["id"], line["queued"]) == (forgotten, False)
    sql.execute("SELECT * FROM sentry_exporteddata ORDER BY id")
    assert sql.fetchall() == before
    sql.execute("SELECT data_export_id FROM exportd.export")
    assert sql.fetchall() == [(known,)]


def test_force_queues_them(exportd, sql, queue, issue):
    exports = [old_row(sql, issue, number) for number in range(3)]
    result = exportd.ok("rescue", "--force", "--json")
    assert [(line["id"], line["queued"]) for line in result.json_lines()] == \
        [(export, True) for export in exports]
    assert "unknown" in result.err
    assert listed(exportd, "--force") == [], "once is enough"
    exportd.drain()
    for export in exports:
        assert exportd.status(export)["status"] == "VALID"


@pytest.mark.parametrize("place", [
    "data_export", "data_export\x06\x163", "data_export\x06\x166", "data_export\x06\x169",
    "exportd:{data_export}:intake:0", "exportd:{data_export}:intake:9"])
def test_a_message_in_a_list(exportd, sql, queue, issue, place):
    push(queue, old_row(sql, issue))
    forgotten = old_row(sql, issue, 1)
    queue.rename("data_export", place)
    assert listed(exportd) == [forgotten]


def test_the_lists_have_the_names_of_the_settings(exportd, sql, queue, issue):
    first, second, forgotten = (old_row(sql, issue, number) for number in range(3))
    exportd.settings.update(REDIS_KEY_PREFIX="sentry-", PRIORITY_SEP=":", PRIORITY_STEPS="0,5")
    push(queue, first)
    queue.rename("data_export", "sentry-data_export:5")
    queue.hset("sentry-unacked", "one", json.dumps([protocol_2(second), "data_export", "x"]))
    push(queue, forgotten)
    assert listed(exportd) == [forgotten]


def protocol_2(export):
    """An unacknowledged message, as kombu stores it."""
    body = base64.b64encode(json.dumps([[], {"data_export_id": export}, {}]).encode()).decode()
    return {"body": body, "content-type": "application/json", "content-encoding": "utf-8",
            "headers": {"id": "0", "task": "sentry.data_export.tasks.assemble_download"},
            "properties": {"body_encoding": "base64"}}


def test_a_message_that_celery_has_not_acknowledged(exportd, sql, queue, issue):
    unacked, forgotten = (old_row(sql, issue, number) for number in range(2))
    queue.hset("unacked", "other", json.dumps([{"body": "e30=", "headers": {"task": "other"}},
                                               "default", "default"]))
    queue.hset("unacked", "unreadable", "[")
    queue.hset("unacked", "ours", json.dumps([protocol_2(unacked), "data_export", "data_export"]))
    assert listed(exportd) == [forgotten]
    queue.delete("unacked")
    assert listed(exportd) == [unacked, forgotten]


@pytest.mark.parametrize("retry_until", ["NULL", "now() + interval '10 seconds'"])
def test_a_message_in_the_dead_list(exportd, sql, queue, issue, retry_until):
    """The message may be retried from there, with its own limit and environment."""
    known, forgotten = (old_row(sql, issue, number) for number in range(2))
    sql.execute("INSERT INTO exportd.dead (queue, date_added, message, priority, reason, worker,"
                "  data_export_id, retry_until)"
                f" VALUES ('data_export', now(), 'm', 0, 'r', 'w', %s, {retry_until})", (known,))
    assert listed(exportd) == [forgotten]


def test_without_redis_only_postgres_is_asked(exportd, sql, queue, issue):
    forgotten = old_row(sql, issue)
    push(queue, forgotten)
    assert listed(exportd) == []
    exportd.settings.update(REDIS_URL="none", LOCK_REDIS_URL="none")
    assert listed(exportd) == [forgotten]


def test_nothing_is_forgotten(exportd, issue):
    result = exportd.ok("rescue")
    assert result.out == "" and "no export" in result.err


def test_more_than_one_page(exportd, sql, queue, issue):
    sql.execute("""INSERT INTO sentry_exporteddata (date_added, query_type, query_info,
                                                    organization_id, user_id)
                   SELECT now() - interval '1 day', 0, '{}', (SELECT id FROM sentry_organization),
                          NULL FROM generate_series(1, 2500)""")
    lines = exportd.ok("rescue", "--json").json_lines()
    assert len({line["id"] for line in lines}) == 2500
    assert lines[0]["user"] is None


def test_servers_that_are_away(exportd, sql, issue):
    old_row(sql, issue)
    exportd.fails("rescue", "--force", REDIS_URL="unix:///nowhere.sock", status=4)
    sql.execute("SELECT count(*) FROM exportd.export")
    assert sql.fetchone() == (0,), "nothing is changed"
    exportd.fails("rescue", DATABASE_URL="host=/nowhere dbname=none", status=4)
