# SPDX-License-Identifier: Apache-2.0
"""If anything is wrong with a job or its environment, the right person gets a clear message, nothing is lost,
and nothing is half done."""
import contextlib
import json
import os
import re
import subprocess

import pytest

from support.events import event, group_of, hash_of, series
from support.jobs import insert_export, push
from support.program import Exportd, text_part
from support.tagstore_rows import insert_group
from support.waiting import wait_until

BIG = 2**63


@pytest.fixture
def one(exportd, sql):
    """An issue with three values of `color`; its group id."""
    exportd.create(users=("ann@example.com", "bob@example.com"))
    exportd.ingest(series(3))
    return group_of(sql, "issue")


def expect_failure(exportd, sql, export, reason):
    """The export has failed, its user got the reason, its row is deleted, and nothing is stored."""
    assert reason in text_part(exportd.mails()[-1])
    status = exportd.status(export)
    assert (status["status"], status["message"]) == ("FAILED", reason)
    sql.execute("SELECT (SELECT count(*) FROM sentry_exporteddata WHERE id = %s),"
                " (SELECT count(*) FROM sentry_file), (SELECT count(*) FROM exportd.object)",
                (export,))
    assert sql.fetchone() == (0, 0, 0)


NO_PROJECT = "Requested project does not exist"
NO_ISSUE = "Requested issue does not exist"
NO_KEY = "Requested key does not exist"


@pytest.mark.parametrize("project, group, key, reason", [
    (2, 1, "color", NO_PROJECT), (1, 999999, "color", NO_ISSUE), (1, 1, "shape", NO_KEY),
    (2**31, 1, "color", NO_PROJECT), (1, 2**31, "color", NO_ISSUE),
    (2**63 - 1, 1, "color", NO_PROJECT), (1, 2**63 - 1, "color", NO_ISSUE),
    (1, 1, "x" * 200, NO_KEY), (1, 1, "co;lor", NO_KEY), (1, 1, "fârbe", NO_KEY)])
def test_unknown_project_issue_key(exportd, sql, one, project, group, key, reason):
    """enqueue does not check them; the worker's mail reports them."""
    export = exportd.enqueue(project=project, group=one if group == 1 else group, key=key)
    exportd.drain()
    expect_failure(exportd, sql, export, reason)


@pytest.mark.parametrize("project, group, reason", [(2, 1, NO_PROJECT), (1, 999999, NO_ISSUE)])
def test_unknown_beside_tables_that_refuse(exportd, sql, one, project, group, reason):
    """Issue and values are read together, but an error about the issue comes first."""
    sql.execute("ALTER TABLE tagstore_grouptagkey RENAME COLUMN values_seen TO seen")
    export = exportd.enqueue(project=project, group=group)
    exportd.drain()
    expect_failure(exportd, sql, export, reason)


@pytest.mark.parametrize("project, reason", [(2, NO_PROJECT), (1, "Query timeout")])
def test_tables_that_do_not_answer(exportd, sql, postgres, database, one, project, reason):
    """A locked table: a statement that takes too long is a failure of the export, not of the server."""
    with contextlib.closing(postgres.connect(database)) as connection:
        connection.autocommit = False
        connection.cursor().execute("LOCK TABLE tagstore_grouptagvalue IN ACCESS EXCLUSIVE MODE")
        export = exportd.enqueue(project=project, group=one)
        exportd.drain(STUCK_SECONDS=20, MAX_FAILURES=1)
    status = exportd.status(export)
    assert status["status"] == "FAILED" and status["message"].startswith(reason), status


def test_a_query_of_many_megabytes(exportd, sql, queue, one):
    export = insert_export(sql, {})
    sql.execute("UPDATE sentry_exporteddata SET query_info = '{\"key\": \"' || repeat('x', 70000000)")
    push(queue, export)
    exportd.drain()
    expect_failure(exportd, sql, export, "Invalid query: it is not a JSON object")


