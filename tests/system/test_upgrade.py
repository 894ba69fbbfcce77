# SPDX-License-Identifier: Apache-2.0
"""The present program goes on with a database, a store and a queue of version 0.1.0
(upgrade_0_1_0/README.md)."""
import base64
import datetime
import json
import os
import re
import subprocess

import pytest

from support.mail_sink import MailSink
from support.program import Exportd
from support.waiting import wait_until

STATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "upgrade_0_1_0")
LEFT_AT = datetime.datetime(2025, 6, 1, 12, tzinfo=datetime.timezone.utc)
AGE = datetime.timedelta(hours=1)
DATE = re.compile(r"2025-0[5-7]-\d\d \d\d:\d\d:\d\d\.\d{6}\+00(?=')")  # does not match the dates of the events

# Each export is of the tag with its name.
TAGS = {1: "expired", 2: "unmailed", 3: "delayed", 4: "busy-1", 5: "busy-2", 6: "busy-3",
        7: "busy-4", 8: "busy-5", 9: "named", 10: "waiting"}
EXPIRED, UNMAILED = 1, 2
FINISHED = [1, 2, 4, 5, 6, 7]
UNFINISHED = {3: "delayed", 8: "running", 9: "running", 10: "waiting"}
LIMITS = {10: 2}
DEAD, DELAYED, PAUSED, PROCESSING, WORKERS = (
    f"exportd:{{data_export}}:{name}"
    for name in ("dead", "delayed", "paused", "processing:", "workers"))


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
    """A cursor on the database of version 0.1.0."""
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
    """The program with the database, store and queue of version 0.1.0."""
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


# ---- helpers ----


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
    """The state has everything that the test of the upgrade checks."""
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

    # One mail per export: 0.1.0 has sent some and could not send one; the others are new.
    outbox = {export: message_id for export, message_id in rows(
        old_sql, "SELECT data_export_id, message_id FROM exportd.outbox WHERE state = 'sent'")}
    assert set(outbox) == set(TAGS)
    assert all(outbox[export] == message_id for export, message_id in mails.items())
    assert sorted(mail.message["Message-ID"] for mail in sink.mails) == \
        sorted(outbox[export] for export in [UNMAILED, *UNFINISHED])

    # Nothing of the queue is left in Redis.
    assert queue.keys("data_export*") + queue.keys("exportd:*") == []


def push_dead(queue, text, milliseconds, reason="no export has this id"):
    queue.xadd(DEAD, {"message": text, "reason": reason, "worker": "old-host:1:x"},
               id=f"{milliseconds}-0")


def test_the_queue_is_taken_over(exportd, old_sql, queue):
    queue.set(PAUSED, "1")
    push_dead(queue, "garbage", 1748779200123, "not valid JSON")
    push_dead(queue, '{"data_export_id": 99}', 1748779201000)
    queue.hset("exportd:{data_export}:crashes", "a", "1")
    queue.rpush(PROCESSING + "forgotten", '{"data_export_id": 9}')  # a list of a worker without a name
    due = rows(old_sql, "SELECT next_try_at FROM exportd.export WHERE state = 'delayed'")
    out = exportd.ok("migrate").out.splitlines()
    assert out[1:] == ["took over from Redis: 2 dead, 1 delayed, 3 messages in work, the pause"]
    assert queue.keys("exportd:*") == []
    assert rows(old_sql, "SELECT queue, date_added::text, convert_from(message, 'UTF8'), reason,"
                         " worker, data_export_id FROM exportd.dead ORDER BY id") == [
        ("data_export", "2025-06-01 14:00:00.123+02", "garbage", "not valid JSON", "old-host:1:x",
         None),
        ("data_export", "2025-06-01 14:00:01+02", '{"data_export_id": 99}', "no export has this id",
         "old-host:1:x", 99)]
    assert queue.llen("data_export") == 5, "for the intake"
    stats, = exportd.ok("queue", "stats", "--json").json_lines()
    assert (stats["paused"], stats["dead"], stats["in_redis"]) == (True, 2, 5)
    assert rows(old_sql, "SELECT next_try_at FROM exportd.export WHERE state = 'delayed'") == due
    queue.set(PAUSED, "1")
    assert exportd.ok("migrate").out == "nothing to apply\n", "once is enough"
    assert queue.exists(PAUSED)


