# SPDX-License-Identifier: Apache-2.0
"""The command line as a contract: usage, help, settings, exit statuses, what goes to which stream."""
import json
import os
import re
import subprocess

import pytest

from support.events import series
from support.program import Exportd

COMMANDS = ("migrate create worker enqueue estimate status download cleanup tag-export tagstore ingest "
            "grouphash group queue quota rescue cancel retry delete mail purge audit check help version").split()

EXPORT = ["--organization", "acme", "--project", "1", "--group", "1", "--key", "color"]


@pytest.fixture
def bare(tmp_path):
    """The program with no servers that it could reach."""
    return Exportd(tmp_path, {
        "DATABASE_URL": f"host={tmp_path} user=nobody dbname=none connect_timeout=2",
        "REDIS_URL": f"unix://{tmp_path}/none.sock",
        "STORAGE_URL": f"file://{tmp_path}/files", "MAIL_URL": f"file://{tmp_path}/mail"})


@pytest.mark.parametrize("arguments", [
    [], ["fly"], ["--fly"], ["version", "extra"], ["help", "fly"],
    ["migrate", "--fly"], ["migrate", "extra"],
    ["create"], ["create", "team", "x"], ["create", "organization"],
    ["create", "user", "ann@example.com"], ["create", "project", "web"],
    ["create", "project", "web", "--organization", "acme", "--id", "one"],
    ["create", "project", "web", "--organization", "acme", "--id", "0"],
    ["worker", "--concurrency", "0"], ["worker", "--concurrency", "many"], ["worker", "extra"],
    ["worker", "--concurrency"],
    ["enqueue"], ["enqueue", *EXPORT], ["enqueue", *EXPORT[2:], "--user", "ann@example.com"],
    ["enqueue", *EXPORT[:-2], "--user", "ann@example.com"],
    ["enqueue", *EXPORT, "--user", "ann@example.com", "--limit", "-1"],
    ["enqueue", *EXPORT, "--user", "ann@example.com", "--limit", "x"],
    ["enqueue", *EXPORT, "--user", "ann@example.com", "--project", "1"],
    ["enqueue", *EXPORT, "--user", "ann@example.com", "--group", "1" * 20],
    *(["enqueue", "--organization", "acme", "--user", "1", "--type", "discover", "--query-info", info]
      for info in ("", "{", "[]", "null", '{"a": 1e999}', '{"a": "\\u0000"}')),
    ["estimate"], ["estimate", *EXPORT[2:]], ["estimate", *EXPORT[:-2]],
    ["estimate", *EXPORT, "--type", "discover"], ["estimate", *EXPORT, "--limit", "-1"],
    ["fly", "--help"],
    ["status", "one"], ["status", "1", "2"], ["download"], ["download", "one"], ["download", "0"],
    ["tag-export", *EXPORT[:-2]], ["tag-export", *EXPORT, "--limit", "-1"],
    ["tagstore"], ["tagstore", "get_nothing", "--project", "1"], ["tagstore", "help", "extra"],
    ["tagstore", "get_tag_keys"], ["tagstore", "get_tag_keys", "--project", "1", "--left", "postgres"],
    ["group"], ["group", "list"], ["group", "list", "--project", "1", "--into", "2"],
    ["ingest"], ["ingest", "a", "b"], ["queue", "fly"], ["queue", "retry"], ["queue", "drop"],
    ["queue", "stats", "extra"], ["rescue", "27"], ["rescue", "--dry-run", "--force"],
    ["cleanup", "now"], ["check", "all"],
    *([command, *words] for command in ("cancel", "retry", "delete")
      for words in ([], ["one"], ["27", "0"], ["27", "--all"])),
    ["mail"], ["mail", "fly"], ["mail", "list", "27"], ["mail", "list", "--state", "failed"],
    ["mail", "resend"], ["mail", "resend", "one"], ["mail", "resend", "27", "--all"],
    ["quota"], ["quota", "set"], ["quota", "show", "acme"],
    ["purge"], ["purge", "--user", "1", "--organization", "acme"], ["purge", "ann@example.com"],
    ["audit", "27"], ["audit", "--action", "fly"], ["audit", "--limit", "0"],
    ["audit", "--export", "one"], ["audit", "--before", "0"],
])
def test_wrong_usage_is_status_2_and_one_reason(bare, arguments):
    result = bare.fails(*arguments, status=2)
    assert result.out == ""


