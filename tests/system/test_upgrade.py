# SPDX-License-Identifier: Apache-2.0
"""A database, a store and a queue as version 0.1.0 left them (upgrade_0_1_0/README.md says how) go on
under the present program."""
import datetime
import json
import os
import re
import subprocess

import pytest

from support.mail_sink import MailSink
from support.program import Exportd

STATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "upgrade_0_1_0")
LEFT_AT = datetime.datetime(2025, 6, 1, 12, tzinfo=datetime.timezone.utc)
AGE = datetime.timedelta(hours=1)
DATE = re.compile(r"2025-0[5-7]-\d\d \d\d:\d\d:\d\d\.\d{6}\+00(?=')")  # not those of the events

# Each export is of the tag of this name.
TAGS = {1: "expired", 2: "unmailed", 3: "delayed", 4: "busy-1", 5: "busy-2", 6: "busy-3",
        7: "busy-4", 8: "busy-5", 9: "named", 10: "waiting"}
EXPIRED, UNMAILED = 1, 2
FINISHED = [1, 2, 4, 5, 6, 7]
UNFINISHED = {3: "delayed", 8: "running", 9: "running", 10: "waiting"}
LIMITS = {10: 2}


# ---- loading the state ----


def read(name):
    with open(os.path.join(STATE, name), encoding="utf-8") as file:
        return file.read()


def load_database(cursor):
    age = datetime.datetime.now(datetime.timezone.utc) - AGE - LEFT_AT
    cursor.execute(DATE.sub(
        lambda date: str(datetime.datetime.fromisoformat(date.group()) + age),
        read("database.sql")))


def load_queue(queue):
    seconds, microseconds = queue.time()
    left_at = seconds * 1000 + microseconds // 1000 - AGE // datetime.timedelta(milliseconds=1)
    for line in read("redis.jsonl").splitlines():
        command, key, *arguments = json.loads(line)
        if command == "ZADD":
            arguments[0] += left_at
        queue.execute_command(command, key, *arguments)


