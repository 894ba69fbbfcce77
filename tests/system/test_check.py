# SPDX-License-Identifier: Apache-2.0
"""`exportd check` over broken installations: a line for each fault, with what to do, the right status,
within 15 seconds; and everything is as it was before."""
import contextlib
import os
import time

import pytest

from support.disk import SmallDisk, can_mount
from support.events import group_of, series
from support.freezing import frozen
from support.mail_sink import MailSink
from support.program import Exportd, binary
from support.proxy import Listener

SECONDS = 15
LOGIN = ("mailer", "right")


class Silent(Listener):
    """A server that takes connections and says nothing."""

    def serve(self, client):
        while client.recv(1000):
            pass


class Installation:
    """One with nothing to complain of: an export is done, a worker lives, Redis keeps what it gets."""

    def __init__(self, exportd, postgres, database, sql, redis_server, queue, tmp_path):
        self.exportd, self.postgres, self.database, self.sql = exportd, postgres, database, sql
        self.redis_server, self.queue, self.folder = redis_server, queue, tmp_path
        self.stack = contextlib.ExitStack()
        self.meanwhile = []  # contexts in which the program runs
        exportd.create()
        exportd.ingest(series(3))
        self.export = exportd.enqueue(group=group_of(sql, "issue"))
        exportd.drain()
        sql.execute("INSERT INTO exportd.worker (instance, name, queue, version, threads, started_at,"
                    " beat_at) VALUES ('h:1:a', 'h:1', 'data_export', '1', 1, now(),"
                    " now() + interval '1 hour')")

    def silent(self):
        return self.stack.enter_context(contextlib.closing(Silent()))

    def sink(self, *arguments, refuse=None):
        sink = self.stack.enter_context(MailSink(*arguments))
        if refuse:
            sink.refuse(*refuse, times=9)
        return sink

    def as_role(self, *rights):
        """The settings of a role that may do what `grants` prints, less what `rights` take away."""
        role = "exportd-checked"
        self.postgres.execute(f'CREATE ROLE "{role}" LOGIN')
        self.stack.callback(self.postgres.execute, f'DROP ROLE "{role}"')
        self.stack.callback(self.sql.execute, f'DROP OWNED BY "{role}"')
        for line in self.exportd.ok("grants", role).out.splitlines():
            if not line.startswith("--"):
                self.sql.execute(line)
        for right in rights:
            self.sql.execute(f'REVOKE {right} FROM "{role}"')
        url = self.postgres.url(self.database)
        return {"DATABASE_URL": url.replace("user=postgres", f"user={role}")}

    def as_redis_user(self, *rules):
        self.queue.execute_command("ACL", "SETUSER", "checked", "on", ">word", "~*", "&*", "+@all", *rules)
        self.stack.callback(self.queue.execute_command, "ACL", "DELUSER", "checked")
        return {"REDIS_URL": f"unix://checked:word@{self.redis_server.socket}"}

    def redis_with(self, **settings):
        for name, value in settings.items():
            name = name.replace("_", "-")
            before = self.queue.config_get(name)[name]
            self.queue.config_set(name, value)
            self.stack.callback(self.queue.config_set, name, before)
        return {}

    def with_password(self):
        """The server asks this role for its password."""
        hba = os.path.join(self.postgres.data, "pg_hba.conf")
        with open(hba, encoding="utf-8") as file:
            before = file.read()

        def write(text):
            with open(hba, "w", encoding="utf-8") as file:
                file.write(text)
            self.postgres.execute("SELECT pg_reload_conf()")
        write("host all checked 127.0.0.1/32 scram-sha-256\n" + before)
        self.stack.callback(write, before)
        self.postgres.execute("CREATE ROLE checked SUPERUSER LOGIN PASSWORD 'right'")
        self.stack.callback(self.postgres.execute, "DROP ROLE checked")
        return self.postgres.tcp_url(self.database).replace("postgres@", "checked:{}@")

    def state(self):
        """The rows of all tables, the sequences, what is in Redis, and all files."""
        self.sql.execute("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname"
                         " NOT IN ('pg_catalog', 'information_schema') ORDER BY 1")
        tables = {}
        for name, in self.sql.fetchall():
            self.sql.execute(f"SELECT t::text FROM {name} t ORDER BY 1")
            tables[name] = self.sql.fetchall()
        self.sql.execute("SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2")
        files = {}
        for folder, folders, names in os.walk(self.folder):
            for name in folders + names:
                path = os.path.join(folder, name)
                status = os.lstat(path)
                files[path] = (status.st_mode, status.st_size if name in names else 0)
        redis = {key: self.queue.dump(key) for key in self.queue.keys()}
        return tables, self.sql.fetchall(), redis, files

    @contextlib.contextmanager
    def locked(self, table):
        connection = self.postgres.connect(self.database)
        connection.autocommit = False
        connection.cursor().execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
        connection.close()

    def check(self, *words, **settings):
        """The lines that are not ok, as (result, part, message, advice), and the status."""
        before = self.state()
        with self.stack.pop_all() as stack:
            for context in self.meanwhile:
                stack.enter_context(context)
            began = time.monotonic()
            result = self.exportd.run("check", "--json", *words, **settings)
            assert time.monotonic() - began < SECONDS, result
        assert self.state() == before
        lines = [tuple(line[name] for name in ("result", "part", "message", "advice"))
                 for line in result.json_lines()]
        return [line for line in lines if line[0] != "ok"], result.status