@pytest.mark.parametrize("flag", ["--help", "-h"])
@pytest.mark.parametrize("command", COMMANDS)
def test_help_by_a_flag(bare, command, flag):
    assert bare.ok(command, flag).out == bare.ok("help", command).out


def test_version(bare):
    assert re.fullmatch(r"exportd \d+\.\d+\.\d+\n", bare.ok("version").out)


def test_help_names_every_command(bare):
    out = bare.ok("help").out
    for command in COMMANDS:
        assert re.search(rf"^\s*(exportd )?{command}\b", out, re.MULTILINE), command


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_shows_its_usage(bare, command):
    assert f"exportd {command}" in bare.ok("help", command).out


def test_help_config_names_settings_with_defaults(bare):
    out = bare.ok("help", "config").out
    for name, default in {"EXPORTD_REDIS_URL": "redis://127.0.0.1:6379/0",
                          "EXPORTD_QUEUE": "data_export", "EXPORTD_PAGE_SIZE": "1000",
                          "EXPORTD_STORAGE_URL": "file:///var/lib/exportd/files",
                          "EXPORTD_MAIL_FROM": "root@localhost", "EXPORTD_EXPIRATION_DAYS": "28",
                          "EXPORTD_HISTORY_DAYS": "90", "EXPORTD_MAX_FAILURES": "5",
                          "EXPORTD_STOP_SECONDS": "25", "EXPORTD_TMPDIR": ""}.items():
        assert name in out
        assert default in out.split(name, 1)[1][:400], name


@pytest.mark.parametrize("name, value", [
    ("CONCURRENCY", "0"), ("CONCURRENCY", "many"), ("CONCURRENCY", "4x"), ("CONCURRENCY", " 4"),
    ("CONCURRENCY", "99999999999999999999"), ("CONCURRENCY", "-1"), ("CONCURRENCY", "2.5"),
    ("PAGE_SIZE", "0"), ("PAGE_SIZE", "10001"), ("MAX_FAILURES", "none"),
    ("RETRY_BASE_SECONDS", "0x10"), ("EXPIRATION_DAYS", "0"), ("STOP_SECONDS", "-1"),
    ("TAGSTORE", "cassandra"), ("LOG_FORMAT", "xml"), ("LOG_LEVEL", "loud"),
    ("CSV_FORMULA_GUARD", "maybe"),
    ("REDIS_URL", "amqp://localhost"), ("REDIS_URL", "localhost"), ("REDIS_URL", "redis://"),
    ("REDIS_URL", "rediss://localhost:6379/0"), ("LOCK_REDIS_URL", "http://localhost"),
    ("STORAGE_URL", "/var/lib/files"), ("STORAGE_URL", "ftp://host/x"),
    ("STORAGE_URL", "file://relative/path"), ("MAIL_URL", "imap://localhost"),
    ("MAIL_URL", "file:"), ("URL_PREFIX", "sentry.example.com"), ("URL_PREFIX", "file:///x"),
    ("STATSD_URL", "127.0.0.1:8125"), ("STATSD_URL", "tcp://127.0.0.1"), ("STATSD_URL", "udp://"),
    ("STATSD_URL", "udp://h/path"), ("STATSD_URL", "unixgram://path"),
    ("STATSD_URL", "udp://127.0.0.1?tags=influx"), ("STATSD_URL", "udp://127.0.0.1?tag=datadog"),
    ("STATSD_URL", "unixgram:///" + "x" * 108), ("METRICS_LISTEN", "example.com:80"),
    ("MAIL_FROM", "nobody"), ("MAIL_FROM", "a@b.c\r\nBcc: x@y.z"), ("QUEUE", "a{b}"),
])
def test_a_wrong_setting_is_refused_by_name(bare, name, value):
    """Wrong settings are reported before any connection is made."""
    result = bare.fails("status", status=2, **{name: value})
    assert f"EXPORTD_{name}" in result.err
    assert len(result.err.strip().splitlines()) == 1, result


