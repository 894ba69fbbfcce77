# SPDX-License-Identifier: Apache-2.0
"""Trouble with the database, or odd data in it, does not become the users' failure."""
import json
import os

import pytest

from support.events import event, group_of, series
from support.waiting import wait_until


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    exportd.ingest(series(3))
    return group_of(sql, "issue")


def wait_for_status(exportd, export, **members):
    def seen():
        status = exportd.status(export)
        return status if all(status[name] == value for name, value in members.items()) else None
    return wait_until(seen, f"export {export} has {members}", 30, 0.2)


@pytest.mark.parametrize("spoil, mend, word", [
    ("ALTER SEQUENCE sentry_file_id_seq MAXVALUE 2147483647;"
     " SELECT setval('sentry_file_id_seq', 2147483647)",
     "ALTER SEQUENCE sentry_file_id_seq NO MAXVALUE",
     'PostgreSQL error 2200H: nextval: reached maximum value of sequence "sentry_file_id_seq"'
     " (2147483647)"),
    # The sequence of an old installation has 64 bits, its column 32.
    ("ALTER TABLE sentry_fileblob ALTER id TYPE integer;"
     " SELECT setval('sentry_fileblob_id_seq', 2147483647)",
     "ALTER TABLE sentry_fileblob ALTER id TYPE bigint",
     "PostgreSQL error 22003: integer out of range"),
])
def test_a_sequence_at_its_end_is_waited_for(exportd, sql, issue, spoil, mend, word):
    sql.execute(spoil)
    export = exportd.enqueue(group=issue)
    with exportd.worker(MAX_FAILURES=1) as worker:
        status = wait_for_status(exportd, export, state="delayed")
        assert (status["failures"], status["message"]) == (0, word)
        assert exportd.mails() == []
        sql.execute(mend)
        wait_for_status(exportd, export, status="VALID")
        worker.stop()


def test_ingest_blames_no_event_for_a_sequence(exportd, sql, issue):
    sql.execute("ALTER SEQUENCE sentry_message_id_seq MAXVALUE 2147483647;"
                " SELECT setval('sentry_message_id_seq', 2147483647)")
    lines = "".join(f'{{"event_id": "{n:032x}", "project_id": 1, "hashes": ["{n:032x}"],'
                    f' "datetime": "2026-03-01T12:00:00Z", "message": "x", "data": {{}}}}\n'
                    for n in range(1, 4))
    result = exportd.fails("ingest", "-", stdin=lines, status=4)
    assert result.out == "" and 'exportd ingest: PostgreSQL error 2200H: ' in result.err, result


# ---- rows that refer to an export's row ----

# The table of Sentry since June 2020.
PARTS = """CREATE TABLE sentry_exporteddatablob (
               id bigserial PRIMARY KEY,
               data_export_id bigint NOT NULL
                   REFERENCES sentry_exporteddata DEFERRABLE INITIALLY DEFERRED,
               blob_id bigint NOT NULL, "offset" bigint NOT NULL CHECK ("offset" >= 0),
               UNIQUE (data_export_id, blob_id, "offset"))"""
OTHER = """CREATE TABLE notes (data_export_id bigint NOT NULL
               REFERENCES sentry_exporteddata DEFERRABLE INITIALLY DEFERRED)"""


def add_part(sql, export):
    sql.execute('INSERT INTO sentry_exporteddatablob (data_export_id, blob_id, "offset")'
                " VALUES (%s, 1, 0)", (export,))


def count(sql, table):
    sql.execute(f"SELECT count(*) FROM {table}")
    return sql.fetchone()[0]


def test_the_parts_of_an_export_go_with_it(exportd, sql, issue):
    """They are deleted with it after a failure, a cancellation, a deletion and a purge."""
    sql.execute(PARTS)
    failed, cancelled, purged = (exportd.enqueue(group=issue, key=key)
                                 for key in ("none", "color", "size"))
    for export in failed, cancelled, purged:
        add_part(sql, export)
    exportd.ok("cancel", cancelled)
    log = exportd.drain(MAX_FAILURES=1).err
    assert exportd.status(failed)["status"] == "FAILED"
    assert exportd.status(cancelled)["status"] == "CANCELLED"
    assert "row-kept" not in log and len(exportd.mails()) == 2
    deleted = exportd.enqueue(group=issue)
    exportd.drain()
    add_part(sql, deleted)
    exportd.ok("delete", deleted)
    exportd.ok("purge", "--user", "ann@example.com")
    assert (count(sql, "sentry_exporteddata"), count(sql, "sentry_exporteddatablob")) == (0, 0)