def load_store(folder):
    for path, content in json.loads(read("store.json")).items():
        path = os.path.join(folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(content)


@pytest.fixture
def old_sql(postgres, empty_database):
    """A cursor on the database that version 0.1.0 left."""
    connection = postgres.connect(empty_database)
    with connection.cursor() as cursor:
        load_database(cursor)
        yield cursor
    connection.close()


@pytest.fixture
def sink():
    with MailSink() as server:
        yield server


@pytest.fixture
def exportd(tmp_path, postgres, empty_database, old_sql, redis_server, queue, sink):
    """The program with all that version 0.1.0 left."""
    load_queue(queue)
    program = Exportd(tmp_path, {
        "DATABASE_URL": postgres.url(empty_database),
        "REDIS_URL": redis_server.url,
        "STORAGE_URL": f"file://{tmp_path}/files",
        "MAIL_URL": f"smtp://127.0.0.1:{sink.port}",
        "URL_PREFIX": "https://sentry.example.com",
        "MAIL_FROM": "exports@example.com",
        "LOG_FORMAT": "json",
        "LEASE_SECONDS": 2,
    })
    load_store(program.store)
    return program


# ---- looking at it ----


def rows(sql, query):
    sql.execute(query)
    return sql.fetchall()


def schema(postgres, database):
    """All tables, columns, constraints and indexes, as SQL."""
    done = subprocess.run(
        [postgres.program("pg_dump"), "--schema-only", postgres.url(database)],
        check=True, capture_output=True, text=True)
    # Newer versions of pg_dump write a random word.
    return [line for line in done.stdout.splitlines() if "restrict" not in line]


def states(sql):
    return dict(rows(sql, "SELECT data_export_id, state FROM exportd.export"))


def paths_with_a_row(sql):
    return {path for path, in rows(sql, "SELECT path FROM sentry_fileblob")}


def check_file(exportd, export):
    expected = exportd.tag_export(key=TAGS[export], limit=LIMITS.get(export))
    assert expected.count(b"\r\n") == 1 + LIMITS.get(export, 3)
    assert exportd.download(export) == expected


# ---- the tests ----


def test_the_state_is_what_it_says(exportd, old_sql, queue):
    """What the test of the upgrade shows is in what it starts from."""
    assert states(old_sql) == {**{export: "valid" for export in FINISHED}, **UNFINISHED}
    assert rows(old_sql, "SELECT data_export_id FROM exportd.outbox WHERE state = 'waiting'") == \
        [(UNMAILED,)]
    journal = rows(old_sql, "SELECT path, data_export_id, spare_until < now() FROM exportd.object")
    assert sorted((row[1:] for row in journal), reverse=True) == [(9, None)] + 3 * [(0, True)]
    assert len(paths_with_a_row(old_sql)) == len(FINISHED)
    assert set(exportd.objects()) == paths_with_a_row(old_sql) | {row[0] for row in journal}
    sizes = [os.path.getsize(os.path.join(exportd.store, row[0])) for row in journal]
    assert sizes.count(0) == 2, "two spare objects are empty, the third one is filled"
    assert len(queue.keys("exportd:{data_export}:processing:*")) == 2


def test_no_worker_before_migrate(exportd):
    result = exportd.fails("worker", "--drain")
    assert "the database lacks migration exportd/0007_no_spare_object.sql: run `exportd migrate`" \
        in result.err


def test_the_schema_is_that_of_a_new_database(exportd, postgres, empty_database, template):
    assert "spare_until" in "".join(schema(postgres, empty_database))
    assert exportd.ok("migrate", "--standalone").out.startswith("applied ")
    assert schema(postgres, empty_database) == schema(postgres, template)
    assert "spare_until" not in "".join(schema(postgres, empty_database))


def test_all_goes_on(exportd, old_sql, queue, sink):
    mails = dict(rows(old_sql, "SELECT data_export_id, message_id FROM exportd.outbox"))
    assert sorted(mails) == FINISHED
    exportd.ok("migrate")
    exportd.ok("check")
    exportd.drain()

    assert states(old_sql) == {export: "valid" for export in TAGS}
    for export in TAGS:
        assert exportd.status(export)["status"] == ("EXPIRED" if export == EXPIRED else "VALID")
        check_file(exportd, export)
    assert rows(old_sql, "SELECT data_export_id FROM exportd.attempt WHERE outcome = 'valid'"
                         " ORDER BY 1") == [(export,) for export in TAGS], "each was done once"
    assert rows(old_sql, "SELECT data_export_id, attempt, outcome FROM exportd.attempt"
                         " WHERE outcome IS DISTINCT FROM 'valid' ORDER BY 1") == \
        [(3, 1, "delayed"), (8, 1, "crashed"), (9, 1, "crashed")]

    # One mail an export: 0.1.0 has sent some, could not send one, and the others are new.
    outbox = {export: message_id for export, message_id in rows(
        old_sql, "SELECT data_export_id, message_id FROM exportd.outbox WHERE state = 'sent'")}
    assert set(outbox) == set(TAGS)
    assert all(outbox[export] == message_id for export, message_id in mails.items())
    assert sorted(mail.message["Message-ID"] for mail in sink.mails) == \
        sorted(outbox[export] for export in [UNMAILED, *UNFINISHED])

    # No message, and no key of a dead worker; its name is known for a day, as ever.
    assert queue.keys("data_export*") == []
    left = {key.decode() for key in queue.keys("exportd:*")}
    assert left <= {"exportd:{data_export}:known", "exportd:{data_export}:swept"}


@pytest.mark.parametrize("cleanup_first", [False, True])
def test_cleanup_takes_what_was_left_over(exportd, old_sql, cleanup_first):
    exportd.ok("migrate")
    if cleanup_first:
        exportd.ok("cleanup")
        journal = rows(old_sql, "SELECT path, data_export_id FROM exportd.object")
        assert [export for _, export in journal] == [9], "its attempt is running: it may be alive"
        assert set(exportd.objects()) == paths_with_a_row(old_sql) | {journal[0][0]}
    exportd.drain()
    exportd.ok("cleanup")

    assert rows(old_sql, "SELECT * FROM exportd.object") == []
    assert set(exportd.objects()) == paths_with_a_row(old_sql)
    assert len(exportd.objects()) == len(TAGS) - 1
    exportd.fails("download", EXPIRED)
    for export in TAGS:
        if export != EXPIRED:
            check_file(exportd, export)
