# SPDX-License-Identifier: Apache-2.0
"""`exportd grants`: with exactly these rights in PostgreSQL and these rules in Redis, all commands work except
the owner's. If one right is missing, `check` names it."""
import json
import re
import signal
import subprocess

import pytest

from support.events import event, group_of, series
from support.jobs import insert_export, push
from support.program import Exportd
from support.tagstore_backends import BACKENDS
from support.waiting import wait_until

ROLE = "exportd-least"
ANOTHER_SENTRY = """
    CREATE TABLE sentry_exporteddatablob (id bigserial PRIMARY KEY, data_export_id integer NOT NULL,
        blob_id bigint NOT NULL, "offset" integer NOT NULL);
    CREATE TABLE sentry_sentryapp (id bigserial, proxy_user_id bigint, date_deleted timestamptz);
    CREATE TABLE sentry_sentryappinstallation (id bigserial, sentry_app_id bigint,
        organization_id bigint, status integer, date_deleted timestamptz)"""


class Least:
    """The program as a role with the rights that `grants` prints, and as the owner."""

    def __init__(self, owner, postgres, database, sql, redis_server):
        self.owner, self.sql, self.redis = owner, sql, redis_server
        text = owner.ok("grants", ROLE).out
        self.grants = [line for line in text.splitlines() if not line.startswith("--")]
        self.rules = [line.removeprefix("-- ") for line in text.splitlines()
                      if line.startswith("-- ACL SETUSER ")]
        for line in self.grants:
            sql.execute(line)
        for rule in self.rules:
            self.redis_cli(rule + " >word")
        settings = {"DATABASE_URL": postgres.url(database).replace("user=postgres", f"user={ROLE}")}
        for name in ("REDIS_URL", "LOCK_REDIS_URL"):
            url = owner.settings.get(name)
            if url not in (None, "none"):
                settings[name] = url.replace("unix://", f"unix://{ROLE}:word@")
        self.exportd = Exportd(owner.folder, {**owner.settings, **settings})

    def redis_cli(self, line):
        """Runs a printed line in redis-cli, as an operator would."""
        done = subprocess.run(["redis-cli", "-s", self.redis.socket], input=line + "\n", text=True,
                              capture_output=True, check=True)
        assert done.stdout.strip() == "OK", (line, done)

    def rights(self):
        """(right, object) of each grant that is printed."""
        for line in self.grants:
            rights, name = re.fullmatch(rf'GRANT (.+) ON (.+) TO "{ROLE}";', line).groups()
            for right in rights.split(", "):
                yield right, name