@pytest.mark.parametrize("name, value", [
    ("TAGSTORE", "clickhouse"), ("STORAGE_URL", "s3://bucket/prefix"),
    ("SENTRY_DSN", "https://key@sentry.example.com/1")])
def test_a_setting_whose_part_is_not_built_is_refused(bare, name, value):
    assert f"EXPORTD_{name}" in bare.fails("status", status=2, **{name: value}).err


def test_an_empty_setting_is_as_good_as_none(exportd):
    exportd.ok("status", CONCURRENCY="", LOCK_REDIS_URL="", TMPDIR="")


@pytest.mark.parametrize("name, value", [
    ("DATABASE_URL", "postgresql://user:s3cr3t-word@127.0.0.1:1/none?connect_timeout=2"),
    ("DATABASE_URL", "host=127.0.0.1 port=1 password=s3cr3t-word connect_timeout=2"),
    ("DATABASE_URL", "host=127.0.0.1 s3cr3t-word"),
    ("DATABASE_URL", "postgresql://user:s3cr3t-word@[::1/none"),
    ("DATABASE_URL", "postgresql://user:pass@s3cr3t-word@127.0.0.1:1/none"),
    ("DATABASE_URL", "postgresql://user:s3cr3t/word@127.0.0.1:1/none"),
    ("DATABASE_URL", "postgresql://127.0.0.1:1/s3cr3t@127.0.0.1:1/none?connect_timeout=2"),
    ("DATABASE_URL", "postgresql://user:s3cr3t?w/ord@127.0.0.1:1/none"),
    ("REDIS_URL", "redis://:s3cr3t-word@127.0.0.1:1/0"),
    ("REDIS_URL", "amqp://:s3cr3t-word@127.0.0.1:1/0"),
    ("REDIS_URL", "redis://:pass@s3cr3t-word@127.0.0.1:1/0"),
    ("REDIS_URL", "redis://:s3cr3t/word@127.0.0.1:1/0"),
    ("REDIS_URL", "redis://127.0.0.1:1/s3cr3t@127.0.0.1:1/0"),
    ("MAIL_URL", "smtp://user:s3cr3t-word@127.0.0.1:1"),
    ("MAIL_URL", "smtp://user:s3cr3t-word@mail.example.com:25"),
    ("MAIL_URL", "smtp://user:pass@s3cr3t-word@127.0.0.1:1"),
    ("MAIL_URL", "smtp://127.0.0.1:1/s3cr3t@127.0.0.1:1"),
    ("MAIL_URL", "imap://user:s3cr3t-word@127.0.0.1"),
])
def test_a_secret_is_never_repeated(exportd, name, value):
    for command in (["check"], ["status"], ["queue"], ["worker", "--drain"]):
        if command[0] == "worker" and value.startswith(("postgres", "host", "redis")):
            continue  # a worker would wait for a server that is away
        result = exportd.run(*command, LOG_LEVEL="debug", timeout=60, **{name: value})
        assert "s3cr3t" not in result.out + result.err, result


@pytest.mark.parametrize("url, refused", [
    ("postgresql://u:p@w@127.0.0.1:1/d", True), ("postgres://u:p/w@127.0.0.1:1/d", True),
    ("postgresql://u:1/w@127.0.0.1:1/d", True), ("postgresql://u:p:x/w@127.0.0.1/d", True),
    ("postgresql://u:p%40w@127.0.0.1:1/d", False), ("postgresql://u@127.0.0.1:1/d", False),
    ("postgresql://127.0.0.1:1,127.0.0.1:2/d?user=a@b&password=c@d", False),
    ("postgresql:///d?host=/none", False), ("host=127.0.0.1 port=1 password=p@w@x", False)])