@pytest.fixture
def installation(exportd, postgres, database, sql, redis_server, queue, tmp_path):
    queue.config_set("appendonly", "yes")
    made = Installation(exportd, postgres, database, sql, redis_server, queue, tmp_path)
    yield made
    made.stack.close()
    queue.config_set("appendonly", "no")


# ---- what is broken: each function breaks it and returns the settings ----

def no_postgres(_):
    return {"DATABASE_URL": "host=127.0.0.1 port=1 user=postgres"}


def slow_postgres(it):
    it.meanwhile.append(frozen(it.postgres))
    return {}


def wrong_password_of_postgres(it):
    return {"DATABASE_URL": it.with_password().format("wrong")}


def no_database(it):
    return {"DATABASE_URL": it.postgres.url("none")}


def no_tables(it):
    it.postgres.create_database("checked")
    it.stack.callback(it.postgres.drop_database, "checked")
    return {"DATABASE_URL": it.postgres.url("checked")}


def a_right_is_missing(it):
    return it.as_role("DELETE ON exportd.audit")


def rights_are_missing(it):
    return it.as_role("INSERT, DELETE ON sentry_file", "SELECT ON exportd.dead")


def a_locked_table(it):
    it.meanwhile.append(it.locked("exportd.dead"))
    return {}


def no_redis(it):
    return {"REDIS_URL": f"unix://{it.folder}/none.sock", "LOCK_REDIS_URL": it.redis_server.url}


def no_redis_for_both(it):
    return {"REDIS_URL": f"unix://{it.folder}/none.sock"}


def no_lock_redis(it):
    return {"LOCK_REDIS_URL": f"unix://{it.folder}/none.sock"}


def slow_redis(it):
    it.meanwhile.append(frozen(it.redis_server))
    return {"REDIS_URL": it.redis_server.tcp_url, "LOCK_REDIS_URL": it.redis_server.tcp_url}


def wrong_password_of_redis(it):
    it.as_redis_user()
    return {"REDIS_URL": f"unix://checked:wrong@{it.redis_server.socket}"}


def no_lmove(it):
    return it.as_redis_user("-lmove", "-evalsha")


def no_key_of_the_queue(it):
    return it.as_redis_user("resetkeys", "~exportd:*", "~unacked", "~l:*", "~data_export\x06*")


def redis_is_full(it):
    return it.redis_with(maxmemory="1")


def redis_forgets(it):
    return it.redis_with(appendonly="no", maxmemory_policy="allkeys-lru")


def redis_is_a_replica(it):
    it.queue.slaveof("127.0.0.1", 1)
    it.stack.callback(it.queue.slaveof)
    return {}