@pytest.fixture
def closed_database(postgres, database, sql):
    """A database that gives no right to PUBLIC."""
    postgres.execute(f'CREATE ROLE "{ROLE}" LOGIN')
    sql.execute(f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC')
    sql.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    yield
    sql.execute(f'DROP OWNED BY "{ROLE}"')
    postgres.execute(f'DROP ROLE "{ROLE}"')


@pytest.fixture
def make(exportd, closed_database, postgres, database, sql, redis_server, queue):
    def make_least(**settings):
        exportd.settings.update(settings)
        return Least(exportd, postgres, database, sql, redis_server)
    yield make_least
    for user in queue.execute_command("ACL", "USERS"):
        if user != b"default":
            queue.execute_command("ACL", "DELUSER", user)


SETTINGS = [{}, {"LOCK_REDIS_URL": "none"}, {"REDIS_URL": "none"},
            {"REDIS_KEY_PREFIX": 'p*fx:', "PRIORITY_STEPS": "0,4", "PRIORITY_SEP": '\\x06"\\\\'}]


def use_redis(least, queue, sql, issue):
    """Makes an intake use Redis: messages, one that is too long, one left by another intake, and the list of
    unacknowledged messages."""
    name = least.owner.settings.get("REDIS_KEY_PREFIX", "") + "data_export"
    queue.lpush(f"exportd:{{{name}}}:intake:0", b"{}")
    for number in range(2):
        push(queue, insert_export(sql, {"project_id": 1, "group_id": issue, "key": "shape"}), name)
    queue.lpush(name, b"garbage")
    queue.lpush(name, b"x" * 1100000)
    queue.hset(name.replace("data_export", "unacked"), "tag", json.dumps([{"body": ""}, "", name]))


def make_old(sql):
    """Makes rows that cleanup removes: an expired export, an old history, an old entry of the audit."""
    sql.execute("UPDATE sentry_exporteddata SET date_expired = now() - interval '1 day'"
                " WHERE id = (SELECT min(data_export_id) FROM exportd.export WHERE state = 'valid')")
    sql.execute("UPDATE exportd.export SET finished_at = now() - interval '999 days'"
                " WHERE data_export_id IN (SELECT data_export_id FROM exportd.export"
                " WHERE state IN ('failed', 'cancelled') LIMIT 1)")
    sql.execute("UPDATE exportd.audit SET at = now() - interval '999 days'"
                " WHERE id = (SELECT min(id) FROM exportd.audit)")
    sql.execute("UPDATE exportd.object SET written_at = now() - interval '99 days'")


def run_worker(least, sql, count):
    with least.exportd.worker(LEASE_SECONDS=2) as worker:
        def finished():
            sql.execute("SELECT (SELECT count(*) FROM exportd.export WHERE state IN ('valid',"
                        " 'failed')), (SELECT max(beat_at - started_at) > '1 s' FROM exportd.worker)")
            exports, beaten = sql.fetchone()
            return exports >= count and beaten
        wait_until(finished, f"{count} exports are finished", 30)
        assert worker.stop(signal.SIGTERM) == 0
        assert worker.events("worker.lacks-privilege") == []
        assert "42501" not in worker.log_text() and "NOPERM" not in worker.log_text()


def use_everything(least, sql, queue, issue):
    program = least.exportd
    failing = program.enqueue(group=999999)
    done = [program.enqueue(group=issue), program.enqueue(group=issue, key="shape", limit=2),
            program.enqueue(group=issue, user="bob@example.com"),
            program.enqueue(group=issue, key="user", environment="production")]
    asked = ["--organization", "acme", "--user", "ann@example.com", "--project", 1, "--group", issue]
    assert int(program.ok("enqueue", *asked, "--key", "color").out) == done[0]
    program.ok("group", "list", "--project", 1)
    cancelled = program.enqueue(group=issue, key="size", user="eve@example.com")
    program.ok("cancel", cancelled)
    program.ok("estimate", "--organization", "acme", "--project", 1, "--group", issue, "--key",
               "color")
    if queue is not None:
        use_redis(least, queue, sql, issue)
    run_worker(least, sql, len(done) + 1 + (2 if queue is not None else 0))
    assert program.download(done[0]) == program.tag_export(group=issue)
    program.ok("status", done[0])
    program.ok("status", "--organization", "acme")
    program.ok("retry", failing)
    program.drain()
    program.ok("quota", "set", "--organization", "acme", "--max-running", 7)
    program.ok("quota", "set", "--organization", "acme", "--max-running", 8)
    program.ok("quota", "show")
    for words in ("stats", "pause", "resume", "workers", "delayed", "dead"):
        program.ok("queue", words)
    program.ok("queue", "pause", QUEUE="other")
    if queue is not None:
        entry = program.ok("queue", "dead", "--json").json_lines()[0]["id"]
        sql.execute("UPDATE exportd.dead SET message = %s WHERE id = %s",
                    (json.dumps({"data_export_id": failing}).encode(), entry))
        program.ok("queue", "retry", entry)
        program.drain()
        for entry in program.ok("queue", "dead", "--json").json_lines():
            program.ok("queue", "drop", entry["id"])
    program.ok("delete", done[1])
    program.ok("purge", "--user", "bob@example.com")
    old = insert_export(sql, {"project_id": 1, "group_id": issue, "key": "color", "n": 1})
    sql.execute("UPDATE sentry_exporteddata SET date_added = now() - interval '1 hour'"
                " WHERE id = %s", (old,))
    program.ok("rescue")
    program.ok("rescue", "--force")
    program.drain()
    make_old(sql)
    program.ok("cleanup")
    program.ok("audit")
    program.ok("check")


@pytest.fixture
def events():
    one = event(tags={"environment": "production"}, user={"id": "7"})
    return series(3) + series(3, key="shape") + series(3, key="size") + [one]


@pytest.fixture
def issue(exportd, sql, events):
    exportd.create(users=("ann@example.com", "bob@example.com", "eve@example.com"))
    exportd.ingest(events)
    return group_of(sql, "issue")


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_printed_rights_are_enough(make, sql, queue, issue, settings):
    sql.execute(ANOTHER_SENTRY)
    least = make(**settings)
    use_everything(least, sql, None if settings.get("REDIS_URL") == "none" else queue, issue)
    assert least.exportd.ok("check").out == least.owner.ok("check").out


@pytest.mark.parametrize("dialect", ["2018", "2020"])
def test_the_printed_rights_are_enough_over_snuba(exportd, make, sql, queue, issue, events, snuba,
                                                  dialect):
    backend = BACKENDS[f"snuba-{dialect}"](exportd, sql, snuba)
    backend.insert(events)
    least = make(**backend.settings())
    use_everything(least, sql, queue, issue)
    assert len(backend.server.queries) > 5
    assert not [name for _, name in least.rights() if "tagstore_" in name]
    sql.execute(f'REVOKE SELECT ON sentry_grouphash FROM "{ROLE}"')
    assert "the role lacks SELECT on public.sentry_grouphash" in least.exportd.fails("check").out


def done_since_reset(sql):
    """(right, table) of the operations that the server has counted since the reset."""
    sql.execute("SELECT format('%I.%I', schemaname, relname), coalesce(seq_scan, 0)"
                " + coalesce(idx_scan, 0), n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables")
    return {(right, table) for table, *counts in sql.fetchall()
            for right, count in zip(("SELECT", "INSERT", "UPDATE", "DELETE"), counts) if count}


# The server does not count SELECT ... FOR UPDATE, nor ON CONFLICT DO UPDATE without a conflict.
UNCOUNTED = {("UPDATE", "public.sentry_fileblob"), ("UPDATE", "exportd.object"),
             ("UPDATE", "exportd.upload_lock_kind"), ("UPDATE", "exportd.upload_lock"),
             ("UPDATE", "exportd.intake_try")}


@pytest.mark.parametrize("settings", SETTINGS[:2])
def test_no_right_is_printed_in_vain(make, sql, queue, issue, settings):
    least = make(**settings)
    sql.execute("SELECT pg_stat_reset()")
    queue.config_resetstat()
    use_everything(least, sql, queue, issue)

    def unused():
        return {(right, name) for right, name in least.rights() if right not in
                ("USAGE", "CONNECT")} - done_since_reset(sql) - UNCOUNTED

    def only_locks():
        return all(name == "exportd.upload_lock" and not settings for _, name in unused())
    wait_until(only_locks, "all rights are used", 10, 0.5)
    rule, = least.rules
    assert {f"cmdstat_{word[1:]}" for word in rule.split() if word.startswith("+")} <= set(
        queue.info("commandstats"))


def test_check_names_each_right(make, sql, queue):
    """The rights are revoked one after the other."""
    sql.execute(ANOTHER_SENTRY)
    least = make()
    least.exportd.ok("check")
    count = 0
    for right, name in least.rights():
        sql.execute(f'REVOKE {right} ON {name} FROM "{ROLE}"')
        out = least.exportd.fails("check").out
        lines = [line for line in out.splitlines() if line.startswith("failed  postgresql")]
        assert any(f"the role lacks {right} on {name}" in line or right == "CONNECT"
                   for line in lines), (right, name, out)
        sql.execute(f'GRANT {right} ON {name} TO "{ROLE}"')
        count += 1
    least.exportd.ok("check")
    assert count > 80


def test_no_table_of_exportd_is_forgotten(make, sql):
    """A later one needs rights, or is for the owner alone."""
    sql.execute("SELECT format('exportd.%I', relname) FROM pg_class"
                " WHERE relnamespace = 'exportd'::regnamespace AND relkind IN ('r', 'p', 'v')")
    tables = {name for name, in sql.fetchall()}
    assert tables - {name for _, name in make().rights()} == {
        "exportd.event_user_attributes", "exportd.sampled_event"}


def test_check_names_all_rights_at_once(make, sql):
    least = make()
    sql.execute(f'DROP OWNED BY "{ROLE}"')
    sql.execute(least.grants[0])
    out = least.exportd.fails("check").out
    for right, name in least.rights():
        if right != "CONNECT":
            assert re.search(rf"the role lacks .*\b{right}\b.* on {re.escape(name)};", out, re.M), name


@pytest.mark.parametrize("locks", ["same", "other"])
def test_check_names_each_rule_of_redis(make, queue, redis_server, locks):
    url = {"LOCK_REDIS_URL": f"unix://{redis_server.socket}?db=3"} if locks == "other" else {}
    least = make(**url)
    if locks == "other":
        queue.execute_command("ACL", "SETUSER", "other", "on", ">word")
        least.redis_cli(least.rules[1].replace(f'"{ROLE}"', "other"))
        least.redis_cli(least.rules[0])
        least.exportd.settings["LOCK_REDIS_URL"] = f"unix://other:word@{redis_server.socket}?db=3"
    least.exportd.ok("check")
    for rule, user in zip(least.rules, (ROLE, "other")):
        words = rule.split()
        for command in [word[1:] for word in words if word.startswith("+")]:
            if command == "client|setname":
                continue  # it does no harm if it is refused
            queue.execute_command("ACL", "SETUSER", user, f"-{command}")
            out = least.exportd.run("check").out
            assert f"NOPERM to {command}" in out.replace("SELECT", "select"), out
            queue.execute_command("ACL", "SETUSER", user, f"+{command}")
        keys = [word for word in words if word.startswith('"~')]
        for key in keys:
            kept = [other for other in keys if other != key]
            least.redis_cli(f"ACL SETUSER {user} resetkeys {' '.join(kept)}")
            out = least.exportd.fails("check").out
            name = json.loads(key.replace("\\x", "\\u00"))[1:].rstrip("*")
            assert re.search(rf"^failed .*NOPERM to \w+ {re.escape(name)}", out, re.M), (key, out)
        least.redis_cli(f"ACL SETUSER {user} {' '.join(keys)}")
    least.exportd.ok("check")


def test_a_worker_tells_what_it_lacks(make, sql, queue, issue):
    least = make()
    sql.execute(f'REVOKE DELETE ON exportd.audit FROM "{ROLE}"')
    queue.execute_command("ACL", "SETUSER", ROLE, "-lmove")
    push(queue, 4242)
    with least.exportd.worker() as worker:
        worker.wait_for_event("server.away")
        lacks, = worker.events("worker.lacks-privilege")
        assert lacks["error"] == "the role lacks DELETE on exportd.audit"
        away = worker.events("server.away")[0]
        assert "NOPERM to EVALSHA data_export and 8 more" in away["error"]
        assert worker.stop() == 0


def test_grants_of_what_is_there(exportd, sql, database):
    assert "there is no role 'none'" in exportd.fails("grants", "none", status=3).err
    sql.execute("ALTER TABLE sentry_file RENAME TO elsewhere")
    assert "there is no table sentry_file" in exportd.fails("grants", "postgres").err
    sql.execute("ALTER TABLE elsewhere RENAME TO sentry_file")
    assert "sentry_exporteddatablob" not in exportd.ok("grants", "postgres").out
    sql.execute(ANOTHER_SENTRY)
    out = exportd.ok("grants", "postgres").out
    assert "GRANT SELECT, DELETE ON public.sentry_exporteddatablob TO postgres;\n" in out
    assert "tagstore_tagkey" in out and "sentry_grouphash" not in out
    sql.execute("CREATE SCHEMA tracker")
    sql.execute("ALTER TABLE sentry_file SET SCHEMA tracker")
    sql.execute(f'ALTER DATABASE "{database}" SET search_path TO public, tracker')
    out = exportd.ok("grants", "postgres", TAGSTORE="snuba").out
    assert "ON SCHEMA tracker TO" in out and "SEQUENCE tracker.sentry_file_id_seq" in out
    assert "tagstore_tagkey" not in out and "ON public.sentry_grouphash" in out