@pytest.mark.parametrize("info, reason", [
    ({"project_id": BIG, "group_id": 1, "key": "color"}, NO_PROJECT),
    ({"project_id": str(BIG), "group_id": 1, "key": "color"}, NO_PROJECT),
    ({"project_id": "9" * 100, "group_id": 1, "key": "color"}, NO_PROJECT),
    ({"project_id": 1, "group_id": str(BIG), "key": "color"}, NO_ISSUE),
    ({"project_id": 1, "group_id": BIG, "key": "color"}, NO_ISSUE),
    ({"project_id": -1, "group_id": 1, "key": "color"}, NO_PROJECT),
    ({"project_id": 1, "group_id": -1, "key": "color"}, NO_ISSUE),
    ({"project_id": 1, "group_id": 0, "key": "color"}, NO_ISSUE)])
def test_ids_beyond_the_columns(exportd, sql, queue, one, info, reason):
    export = insert_export(sql, info)
    push(queue, export)
    exportd.drain()
    expect_failure(exportd, sql, export, reason)


@pytest.mark.parametrize("spelling", [
    lambda g: {"project_id": 1, "group_id": g, "key": "color"},
    lambda g: {"project_id": "1", "group_id": str(g), "key": "color"},
    lambda g: {"project": 1, "group": g, "key": "color"},
    lambda g: {"project": [1], "group": g, "key": "color"},
    lambda g: {"project": ["1"], "group": str(g), "key": "color"}])
def test_both_spellings_of_the_payload(exportd, sql, queue, one, spelling):
    export = insert_export(sql, spelling(one))
    push(queue, export)
    exportd.drain()
    assert exportd.status(export)["status"] == "VALID"
    assert exportd.download(export).count(b"\r\n") == 4


@pytest.mark.parametrize("info", [
    "[1, 2]", '"text"', "7", "null", "not JSON", "", "{}", '{"project_id": 1}',
    '{"project_id": 1, "group_id": 1}', '{"project_id": null, "group_id": 1, "key": "color"}',
    '{"project_id": {}, "group_id": 1, "key": "color"}',
    '{"project_id": [], "group_id": 1, "key": "color"}',
    '{"project_id": [1, 2], "group_id": 1, "key": "color"}',
    '{"project_id": 1, "group_id": true, "key": "color"}',
    '{"project_id": 1, "group_id": 1, "key": 5}', '{"project_id": 1, "group_id": 1, "key": ""}',
    '{"project_id": 1.5, "group_id": 1, "key": "color"}',
    '{"project_id": " 1", "group_id": 1, "key": "color"}',
    '{"project_id": 1, "group_id": 1, "key": "co\\u0000lor"}', "[" * 3000 + "]" * 3000])
def test_a_payload_that_is_none(exportd, sql, queue, one, info):
    export = insert_export(sql, info)
    push(queue, export)
    exportd.drain()
    status = exportd.status(export)
    assert status["status"] == "FAILED" and status["message"]
    assert status["attempts"] == 1, "it will not pass: no second try"
    expect_failure(exportd, sql, export, status["message"])


def test_an_unknown_query_type(exportd, sql, queue, one):
    export = insert_export(sql, {}, query_type=2)
    push(queue, export)
    exportd.drain()
    assert exportd.status(export)["status"] == "FAILED"
    assert len(exportd.mails()) == 1


@pytest.mark.parametrize("limit", [-1, "x", "10", 1.5, True, [], {}, 2**70])
def test_a_limit_that_is_none(exportd, sql, queue, one, limit):
    export = insert_export(sql, {"project_id": 1, "group_id": one, "key": "color"})
    push(queue, export, limit=limit)
    exportd.drain()
    status = exportd.status(export)
    assert status["status"] == "FAILED" and "limit" in status["message"].lower()
    assert status["limit"] == "invalid"
    assert re.search("^limit +invalid$", exportd.ok("status", export).out, re.MULTILINE)
    expect_failure(exportd, sql, export, status["message"])


@pytest.mark.parametrize("limit", [0, None])
def test_a_limit_of_nothing_means_all(exportd, sql, queue, one, limit):
    export = insert_export(sql, {"project_id": 1, "group_id": one, "key": "color"})
    push(queue, export, limit=limit)
    exportd.drain()
    assert exportd.download(export).count(b"\r\n") == 4