def messages_wait(it):
    it.queue.lpush("data_export", "one")
    it.queue.lpush("data_export\x06\x163", "another")
    return {}


def unnamed_priority(it):
    it.queue.lpush("data_export\x06\x163", "one")
    return {"PRIORITY_STEPS": "0,6"}


def no_snuba(_):
    return {"TAGSTORE": "snuba", "SNUBA_URL": "http://127.0.0.1:1"}


def slow_snuba(it):
    return {"TAGSTORE": "snuba", "SNUBA_URL": f"http://127.0.0.1:{it.silent().port}"}


def another_folder(it):
    (it.folder / "flies").mkdir()
    return {"STORAGE_URL": f"file://{it.folder}/flies"}


def no_folder(it):
    return {"STORAGE_URL": f"file://{it.folder}/none"}


def a_file_for_a_folder(it):
    (it.folder / "file").write_text("")
    return {"STORAGE_URL": f"file://{it.folder}/file"}


def no_mail_server(_):
    return {"MAIL_URL": "smtp://127.0.0.1:1"}


def slow_mail_server(it):
    return {"MAIL_URL": f"smtp://127.0.0.1:{it.silent().port}"}


def refused_sender(it):
    return {"MAIL_URL": f"smtp://127.0.0.1:{it.sink(refuse=('MAIL', '553 5.7.1 not yours')).port}"}


def refused_recipient(it):
    return {"MAIL_URL": f"smtp://127.0.0.1:{it.sink(refuse=('RCPT', '554 5.7.1 Relay denied')).port}"}


def wrong_password_of_mail(it):
    certificates = it.certificates
    sink = it.sink("tls", certificates.right, LOGIN)
    return {"MAIL_URL": f"smtps://mailer:wrong@localhost:{sink.port}?cafile={certificates.ca}"}


def untrusted_mail_server(it):
    sink = it.sink("tls", it.certificates.right, LOGIN)
    return {"MAIL_URL": f"smtps://mailer:right@localhost:{sink.port}"}


def no_starttls(it):
    return {"MAIL_URL": f"smtp://127.0.0.1:{it.sink().port}?starttls=required"}


def a_file_for_mails(it):
    (it.folder / "file").write_text("")
    return {"MAIL_URL": f"file://{it.folder}/file"}


def no_tmpdir(it):
    return {"TMPDIR": f"{it.folder}/none"}


def no_worker(it):
    it.sql.execute("UPDATE exportd.worker SET beat_at = now() - interval '1 minute'")
    return {}


def paused(it):
    it.exportd.ok("queue", "pause")
    return {}


def dead_entries(it):
    it.sql.execute("INSERT INTO exportd.dead (queue, date_added, message, priority, reason, worker)"
                   " SELECT 'data_export', now(), 'x', 0, 'garbage', 'h:1:a' FROM generate_series(1, 2)")
    return {}


def an_old_job(it):
    it.sql.execute("UPDATE exportd.export SET date_added = now() - interval '3 hours 10 minutes'"
                   " WHERE data_export_id = %s", (it.exportd.enqueue(),))
    return {}


def mails_given_up(it):
    it.sql.execute("UPDATE exportd.outbox SET state = 'given-up', next_try_at = now()")
    return {}


def defaults_beside_a_sentry(it):
    it.sql.execute("CREATE TABLE django_migrations (id integer)")
    return {"URL_PREFIX": None, "MAIL_FROM": None}


def all_are_slow(it):
    return {**slow_postgres(it), **slow_redis(it), "LOCK_REDIS_URL": it.redis_server.url, **slow_snuba(it),
            **slow_mail_server(it)}


def a_slow_host_of_several(it):
    """Each is given ten seconds: together they are given up before."""
    ports = f"{it.silent().port},{it.silent().port}"
    return {"DATABASE_URL": f"host=127.0.0.1,127.0.0.1 port={ports} user=postgres"}


def several_at_once(it):
    paused(it)
    return {**a_right_is_missing(it), **no_redis(it), **another_folder(it), **refused_sender(it),
            **no_tmpdir(it)}