def test_a_row_that_another_table_refers_to_stays(exportd, sql, issue):
    sql.execute(OTHER)
    failed = exportd.enqueue(group=issue, key="none")
    cancelled = exportd.enqueue(group=issue, key="size")
    sql.execute("INSERT INTO notes VALUES (%s), (%s)", (failed, cancelled))
    assert "dataexport.row-kept" in exportd.ok("cancel", cancelled).err
    log = [json.loads(line) for line in exportd.drain(MAX_FAILURES=1).err.splitlines()]
    kept, = [line for line in log if line["event"] == "dataexport.row-kept"]
    assert (kept["level"], kept["data_export_id"]) == ("error", failed)
    assert 'on table "notes"' in kept["error"]
    status = exportd.status(failed)
    assert (status["status"], status["state"], status["attempts"], status["mail"]) == \
        ("FAILED", "failed", 1, "sent")
    assert len(exportd.mails()) == 1
    assert exportd.status(cancelled)["status"] == "CANCELLED"
    assert f"export {failed} is failed: it has no file" in exportd.fails("delete", failed).err
    assert count(sql, "sentry_exporteddata") == 2
    assert exportd.ok("rescue").out == "", "nobody has forgotten them"
    for export, key in (failed, "none"), (cancelled, "size"):
        assert exportd.enqueue(group=issue, key=key) > cancelled, "the same can be asked for again"
    assert 'on table "notes"' in exportd.fails("purge", "--user", "ann@example.com").err
    sql.execute("UPDATE exportd.export SET finished_at = now() - interval '9 days'")
    exportd.ok("cleanup", HISTORY_DAYS=1)
    assert exportd.status(failed)["status"] == "FAILED", "not forgotten while the row is there"


def test_a_right_that_is_lacking_keeps_the_row(exportd, sql, postgres, database, issue):
    """exportd may not delete the parts: their export fails nevertheless."""
    sql.execute(PARTS)
    sql.execute("CREATE ROLE reader LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public, exportd TO reader;"
                " GRANT ALL ON ALL SEQUENCES IN SCHEMA public, exportd TO reader;"
                " GRANT USAGE ON SCHEMA exportd TO reader;"
                " REVOKE ALL ON sentry_exporteddatablob FROM reader")
    try:
        export = exportd.enqueue(group=issue, key="none")
        url = postgres.url(database).replace("user=postgres", "user=reader")
        exportd.drain(DATABASE_URL=url)
        assert exportd.status(export)["status"] == "FAILED" and len(exportd.mails()) == 1
        assert count(sql, "sentry_exporteddata") == 1
    finally:
        sql.execute("DROP OWNED BY reader; DROP ROLE reader")


# ---- databases in other encodings ----

@pytest.fixture(params=["SQL_ASCII", "LATIN1"])
def encoding(request, postgres, exportd, tmp_path):
    """A database in this encoding, and a cursor on it."""
    name = f"encoding_{request.param.lower()}_{os.getpid()}"
    postgres.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{request.param}'"
                     " LOCALE_PROVIDER libc LOCALE 'C'")
    exportd.settings["DATABASE_URL"] = postgres.url(name)
    exportd.ok("migrate", "--standalone")
    connection = postgres.connect(name)
    connection.set_client_encoding(request.param)
    with connection.cursor() as cursor:
        yield request.param, cursor
    connection.close()
    postgres.drop_database(name)


def test_bytes_that_are_no_utf_8(exportd, encoding):
    """The bytes are in a value, in a user's attributes, in the export's query and in its owner's name."""
    name, sql = encoding
    exportd.create()
    exportd.ingest([event(group="issue", tags={"color": "x"}, user={"id": "7", "username": "y"})])
    sql.execute("SELECT group_id FROM sentry_grouphash")
    group = sql.fetchone()[0]
    sql.execute(r"UPDATE tagstore_tagvalue SET value = E'caf\xe9' WHERE value = 'x'")
    sql.execute(r"UPDATE sentry_eventuser SET username = E'Ren\xe9'")
    sql.execute(r"UPDATE auth_user SET first_name = E'Ren\xe9'")
    shown = {"SQL_ASCII": "\ufffd", "LATIN1": "\u00e9"}[name]
    colors, users = exportd.enqueue(group=group), exportd.enqueue(group=group, key="user")
    sql.execute(r"""UPDATE sentry_exporteddata SET query_info = left(query_info, -1)
                    || E', "note": "caf\xe9"}'""")
    exportd.drain(MAX_FAILURES=1)
    assert f"\r\ncaf{shown},1," in exportd.download(colors).decode()
    assert f",Ren{shown}," in exportd.download(users).decode()
    assert f"caf{shown}" in exportd.status(colors)["query_info"]
    assert len(exportd.mails()) == 2
    assert f"caf{shown},1," in exportd.tag_export(group=group).decode()
    assert f"caf{shown}" in exportd.ok("tagstore", "get_group_tag_values", "--project", 1,
                                       "--group", group, "--key", "color").out