@pytest.mark.parametrize("environment", [999999, 2**31, 2**62, -1, "production", 2**70])
def test_an_unknown_environment(exportd, sql, queue, one, environment):
    export = insert_export(sql, {"project_id": 1, "group_id": one, "key": "color"})
    push(queue, export, environment_id=environment)
    exportd.drain()
    expect_failure(exportd, sql, export, "Requested environment does not exist")


def test_enqueue_refuses_an_unknown_environment_user_and_organization(exportd, one):
    arguments = ["--project", 1, "--group", one, "--key", "color"]
    acme = ["--organization", "acme"]
    for wrong in ([*acme, "--user", "ann@example.com", "--environment", "none"],
                  [*acme, "--user", "nobody@example.com"], [*acme, "--user", "999"],
                  [*acme, "--user", "99999999999999999999"],
                  ["--organization", "none", "--user", "ann@example.com"]):
        assert exportd.fails("enqueue", *arguments, *wrong, status=3).out == ""
    exportd.ok("create", "organization", "other")
    exportd.ok("create", "user", "eve@example.com", "--organization", "other")
    exportd.fails("enqueue", *arguments, *acme, "--user", "eve@example.com", status=3)
    assert exportd.ok("status", "--json").out == ""


@pytest.fixture
def other(exportd, one):
    """A second organization, with project 2, an issue and an environment."""
    exportd.create("other", users=("eve@example.com",), projects=(2,))
    exportd.ingest([event("theirs", project=2, tags={"color": "black", "environment": "secret"})])


def test_an_issue_of_another_project(exportd, sql, one, other):
    exportd.ok("create", "project", "second", "--organization", "acme", "--id", 3)
    export = exportd.enqueue(project=3, group=one)
    exportd.drain()
    expect_failure(exportd, sql, export, NO_ISSUE)


def test_a_project_of_another_organization(exportd, sql, one, other):
    sql.execute("SELECT group_id FROM sentry_grouphash WHERE project_id = 2")
    group = sql.fetchone()[0]
    export = exportd.enqueue(project=2, group=group)
    exportd.drain()
    expect_failure(exportd, sql, export, NO_PROJECT)
    denied = exportd.fails("tag-export", "--organization", "acme", "--project", 2, "--group", group,
                           "--key", "color", status=3)
    assert denied.out == "" and NO_PROJECT in denied.err


def test_an_environment_of_another_organization(exportd, sql, queue, one, other):
    sql.execute("SELECT id FROM sentry_environment WHERE name = 'secret'")
    environment = sql.fetchone()[0]
    exportd.fails("enqueue", "--organization", "acme", "--user", "ann@example.com", "--project", 1,
                  "--group", one, "--key", "color", "--environment", "secret", status=3)
    export = insert_export(sql, {"project_id": 1, "group_id": one, "key": "color"})
    push(queue, export, environment_id=environment)
    exportd.drain()
    expect_failure(exportd, sql, export, "Requested environment does not exist")


def insert_redirect(sql, previous, group):
    sql.execute("INSERT INTO sentry_groupredirect (group_id, previous_group_id) VALUES (%s, %s)",
                (group, previous))


def test_a_redirect_within_the_project_only_and_one_hop(exportd, sql, one, other):
    sql.execute("SELECT group_id FROM sentry_grouphash WHERE project_id = 2")
    theirs = sql.fetchone()[0]
    insert_redirect(sql, 5001, one)
    insert_redirect(sql, 5002, 5001)
    insert_redirect(sql, 5003, theirs)
    assert exportd.tag_export(group=5001) == exportd.tag_export(group=one)
    for group in (5002, 5003):
        refused = exportd.fails("tag-export", "--organization", "acme", "--project", 1, "--group",
                                group, "--key", "color", status=3)
        assert NO_ISSUE in refused.err


def test_a_group_pending_deletion_is_exported(exportd, sql, one):
    sql.execute("UPDATE sentry_groupedmessage SET status = 3")
    assert exportd.tag_export(group=one).count(b"\r\n") == 4


def test_a_group_without_events(exportd, sql, one):
    insert_group(sql, 4000)
    assert exportd.tag_export(group=4000) == b"value,times_seen,last_seen,first_seen\r\n"