AWAY = 4  # the status when only servers are away
BROKEN = [
    (no_postgres, AWAY, [("failed", "postgresql", "cannot be reached", "EXPORTD_DATABASE_URL")]),
    (slow_postgres, AWAY, [("failed", "postgresql", "cannot be reached", "EXPORTD_DATABASE_URL")]),
    (wrong_password_of_postgres, 1, [("failed", "postgresql", "password", "correct user, password")]),
    (no_database, 1, [("failed", "postgresql", '"none" does not exist', "correct user, password")]),
    (no_tables, 1, [("failed", "postgresql", "run `exportd migrate`", "")]),
    (a_right_is_missing, 1, [("failed", "postgresql", "lacks DELETE on exportd.audit", "exportd grants ROLE")]),
    (rights_are_missing, 1, [("failed", "postgresql", "INSERT, DELETE on public.sentry_file", "grants ROLE"),
                             ("failed", "postgresql", "lacks SELECT on exportd.dead", "exportd grants ROLE")]),
    (a_locked_table, AWAY, [("failed", "queue", "has not answered for 5 s", "")]),
    (no_redis, AWAY, [("failed", "redis", "cannot be reached", "EXPORTD_REDIS_URL")]),
    (no_redis_for_both, AWAY, [("failed", "redis", "cannot be reached", "EXPORTD_REDIS_URL")]),
    (no_lock_redis, AWAY, [("failed", "lock-redis", "cannot be reached", "EXPORTD_LOCK_REDIS_URL")]),
    (slow_redis, AWAY, [("failed", "redis", "", "EXPORTD_REDIS_URL")]),
    (wrong_password_of_redis, 1, [("failed", "redis", "WRONGPASS", "EXPORTD_REDIS_URL")]),
    (no_lmove, 1, [("failed", "redis", "NOPERM to evalsha", "exportd grants ROLE"),
                   ("failed", "redis", "NOPERM to lmove", "exportd grants ROLE")]),
    (no_key_of_the_queue, 1, [("failed", "redis", "NOPERM to lrem data_export", "exportd grants ROLE")]),
    (redis_is_full, AWAY, [("failed", "redis", "OOM", "can be written")]),
    (redis_forgets, 0, [("warning", "redis", "appendonly is off", "`appendonly yes`"),
                        ("warning", "redis", "maxmemory-policy is not noeviction", "noeviction`")]),
    (redis_is_a_replica, 0, [("warning", "redis", "this is a replica", "name the master")]),
    (messages_wait, 0, [("warning", "redis", "2 messages wait in Redis", "start a worker")]),
    (unnamed_priority, 0, [("warning", "redis", "1 message of priority 3", "name it")]),
    (no_snuba, AWAY, [("failed", "snuba", "", "EXPORTD_SNUBA_URL")]),
    (slow_snuba, AWAY, [("failed", "snuba", "", "EXPORTD_SNUBA_URL")]),
    (another_folder, 1, [("failed", "storage", "none of the newest objects", "EXPORTD_STORAGE_URL")]),
    (no_folder, 1, [("failed", "storage", "there is no folder", "EXPORTD_STORAGE_URL")]),
    (a_file_for_a_folder, 1, [("failed", "storage", "", "EXPORTD_STORAGE_URL")]),
    (no_mail_server, AWAY, [("failed", "mail", "connect", "EXPORTD_MAIL_URL names it")]),
    (slow_mail_server, AWAY, [("failed", "mail", "no answer", "EXPORTD_MAIL_URL names it")]),
    (refused_sender, 1, [("failed", "mail", "refused the sender: 553 5.7.1 not yours", "_MAIL_FROM")]),
    (refused_recipient, 1, [("failed", "mail", "refused the recipient: 554 5.7.1 Relay", "let it relay")]),
    (wrong_password_of_mail, 1, [("failed", "mail", "refused the login: 535", "EXPORTD_MAIL_URL")]),
    (untrusted_mail_server, 1, [("failed", "mail", "certificate", "EXPORTD_MAIL_URL")]),
    (no_starttls, 1, [("failed", "mail", "", "EXPORTD_MAIL_URL")]),
    (a_file_for_mails, 1, [("failed", "mail", "is no folder", "name a folder")]),
    (no_tmpdir, 1, [("failed", "tmpdir", "cannot be written", "EXPORTD_TMPDIR")]),
    (no_worker, 0, [("warning", "queue", "no worker has given a sign of life within 30 s", "exportd worker")]),
    (paused, 0, [("warning", "queue", "the queue is paused", "exportd queue resume")]),
    (dead_entries, 0, [("warning", "queue", "2 dead messages", "exportd queue dead")]),
    (an_old_job, 0, [("warning", "queue", "was asked for 3 hours ago", "exportd queue workers")]),
    (mails_given_up, 0, [("warning", "mail", "1 mail was given up", "exportd mail list --state given-up")]),
    (defaults_beside_a_sentry, 0, [("warning", "settings", "EXPORTD_URL_PREFIX", "system.url-prefix"),
                                   ("warning", "settings", "EXPORTD_MAIL_FROM", "mail.from")]),
    (all_are_slow, AWAY, [("failed", "postgresql", "cannot be reached", "EXPORTD_DATABASE_URL"),
                          ("failed", "redis", "", "EXPORTD_REDIS_URL"),
                          ("failed", "lock-redis", "", "EXPORTD_LOCK_REDIS_URL"),
                          ("failed", "snuba", "", "EXPORTD_SNUBA_URL"),
                          ("failed", "mail", "no answer", "EXPORTD_MAIL_URL names it")]),
    (a_slow_host_of_several, AWAY, [("failed", "postgresql", "gave no answer within 13 s", "why it hangs")]),
    (several_at_once, 1, [("failed", "postgresql", "lacks DELETE", "grants"),
                          ("warning", "queue", "paused", "resume"),
                          ("failed", "redis", "cannot be reached", "EXPORTD_REDIS_URL"),
                          ("failed", "storage", "none of the newest", "EXPORTD_STORAGE_URL"),
                          ("failed", "mail", "refused the sender", "_MAIL_FROM"),
                          ("failed", "tmpdir", "cannot be written", "EXPORTD_TMPDIR")]),
]