def test_a_database_url_whose_password_is_not_encoded(bare, url, refused):
    """libpq would take a part of the password for a host, and say so in its errors."""
    result = bare.fails("status", status=2 if refused else 4, DATABASE_URL=url)
    assert ("%40" in result.err) == refused and "w@" not in result.err, result


def test_a_password_without_tls_is_refused_except_on_loopback(exportd):
    url = "smtp://user:word@mail.example.com:25"
    assert "EXPORTD_MAIL_URL" in exportd.fails("worker", "--drain", status=2, MAIL_URL=url).err
    exportd.ok("worker", "--drain", MAIL_URL="smtp://user:word@127.0.0.1:1")


def test_a_secret_from_a_file(exportd, postgres, database, tmp_path):
    path = tmp_path / "url"
    path.write_text(postgres.url(database) + "\n")
    exportd.ok("status", DATABASE_URL=None, DATABASE_URL_FILE=path)
    both = exportd.fails("status", status=2, DATABASE_URL_FILE=path)
    assert "EXPORTD_DATABASE_URL_FILE" in both.err
    missing = exportd.fails("status", status=2, DATABASE_URL=None,
                            DATABASE_URL_FILE=tmp_path / "none")
    assert "EXPORTD_DATABASE_URL_FILE" in missing.err


def test_database_urls_as_uri_and_as_keywords(exportd, postgres, database):
    exportd.ok("status", DATABASE_URL=postgres.tcp_url(database))
    exportd.ok("status", DATABASE_URL=postgres.url(database))


def test_redis_by_tcp_and_with_a_database_number(exportd, redis_server, queue):
    queue.lpush("data_export", "waits in database 0")
    assert exportd.ok("queue", REDIS_URL=redis_server.tcp_url).out == \
        exportd.ok("queue").out
    assert exportd.ok("queue", REDIS_URL=redis_server.tcp_url[:-1] + "5").out != \
        exportd.ok("queue").out


@pytest.mark.parametrize("command", [["status"], ["queue"], ["cleanup"], ["ingest", "-"],
                                     ["cancel", "1"], ["retry", "1"], ["delete", "1"],
                                     ["quota", "show"], ["queue", "workers"],
                                     ["purge", "--user", "1"], ["audit"], ["migrate"], ["download", "1"],
                                     ["enqueue", *EXPORT, "--user", "ann@example.com"],
                                     ["tag-export", *EXPORT]])
def test_a_server_that_is_away_is_status_4(bare, command):
    result = bare.fails(*command, status=4)
    assert result.out == ""


@pytest.fixture
def acme(exportd, tmp_path):
    """An issue with the key color, a valid export (1), and one that waits (2)."""
    exportd.create()
    exportd.ingest(series(2), "--rebase-time")
    exportd.enqueue()
    exportd.drain()
    exportd.enqueue(key="shape")
    return exportd


NOWHERE = "unix:///nowhere/redis.sock"


@pytest.mark.parametrize("command, settings", [
    (["grouphash", "last-processed", "--project", "1", "a"], {"REDIS_URL": NOWHERE}),
    (["rescue"], {"REDIS_URL": NOWHERE}), (["cleanup"], {"LOCK_REDIS_URL": NOWHERE}),
    (["delete", "1"], {"LOCK_REDIS_URL": NOWHERE}),
    (["tag-export", *EXPORT], {"TAGSTORE": "snuba", "SNUBA_URL": "http://127.0.0.1:1"}),
    (["estimate", *EXPORT], {"TAGSTORE": "snuba", "SNUBA_URL": "http://127.0.0.1:1"}),
    (["tagstore", "get_tag_keys", "--project", "1"], {"TAGSTORE": "snuba", "SNUBA_URL": "http://127.0.0.1:1"}),
    (["download", "1", "-o", "-"], {"STORAGE_URL": "file:///proc/none/files"}),
    (["worker", "--drain"], {"STORAGE_URL": "file:///proc/none/files"}),
    (["worker", "--drain"], {"DATABASE_URL": "host=/nowhere dbname=none"})])