@pytest.mark.parametrize("address", ["", "no address", "a@b.c\r\nBcc: eve@example.com", "@",
                                     "a@b.c,eve@example.com", "Ann <ann@example.com>"])
def test_a_user_without_a_usable_address(exportd, sql, one, address):
    """The export is valid without a mail. The status says so, and no mail is sent."""
    export = exportd.enqueue(group=one, user="bob@example.com")
    sql.execute("UPDATE auth_user SET email = %s WHERE email = 'bob@example.com'", (address,))
    exportd.drain()
    status = exportd.status(export)
    assert (status["status"], status["mail"]) == ("VALID", "none")
    assert status["message"], "it says that there was no mail"
    assert exportd.mails() == []


@pytest.mark.parametrize("group, state", [(None, "VALID"), (999999, "FAILED")])
def test_a_user_who_is_gone(exportd, sql, one, group, state):
    export = exportd.enqueue(group=group or one, user="bob@example.com")
    sql.execute("UPDATE sentry_exporteddata SET user_id = NULL")
    exportd.drain()
    assert exportd.status(export)["status"] == state
    assert exportd.mails() == []


def test_a_csv_over_the_size_bound(exportd, sql, one):
    """A file of exactly the maximum size is stored; one byte more is refused by a mail."""
    size = len(exportd.tag_export(group=one))
    good = exportd.enqueue(group=one)
    exportd.drain(MAX_FILE_BYTES=size)
    assert exportd.status(good)["bytes"] == size
    exportd.ingest([event("large", tags={"color": "x" * 100}), event("large", tags={"color": "y"})])
    sql.execute("SELECT group_id FROM sentry_grouphash WHERE hash = %s", (hash_of("large"),))
    large = sql.fetchone()[0]
    size = len(exportd.tag_export(group=large))
    export = exportd.enqueue(group=large)
    exportd.drain(MAX_FILE_BYTES=size - 1)
    status = exportd.status(export)
    assert status["status"] == "FAILED" and status["attempts"] == 1
    assert "large" in status["message"].lower() or "bytes" in status["message"].lower()
    assert status["message"] in text_part(exportd.mails()[-1])
    sql.execute("SELECT count(*) FROM exportd.object")
    assert sql.fetchone() == (0,)


def test_an_export_that_was_deleted_meanwhile(exportd, sql, one):
    export = exportd.enqueue(group=one)
    sql.execute("DELETE FROM sentry_exporteddata")
    exportd.drain()
    assert exportd.status(export)["state"] == "gone"
    assert exportd.mails() == []


@pytest.mark.parametrize("message, reason", [
    (b"garbage", "JSON"), (b"", None), (b"[]", None), (b"{}", None), (b"\xff\xfe\x00", None),
    (b'{"data_export_id": "x"}', None), (b'{"data_export_id": -1}', None),
    (b'{"data_export_id": 1' + b" " * 1048576 + b"}", None),
    (b'{"body": "!!", "properties": {"body_encoding": "base64"}}', None),
    (b"[" * 100000, None)])
def test_garbage_goes_to_the_dead_list_and_the_worker_goes_on(exportd, queue, one, message, reason):
    queue.lpush("data_export", message)
    export = exportd.enqueue(group=one)
    exportd.drain()
    assert exportd.status(export)["status"] == "VALID"
    entry, = exportd.ok("queue", "dead", "--json").json_lines()
    assert entry["reason"] and (reason or "") in entry["reason"]
    assert queue.llen("data_export") == 0


def test_a_missing_row_goes_to_the_dead_list_after_a_few_tries(exportd, queue, one):
    push(queue, 424242)
    exportd.drain(timeout=180)
    entry, = exportd.ok("queue", "dead", "--json").json_lines()
    assert json.loads(entry["message"])["data_export_id"] == 424242
    assert exportd.mails() == []