def assert_lines(lines, expected):
    assert [line[:2] for line in lines] == [line[:2] for line in expected], lines
    for (_, _, message, advice), (_, _, words, what_to_do) in zip(lines, expected):
        assert words in message and what_to_do in (advice or ""), lines
        assert advice or "run `" in message or "not answered" in message, lines


def test_nothing_is_broken(installation):
    assert installation.check() == ([], 0)
    lines = installation.exportd.ok("check").out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["ok", part] for part in ("settings", "postgresql", "queue", "redis", "storage", "mail", "tmpdir")]


@pytest.mark.parametrize("breaks, status, expected", BROKEN, ids=[case[0].__name__ for case in BROKEN])
def test_a_broken_installation(installation, certificates, breaks, status, expected):
    installation.certificates = certificates
    lines, found = installation.check(**breaks(installation))
    assert_lines(lines, expected)
    assert found == status, lines


def test_a_mail_server_with_tls_and_login(installation, certificates):
    """That it knows no mailbox of the sender's concerns no other mail."""
    sink = installation.sink("tls", certificates.right, LOGIN, refuse=("RCPT", "550 5.1.1 no such mailbox"))
    url = f"smtps://mailer:right@localhost:{sink.port}?cafile={certificates.ca}"
    assert installation.check(MAIL_URL=url) == ([], 0)
    assert sink.mails == []


def test_lists_that_no_worker_reads(installation, queue):
    """Steps that were changed: messages lie in a list of kombu, and in one that the intake had in hand."""
    queue.lpush("data_export\x06\x163", "a", "b")
    queue.lpush("exportd:{data_export}:intake:9", "d")
    lines, _ = installation.check(PRIORITY_STEPS="0,6")
    assert [line[2] for line in lines] == [
        "2 messages of priority 3, which EXPORTD_PRIORITY_STEPS does not name: no worker reads that list",
        "1 message of priority 9, which EXPORTD_PRIORITY_STEPS does not name: no worker reads that list"]
    queue.delete("data_export\x06\x163")
    queue.lpush("data_export", "c")
    lines, _ = installation.check(PRIORITY_STEPS="3,6,9")
    assert ["1 message of priority 0," in line[2] for line in lines] == [False, True], lines