def test_any_server_that_is_away_is_status_4(acme, command, settings):
    assert acme.fails(*command, status=4, **settings).out == ""


@pytest.mark.parametrize("command", [
    ["enqueue", *EXPORT, "--user", "ann@example.com", "--environment", "none"],
    ["enqueue", *EXPORT, "--user", "nobody@example.com"],
    ["enqueue", *EXPORT[2:], "--organization", "none", "--user", "ann@example.com"],
    *([command, "--organization", "acme", "--project", project, "--group", group, "--key", key]
      for command in ("estimate", "tag-export")
      for project, group, key in (("99", "1", "color"), ("none", "1", "color"), ("1", "99", "color"),
                                  ("1", "1", "none"))),
    ["tagstore", "get_tag_key", "--project", "1", "--key", "none"],
    ["tagstore", "get_tag_value", "--project", "1", "--key", "color", "--value", "none"],
    ["tagstore", "get_group_tag_key", "--project", "1", "--group", "1", "--key", "none"],
    ["tagstore", "get_tag_keys", "--project", "99"], ["tagstore", "get_tag_keys", "--project", "none"],
    ["tagstore", "get_tag_keys", "--project", "1", "--environment", "none"],
    ["create", "user", "eve@example.com", "--organization", "none"],
    ["status", "27"], ["status", "27", "--watch"], ["status", "--organization", "none"],
    ["status", "--user", "nobody@example.com"], ["download", "27"], ["download", "2"],
    ["cancel", "27"], ["cancel", "27", "28"], ["retry", "27"], ["delete", "27"], ["delete", "27", "--json"],
    ["queue", "retry", "27"], ["queue", "drop", "27"], ["mail", "resend", "27"],
    ["quota", "show", "--organization", "none"], ["quota", "set", "--organization", "none", "--weight", "2"],
    ["purge", "--user", "nobody@example.com"], ["purge", "--organization", "none"],
    ["audit", "--user", "nobody@example.com"], ["group", "list", "--project", "99"],
    ["group", "merge", "--into", "1", "99"], ["group", "merge", "--into", "99", "1"],
    ["grouphash", "last-processed", "--project", "99", "a"], ["grants", "none"], ["ingest", "none.ndjson"]])
def test_no_such_thing_is_status_3(acme, command):
    acme.fails(*command, status=3)


@pytest.mark.parametrize("command, status", [
    (["cancel", "2"], 0), (["cancel", "1"], 1), (["cancel", "27", "1"], 1), (["cancel", "2", "27"], 3),
    (["retry", "1", "27"], 1), (["delete", "2"], 1), (["delete", "1", "27"], 3)])
def test_one_of_several(acme, command, status):
    """3 only if all that failed are unknown."""
    assert acme.run(*command).status == status


def test_other_failures_are_status_1(acme):
    acme.ok("queue", "pause")
    acme.fails("worker", "--drain", status=1)
    acme.fails("create", "user", "nobody", "--organization", "acme", status=1)
    acme.fails("ingest", "-", stdin="no event\n", status=1)
    assert acme.run("version").status == 0


def test_each_command_needs_only_the_servers_it_uses(exportd, tmp_path):
    nowhere = f"unix://{tmp_path}/none.sock"
    exportd.create()
    exportd.ok("status", REDIS_URL=nowhere, MAIL_URL="smtp://127.0.0.1:1")
    exportd.ok("ingest", "-", stdin="", REDIS_URL=nowhere)
    exportd.ok("migrate", REDIS_URL=nowhere)
    for words in (["queue"], ["queue", "dead"], ["queue", "pause"], ["queue", "resume"]):
        exportd.ok(*words, REDIS_URL=nowhere)
    export = exportd.enqueue(REDIS_URL=nowhere)
    exportd.ok("cancel", export, REDIS_URL=nowhere)