def test_dead_entries_can_be_retried_and_dropped(exportd, sql, queue, one):
    queue.lpush("data_export", b"garbage")
    push(queue, 4242)
    exportd.drain(timeout=180)
    entries = {entry["message"]: entry["id"]
               for entry in exportd.ok("queue", "dead", "--json").json_lines()}
    assert len(entries) == 2
    exportd.ok("queue", "drop", entries.pop("garbage"))
    sql.execute(
        """INSERT INTO sentry_exporteddata
           (id, date_added, query_type, query_info, organization_id, user_id)
           SELECT 4242, now(), 0, %s, (SELECT id FROM sentry_organization),
                  (SELECT id FROM auth_user WHERE email = 'ann@example.com')""",
        (json.dumps({"project_id": 1, "group_id": one, "key": "color"}),))
    (_, entry), = entries.items()
    exportd.ok("queue", "retry", entry)
    exportd.fails("queue", "retry", entry, status=3)
    exportd.drain()
    assert exportd.status(4242)["status"] == "VALID"
    assert exportd.ok("queue", "dead", "--json").out == ""


def test_a_database_without_the_tables(exportd, postgres, empty_database):
    url = postgres.url(empty_database)
    for command in (["status"], ["cleanup"], ["create", "organization", "acme"]):
        result = exportd.fails(*command, DATABASE_URL=url)
        assert "migrate" in result.err, "it says what to do"
    assert exportd.run("check", DATABASE_URL=url).status == 1