def test_what_postgres_does_not_know_is_taken_in(exportd, old_sql, queue):
    """A delayed message may have a producer's countdown: its eta is in the message."""
    exportd.ok("migrate")
    old_sql.execute("UPDATE exportd.queue SET taken_over = false")
    eta = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    old_sql.execute("DELETE FROM exportd.export WHERE data_export_id IN (3, 10)")
    queue.delete("data_export")
    celery = {"id": "0", "task": "sentry.data_export.tasks.assemble_download", "args": [],
              "kwargs": {"data_export_id": 3}, "retries": 0, "eta": eta.isoformat()}
    queue.zadd(DELAYED, {
        json.dumps({"body": base64.b64encode(json.dumps(celery).encode()).decode(),
                    "content-type": "application/json", "content-encoding": "utf-8", "headers": {},
                    "properties": {"body_encoding": "base64"}}): eta.timestamp() * 1000,
        json.dumps({"data_export_id": 10, "limit": 2}): 1})
    assert "2 delayed" in exportd.ok("migrate").out
    with exportd.worker():
        wait_until(lambda: exportd.status(10)["state"] == "valid", "it is done")
        assert exportd.status(3)["state"] == "delayed"
    assert rows(old_sql, "SELECT next_try_at FROM exportd.export WHERE data_export_id = 3") == [(eta,)]


def test_refused_while_an_old_worker_beats(exportd, old_sql, queue):
    seconds, _ = queue.time()
    queue.zadd(WORKERS, {"old-host:1:x": seconds * 1000 + 500})
    before = rows(old_sql, "SELECT name FROM exportd.migration ORDER BY name")
    result = exportd.fails("migrate", LEASE_SECONDS=30)
    assert "a worker of 0.1.0 still runs" in result.err and result.out == ""
    assert rows(old_sql, "SELECT name FROM exportd.migration ORDER BY name") == before
    queue.zadd(WORKERS, {"old-host:1:x": (seconds - 40) * 1000})
    exportd.ok("migrate", LEASE_SECONDS=30)


def test_refused_while_redis_is_away(exportd, old_sql):
    before = rows(old_sql, "SELECT name FROM exportd.migration ORDER BY name")
    result = exportd.fails("migrate", REDIS_URL="unix:///nowhere.sock", status=4)
    assert "0.1.0 may have left jobs in Redis" in result.err
    assert rows(old_sql, "SELECT name FROM exportd.migration ORDER BY name") == before


@pytest.mark.parametrize("fault, out", [
    ("takeover_dead:kill:2", "40 delayed, 2 messages in work, the pause"),
    ("takeover_delayed:kill:2", "0 dead, 10 delayed, 2 messages in work, the pause"),
    ("takeover_keys:kill", "0 dead, 0 delayed, 0 messages in work, the pause")])
def test_an_interrupted_takeover_is_repeated(exportd, old_sql, queue, sink, fault, out):
    for number in range(40):
        push_dead(queue, f"garbage {number}", 1748779200000 + number)
    queue.zadd(DELAYED, {json.dumps({"data_export_id": 3, "n": number}): 1 for number in range(39)})
    queue.set(PAUSED, "1")
    assert exportd.run("migrate", FAULT=fault).status == -9
    result = exportd.ok("migrate")
    assert result.out.startswith("nothing to apply\ntook over") and out in result.out
    assert queue.keys("exportd:*") == []
    assert len(rows(old_sql, "SELECT FROM exportd.dead")) == 40
    assert exportd.ok("migrate").out == "nothing to apply\n"
    exportd.ok("queue", "resume")
    exportd.drain()
    assert states(old_sql) == {export: "valid" for export in TAGS}
    assert len(sink.mails) == 1 + len(UNFINISHED)


def test_each_queue_is_taken_over(exportd, old_sql, queue):
    """Two queues may share a database."""
    queue.set("exportd:{other}:paused", "1")
    exportd.ok("migrate")
    assert exportd.ok("migrate", QUEUE="other").out == (
        "nothing to apply\ntook over from Redis: 0 dead, 0 delayed, 0 messages in work, the pause\n")
    assert rows(old_sql, "SELECT name, paused, taken_over FROM exportd.queue ORDER BY name") == [
        ("data_export", False, True), ("other", True, True)]


def test_a_queue_whose_name_held_the_prefix(exportd, old_sql, queue):
    """0.1.0 had one setting in place of prefix and queue."""
    old_sql.execute("UPDATE exportd.export SET queue = NULL WHERE data_export_id = 10")
    queue.flushall()
    exportd.ok("migrate", REDIS_KEY_PREFIX="data_", QUEUE="export")
    assert set(rows(old_sql, "SELECT data_export_id, queue FROM exportd.export"
                             " WHERE queue = 'export'")) == {(n, "export") for n in UNFINISHED}
    exportd.drain(REDIS_KEY_PREFIX="data_", QUEUE="export")
    assert states(old_sql) == {export: "valid" for export in TAGS}


def test_without_redis_what_is_in_postgres_goes_on(exportd, old_sql):
    settings = {"REDIS_URL": "none", "LOCK_REDIS_URL": "none"}
    assert "took over" not in exportd.ok("migrate", **settings).out
    exportd.drain(**settings)
    assert states(old_sql) == {export: "valid" for export in TAGS}
    assert "1 delayed, 2 messages in work" in exportd.ok("migrate").out, "Redis is asked later"


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
    exportd.fails("download", EXPIRED, status=3)
    for export in TAGS:
        if export != EXPIRED:
            check_file(exportd, export)