@pytest.mark.skipif(not can_mount(), reason="this machine allows no user namespaces")
@pytest.mark.parametrize("part, name", [("storage", "STORAGE_URL"), ("tmpdir", "TMPDIR")])
def test_a_full_disk(installation, part, name):
    installation.sql.execute("DELETE FROM sentry_fileblobindex")  # another folder would miss the object
    installation.sql.execute("DELETE FROM sentry_fileblob")
    exportd, folder = installation.exportd, installation.folder / "disk"
    exportd.settings["DATABASE_URL"] = installation.postgres.tcp_url(installation.database)
    with contextlib.closing(SmallDisk(folder, "32m")) as disk:
        below = installation.folder / "below"
        below.write_text(f'#!/bin/sh\nexec {" ".join(disk.command)} {binary()} "$@"\n')
        os.chmod(below, 0o755)
        exportd.path = str(below)
        settings = {name: f"file://{folder}" if part == "storage" else folder}
        assert installation.check(**settings) == ([], 0)
        with disk.full():
            lines, status = installation.check(**settings)
        assert_lines(lines, [("failed", part, "full" if part == "storage" else "less than 16 MiB left",
                              "make room")])
        assert status == 1 and os.listdir(disk.path) == []


# ---- the settings ----

def test_all_wrong_settings_at_once(installation):
    """Those that are read, those that belong together, and names that there are not."""
    lines, status = installation.check(
        CONCURRENCY="many", TAGSTORE="cassandra", QUEUE="a{b}", MAIL_FROM="nobody", MAIL_HELO="a b",
        REDIS_URL="redis://u:s3cr3t@host:1:2", MAIL_URL="smtp://user:s3cr3t@mail.example.com:25", QEUE="x",
        DATABASE_URL="postgresql://u:s3cr3t@w@127.0.0.1:1/d", PRIORITY_STEPS="9,0")
    assert [line[:2] for line in lines] == [("failed", "settings")] * 10, lines
    for name in ("CONCURRENCY", "TAGSTORE", "QUEUE", "MAIL_FROM", "MAIL_HELO", "REDIS_URL", "MAIL_URL",
                 "QEUE", "DATABASE_URL", "PRIORITY_STEPS"):
        assert [line for line in lines if line[2].startswith(f"EXPORTD_{name}:")], (name, lines)
    assert status == 2 and "s3cr3t" not in str(lines)


def test_only_the_settings(tmp_path):
    """No server is asked: there is none."""
    nowhere = Exportd(tmp_path, {"DATABASE_URL": "host=127.0.0.1 port=1", "REDIS_URL": "redis://127.0.0.1:1/0",
                                 "MAIL_URL": "smtp://127.0.0.1:1", "STORAGE_URL": f"file://{tmp_path}/a/b"})
    line, = nowhere.ok("check", "--config-only", "--json").json_lines()
    assert (line["result"], line["part"], line["advice"]) == ("ok", "settings", None)
    wrong = nowhere.fails("check", "--config-only", status=2, PAGE_SIZE=0)
    assert wrong.out.startswith("failed  settings     EXPORTD_PAGE_SIZE: ")
    assert len(wrong.err.splitlines()) == 1


def test_a_wrong_file_of_settings(installation):
    path = installation.folder / "settings.env"
    path.write_text("EXPORTD_QEUE=x\nPATH=/bin\nEXPORTD_PAGE_SIZE=0\n")
    result = installation.exportd.run("--config", path, "check", "--config-only")
    assert result.status == 2
    assert [line.split()[:2] for line in result.out.splitlines()] == [["failed", "settings"]] * 3
    assert "is EXPORTD_QUEUE meant?" in result.out and "PATH does not begin" in result.out