def migration(exportd, url):
    return subprocess.Popen([exportd.path, "migrate", "--standalone"],
                            env=exportd.environment({"DATABASE_URL": url}),
                            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_migrate_can_be_repeated_and_run_twice_at_once(exportd, postgres, empty_database):
    url = postgres.url(empty_database)
    with migration(exportd, url) as first, migration(exportd, url) as second:
        assert (first.wait(60), second.wait(60)) == (0, 0)
    exportd.ok("migrate", "--standalone", DATABASE_URL=url)
    exportd.ok("migrate", DATABASE_URL=url)
    exportd.ok("create", "organization", "acme", DATABASE_URL=url)


def test_standalone_is_refused_beside_a_sentry(exportd, postgres, empty_database):
    connection = postgres.connect(empty_database)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE django_migrations (id serial)")
        result = exportd.fails("migrate", "--standalone", DATABASE_URL=postgres.url(empty_database))
        assert "Sentry" in result.err
        cursor.execute("SELECT count(*) FROM information_schema.tables WHERE table_schema IN"
                       " ('public', 'exportd')")
        assert cursor.fetchone() == (1,), "nothing was made"
        exportd.ok("migrate", DATABASE_URL=postgres.url(empty_database))
        cursor.execute("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'")
        assert cursor.fetchone() == (1,), "nothing of Sentry's was touched"
        cursor.execute("SELECT to_regclass('exportd.export') IS NOT NULL")
        assert cursor.fetchone() == (True,)
    connection.close()


def test_a_migration_of_the_past_that_changed(exportd, sql):
    sql.execute("SELECT table_name FROM information_schema.columns WHERE table_schema = 'exportd'"
                " AND column_name = 'checksum' AND table_name LIKE '%migration%'")
    table, = sql.fetchone()
    sql.execute(f"UPDATE exportd.{table} SET checksum = repeat('0', length(checksum))")
    exportd.fails("migrate", "--standalone")


def test_a_store_that_cannot_be_written_waits(exportd, sql, one, tmp_path):
    """A regular file in place of a folder: that stops root, too."""
    (tmp_path / "in-the-way").write_text("x")
    url = f"file://{tmp_path}/in-the-way/files"
    export = exportd.enqueue(group=one)
    assert exportd.run("check", STORAGE_URL=url).status == 1
    with exportd.worker(STORAGE_URL=url) as worker:
        wait_until(lambda: "files" in worker.log_text() or worker.process.poll() is not None,
                   "the log speaks of the folder")
        worker.stop()
        assert worker.log_text().strip()
    assert exportd.status(export)["status"] == "EARLY", "nothing is lost"
    exportd.drain()
    assert exportd.status(export)["status"] == "VALID"


def test_an_ingest_file_that_is_not_there(exportd, one, tmp_path):
    assert "none.ndjson" in exportd.fails("ingest", tmp_path / "none.ndjson", status=3).err


@pytest.mark.parametrize("path", ["../../secret", "/etc/hostname", "ab/../../secret", "a//b", "",
                                  "ab/./c", "ab\ncd"])
def test_a_path_from_the_database_stays_in_the_store(exportd, sql, one, tmp_path, path):
    export = exportd.enqueue(group=one)
    exportd.drain()
    (tmp_path / "secret").write_text("outside of the store")
    sql.execute("UPDATE sentry_fileblob SET path = %s", (path,))
    assert exportd.fails("download", export, "-o", "-").out == ""
    sql.execute("UPDATE sentry_exporteddata SET date_expired = now() - interval '1 minute'")
    exportd.fails("cleanup")
    assert (tmp_path / "secret").read_text() == "outside of the store"
    assert os.path.exists("/etc/hostname")


@pytest.mark.parametrize("line", [
    "{}", "7", '"x"', "[" * 5000, '{"event_id": "x"}',
    json.dumps({**event(), "project_id": 99}), json.dumps({**event(), "project_id": "x"}),
    json.dumps({**event(), "project_id": -1}), json.dumps({**event(), "hashes": []}),
    json.dumps({**event(), "hashes": ["x" * 33]}), json.dumps({**event(), "datetime": "yesterday"}),
    json.dumps({**event(), "datetime": "2026-02-30T00:00:00Z"}),
    json.dumps({**event(), "event_id": "short"}), json.dumps({**event(), "data": []})])
def test_a_bad_event_counts_nothing(exportd, sql, one, line):
    before = exportd.tag_export(group=one)
    result = exportd.fails("ingest", "-", stdin=line + "\n" + json.dumps(event("next")) + "\n")
    assert "line 1:" in result.err and "line 2:" not in result.err
    assert exportd.tag_export(group=one) == before
    sql.execute("SELECT count(*) FROM sentry_message")
    assert sql.fetchone() == (4,), "the three of the fixture and the good line"


@pytest.mark.parametrize("tags", [{"bad key": "x"}, {"k" * 33: "x"}, {"color": "x" * 201},
                                  {"color": "a\nb"}, {"color": {"nested": 1}}])
def test_a_bad_tag_is_not_counted(exportd, sql, one, tags):
    before = exportd.tag_export(group=one)
    result = exportd.ok("ingest", "-", stdin=json.dumps(event(tags=tags)))
    assert result.err.startswith("line 1: dropped: ")
    assert exportd.tag_export(group=one) == before
    sql.execute("SELECT count(*) FROM sentry_message")
    assert sql.fetchone() == (4,), "the three of the fixture and this one"


def test_texts_that_are_hard_to_store(exportd, sql, one):
    """Lone surrogates and invalid UTF-8 become U+FFFD, and the lines count."""
    other = json.dumps(event("texts", tags={"color": "@"}))
    third = json.dumps(event("texts", tags={"color": "@"}))
    lines = b"\n".join([other.replace("@", "lone \\ud83d.").encode(),
                        third.encode().replace(b"@", b"bad \xff byte")]) + b"\n"
    exportd.ok("ingest", "-", stdin=lines)
    sql.execute("SELECT group_id FROM sentry_grouphash WHERE hash = %s", (hash_of("texts"),))
    table = exportd.tag_export(group=sql.fetchone()[0]).decode()
    values = {line.split(",")[0] for line in table.split("\r\n")[1:-1]}
    assert values == {"lone \ufffd.", "bad \ufffd byte"}


def test_control_characters_reach_no_terminal(tmp_path, exportd, sql, queue, one):
    """The command runs on a terminal made by util-linux's `script`."""
    queue.lpush("data_export", b"\x1b[31mred")
    exportd.drain()
    done = subprocess.run(["script", "-qec", f"{exportd.path} queue dead", "/dev/null"],
                          env=exportd.environment({}), capture_output=True, timeout=60,
                          stdin=subprocess.DEVNULL)
    assert b"red" in done.stdout and b"\x1b[31m" not in done.stdout


def test_an_empty_program_environment_still_speaks(tmp_path):
    """Without any setting the defaults are used, and one clear line says that the server is away."""
    program = Exportd(tmp_path, {})
    assert program.run("status", pghost=str(tmp_path)).status == 4