@pytest.mark.parametrize("arguments", [
    ["version"], ["help"], ["status"], ["status", "1", "--json"], ["tag-export", *EXPORT],
    ["download", "1", "-o", "-"], ["queue"], ["cleanup"], ["create", "organization", "acme"]])
def test_a_closed_standard_output_is_a_failure(exportd, sql, arguments):
    """A connection must not get the number of the closed descriptor, and with it the output."""
    exportd.create()
    exportd.ingest(series(2))
    exportd.enqueue(group=1)
    exportd.drain()
    done = subprocess.run([exportd.path, *arguments], env=exportd.environment({}),
                          cwd=exportd.folder, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          preexec_fn=lambda: os.close(1), text=True)
    assert done.returncode == 1 and "cannot write" in done.stderr, done.stderr


def test_with_all_standard_streams_closed(exportd):
    def close_all():
        for fd in range(3):
            os.close(fd)
    done = subprocess.run([exportd.path, "create", "organization", "acme"],
                          env=exportd.environment({}), cwd=exportd.folder, preexec_fn=close_all)
    assert done.returncode == 1
    exportd.create(users=(), projects=(1,))


@pytest.mark.parametrize("arguments", [
    ["create", "organization", "acme"], ["enqueue", *EXPORT, "--user", "1"], ["status"],
    ["download", "1"], ["tag-export", *EXPORT], ["cleanup"], ["worker", "--drain"],
    ["cancel", "1"], ["retry", "1"], ["delete", "1"], ["quota", "show"], ["queue", "delayed"],
    ["purge", "--user", "1"], ["audit"]])
def test_a_database_without_tables_says_what_to_do(exportd, postgres, empty_database, arguments):
    exportd.settings["DATABASE_URL"] = postgres.url(empty_database)
    assert "exportd migrate" in exportd.fails(*arguments).err


@pytest.mark.parametrize("table", ["sentry_exporteddata", "sentry_groupredirect",
                                   "tagstore_grouptagvalue"])
def test_a_worker_needs_all_its_tables(exportd, sql, table):
    sql.execute(f"ALTER TABLE {table} RENAME TO elsewhere")
    for command in (["worker"], ["worker", "--drain"]):
        assert f"there is no table {table}" in exportd.fails(*command).err
    assert f"there is no table {table}" in exportd.fails("check").out


def test_help_needs_no_right_settings(bare):
    bare.ok("help", "config", CONCURRENCY="many")
    bare.ok("version", CONCURRENCY="many")


def test_create_prints_bare_ids_and_may_be_repeated(exportd, sql):
    commands = [["create", "organization", "acme"],
                ["create", "user", "ann@example.com", "--organization", "acme"],
                ["create", "project", "web", "--organization", "acme"]]
    first = [exportd.ok(*command).out for command in commands]
    assert all(re.fullmatch(r"[1-9]\d*\n", out) for out in first), first
    assert [exportd.ok(*command).out for command in commands] == first
    for table in ("sentry_organization", "auth_user", "sentry_project",
                  "sentry_organizationmember"):
        sql.execute(f"SELECT count(*) FROM {table}")
        assert sql.fetchone() == (1,), table


def test_create_project_with_an_id_moves_the_sequence(exportd):
    exportd.ok("create", "organization", "acme")
    command = ["create", "project", "--organization", "acme"]
    assert exportd.ok(*command, "web", "--id", 7).out == "7\n"
    assert int(exportd.ok(*command, "next").out) > 7
    exportd.fails(*command, "other", "--id", 7)


def test_create_of_an_unknown_organization_fails(exportd):
    exportd.fails("create", "user", "ann@example.com", "--organization", "nobody", status=3)
    exportd.fails("create", "project", "web", "--organization", "nobody", status=3)


# ---- --json ----

JSON = [
    (["version"], ["version"]), (["migrate"], ["applied"]), (["create", "organization", "acme"], ["id"]),
    (["create", "user", "ann@example.com", "--organization", "acme"], ["id"]),
    (["enqueue", *EXPORT, "--user", "ann@example.com"], ["id", "created"]),
    (["estimate", *EXPORT], ["rows", "bytes"]), (["download", "1"], ["id", "file", "size"]),
    (["cancel", "2"], ["id", "cancelled", "error"]), (["retry", "27"], ["id", "retried", "retried_as", "error"]),
    (["delete", "1"], ["id", "deleted", "error"]),
    (["cleanup"], ["files", "blobs", "objects", "bytes", "exports", "audit_entries", "failed", "dry_run"]),
    (["purge", "--user", "1"], ["exports", "cancelled", "files", "mails", "failed", "dry_run"]),
    (["quota", "show", "--organization", "acme"], ["organization", "organization_id", "weight", "max_running",
                                                   "max_queued", "expiration_days", "own"]),
    (["ingest", "-"], ["lines", "counted", "repeated", "bad", "tags_dropped"]),
    (["group", "list", "--project", "1"], ["id", "short_id", "title", "times_seen", "last_seen"]),
    (["tagstore", "get_tag_keys", "--project", "1"], ["key", "times_seen", "values_seen", "group_id"]),
    (["tagstore", "compare", "get_tag_keys", "--project", "1", "--left", "postgres", "--right", "postgres"],
     ["equal"]),
    (["grouphash", "last-processed", "--project", "1", "a"], ["hash", "grouphash_id", "event_id"]),
    (["queue", "pause"], ["action", "entry"]), (["queue", "resume"], ["action", "entry"]),
    (["queue", "retry", "--all"], ["action", "enqueued", "left"]),
    (["mail", "list", "--state", "sent"], None), (["audit"], None), (["status"], None), (["status", "1"], None),
    (["queue"], None), (["queue", "stats"], None), (["config", "show"], None)]


@pytest.mark.parametrize("command, members", JSON)
def test_json_is_one_object_a_line(acme, command, members):
    lines = [json.loads(line) for line in acme.run(*command, "--json").out.splitlines()]
    assert lines
    for line in lines:
        assert members is None or list(line) == members
        for name, value in line.items():
            assert re.fullmatch("[a-z0-9_]+", name), name
            if name.endswith("_at") or name.startswith("date_") or name == "last_seen":
                assert value is None or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", value)


@pytest.mark.parametrize("command", [["queue", word] for word in ("workers", "delayed", "dead")] + [["rescue"]])
def test_json_of_an_empty_list_is_no_line(acme, command):
    assert acme.ok(*command, "--json").out == ""


# ---- help of words below a command ----

WORDS = {"queue": "stats workers delayed dead retry drop pause resume", "mail": "list resend",
         "quota": "show set", "group": "list merge", "grouphash": "last-processed", "config": "show",
         "create": "organization user project", "tagstore": "compare help"}


@pytest.mark.parametrize("command, word", [(command, word) for command, words in WORDS.items()
                                           for word in words.split()])
def test_help_at_every_level(bare, command, word):
    """It explains the command, whose usage has the word."""
    out = bare.ok(command, word, "--help").out
    assert out == bare.ok("help", command).out
    assert re.search(rf"(?<![\w-]){word}(?![\w-])", out.partition("\n\n")[0]), out


@pytest.mark.parametrize("command", sorted({tuple(command[:1]) for command, _ in JSON} | {("rescue",)}))
def test_json_is_in_the_usage(bare, command):
    assert "--json" in bare.ok("help", *command).out.partition("\n\n")[0]
