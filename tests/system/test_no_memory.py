# SPDX-License-Identifier: Apache-2.0
"""A machine without memory: the program's n-th allocation fails, for n = 1, 2, ... until a run has fewer.
It gets by without, or says so and ends with status 1 or 4; then the same command works, nothing was lost and
nothing happened twice. The first allocations, which read the settings, have their turn with one command;
of later ones larger and larger steps are drawn, as they repeat; TEST_LONG=1 takes each."""
import concurrent.futures
import gzip
import itertools
import json
import os
import random
import re
import shutil
import threading

import pytest
import redis

from support.events import event, hash_of, series
from support.expected import expected_csv
from support.jobs import insert_export, push
from support.mail_sink import MailSink
from support.program import Exportd
from support.servers import Redis

SETTINGS = 30  # at least this many allocations are the same for all commands
LANES = 6  # more than there are cores, because workers mostly wait
DEAD = "exportd:{data_export}:dead"
EVENTS = [event(tags={"color": f"color {n % 4}", "shape": "round", "sentry:release": f"1.{n % 2}",
                      "environment": "prod" if n % 3 else "test"},
                when=f"2026-03-01T12:00:{n:02}.000000Z",
                user={"id": f"u{n % 3}", "email": f"u{n % 3}@example.com", "ip_address": "10.0.0.1"})
          for n in range(9)]
GROUP = ["--project", 1, "--group", 1]
WHO = ["--organization", "acme", "--user", "ann@example.com"]


# ---- the runs ----

def numbers(first=SETTINGS):
    """The numbers of the allocations that fail. A failing test prints SEED=..., which repeats them."""
    seed = int(os.environ.get("SEED") or random.randrange(10 ** 6))
    print(f"SEED={seed}")
    draw = random.Random(seed)
    number = first
    while True:
        yield number
        number += 1
        if not os.environ.get("TEST_LONG"):
            number += draw.randrange(1 + max(0, number - SETTINGS) // 6)


def failed(result, number):
    return f"allocation {number} fails\n" in result.err


def says_why(result, number):
    """It ended with status 1 or 4 because there was no memory, and says so."""
    assert result.status in (1, 4) and "no memory" in result.err + result.out, (number, result)


def attempts(exportd, *arguments, **options):
    """Runs the command until no allocation fails; yields (number, result) for each failure. `arguments` may be a
    function of the number."""
    for number in numbers():
        words = arguments[0](number) if callable(arguments[0]) else arguments
        result = exportd.run(*words, MEMORY_FAIL=number, **options)
        if not failed(result, number):
            assert number > SETTINGS and result.status == 0, (number, result)
            return
        if result.status != 0:
            says_why(result, number)
        yield number, result


@pytest.fixture
def installation(exportd, sql):
    """Group 1 with events; the environments prod and test."""
    exportd.create()
    exportd.ingest(EVENTS)
    return exportd


# ---- environments of the runs ----

class Lane:
    """Has its own database, queue, store and mail folder, so that lanes can run at once."""

    def __init__(self, name, folder, postgres, template, server, number=0, **settings):
        self.queue = redis.Redis(unix_socket_path=server.socket, db=number)
        self.user = f"{name}@example.com"
        self._drop = lambda: postgres.drop_database(f"lane_{name}")
        postgres.create_database(f"lane_{name}", template)
        self.folder = folder / name
        self.folder.mkdir()
        self.exportd = Exportd(self.folder, {
            "DATABASE_URL": postgres.url(f"lane_{name}"), "REDIS_URL": f"{server.url}?db={number}",
            "STORAGE_URL": f"file://{self.folder}/files", "MAIL_URL": f"file://{self.folder}/mail",
            "URL_PREFIX": "https://sentry.example.com", "MAIL_FROM": "exports@example.com",
            "LOG_FORMAT": "json", "CONCURRENCY": 1, "RETRY_BASE_SECONDS": 1, **settings})
        self._connection = postgres.connect(f"lane_{name}")
        self.sql = self._connection.cursor()
        self.exportd.create(users=[self.user, "ann@example.com"])
        self.exportd.ingest(EVENTS)

    def insert(self, group):
        """Inserts an export and its message; returns its id."""
        export = insert_export(self.sql, {"project_id": "1", "group_id": str(group), "key": "color"},
                               user=self.user)
        push(self.queue, export)
        return export

    def close(self):
        self.queue.close()
        self._connection.close()
        self._drop()


# ---- commands that only read ----

LOOKS = {
    "check": ["check"],
    "grants": ["grants", "postgres"],
    "tag-export": ["tag-export", "--organization", "acme", *GROUP, "--key", "color",
                   "--environment", "prod"],
    "tag-export-users": ["tag-export", "--organization", "acme", *GROUP, "--key", "user"],
    "tag-export-nothing": ["tag-export", "--organization", "acme", *GROUP, "--key", "nothing"],
    "estimate": ["estimate", "--organization", "acme", *GROUP, "--key", "color", "--json"],
    "estimate-discover": ["estimate", "--organization", "acme", "--type", "discover",
                          "--query-info", '{"fields": ["id"]}'],
    "compare": ["tagstore", "compare", "get_group_tag_values", *GROUP, "--key", "color",
                "--left", "postgres", "--right", "postgres"],
    "get_tag_key-nothing": ["tagstore", "get_tag_key", "--project", 1, "--key", "nothing"],
    "get_tag_values": ["tagstore", "get_tag_values", "--project", 1, "--key", "color",
                       "--environment", "test"],
    "get_group_list_tag_value": ["tagstore", "get_group_list_tag_value", *GROUP, "--group", 2,
                                 "--key", "color", "--value", "color 1"],
    "get_group_tag_keys_and_top_values": ["tagstore", "get_group_tag_keys_and_top_values", *GROUP],
    "get_release_tags": ["tagstore", "get_release_tags", "--project", 1, "--version", "1.0"],
    "get_group_event_ids": ["tagstore", "get_group_event_ids", *GROUP, "--tag", "color=color 1"],
    "get_group_ids_for_search_filter": ["tagstore", "get_group_ids_for_search_filter", "--project", 1,
                                        "--tag", "color=color 1", "--any", "shape"],
    "get_group_tag_values_for_users": ["tagstore", "get_group_tag_values_for_users", "--project", 1,
                                       "--ident", "u1", "--email", "u1@example.com"],
    "get_groups_user_counts": ["tagstore", "get_groups_user_counts", *GROUP, "--environment", "prod"],
    "last-processed": ["grouphash", "last-processed", "--project", 1, hash_of("issue"), "none"],
    "group-list": ["group", "list", "--project", "project-1", "--organization", "acme"],
    "group-list-json": ["group", "list", "--project", 1, "--limit", 1, "--json"],
    "status": ["status", 1],
    "status-json": ["status", 1, "--json"],
    "status-unknown": ["status", 77],
    "status-list": ["status"],
    "status-list-json": ["status", "--json"],
    "status-filtered": ["status", "--organization", "acme", "--user", "ann@example.com", "--state",
                        "waiting", "--limit", 1],
    "download": ["download", 1, "-o", "-"],
    "download-unfinished": ["download", 2, "-o", "-"],
    "queue": ["queue", "--json"],
    "dead": ["queue", "dead", "--json"],
    "workers": ["queue", "workers", "--json"],
    "delayed": ["queue", "delayed", "--json"],
    "quota": ["quota", "show"],
    "quota-json": ["quota", "show", "--organization", "acme", "--json"],
    "status-waiting": ["status", 3, "--json"],
    "retry-unfinished": ["retry", 3, "--json"],
    "delete-unfinished": ["delete", 3],
    "rescue": ["rescue", "--json"],
    "cleanup-dry": ["cleanup", "--dry-run"],
    "mail": ["mail", "list"],
    "mail-json": ["mail", "list", "--state", "sent", "--json"],
    "mail-resend-unknown": ["mail", "resend", 77, "--json"],
    "audit": ["audit", "--organization", "acme", "--action", "create"],
    "audit-json": ["audit", "--action", "create", "--limit", 1, "--json"],
    "purge-dry": ["purge", "--organization", "acme", "--dry-run", "--json"],
}


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory, postgres, template):
    """Data for all commands that read: exports with a file, lost, waiting and delayed; a dead message, a silent
    worker and a quota."""
    server = Redis()
    lane = Lane("looks", tmp_path_factory.mktemp("looks"), postgres, template, server)
    lane.insert(1)
    queue = lane.queue
    queue.lpush("data_export", "garbage")
    lane.exportd.drain()
    lost = insert_export(lane.sql, {"project_id": "1"})
    lane.sql.execute("UPDATE sentry_exporteddata SET date_added = now() - interval '1 hour'"
                     " WHERE id = %s", (lost,))
    assert len(lane.exportd.ok("queue", "dead", "--json").json_lines()) == 1
    lane.exportd.enqueue(key="shape")
    lane.exportd.ok("quota", "set", "--organization", "acme", "--weight", 2)
    lane.sql.execute("INSERT INTO exportd.worker VALUES"
                     " ('w', 'w', 'data_export', '1', 1, now(), '2020-01-01')")
    delayed = lane.exportd.enqueue(key="size")
    lane.sql.execute("UPDATE exportd.export SET state = 'delayed', message = 'is away', next_try_at ="
                     " '2030-01-01' WHERE data_export_id = %s", (delayed,))
    yield lane.exportd
    lane.close()
    server.close()


def without_times(text):
    text = re.sub(r'("beat_age_seconds": ?)\d+', r"\1-", text)
    return re.sub(r"\d+(\.\d+)? ms", "- ms", text)


@pytest.mark.parametrize("name", LOOKS)
def test_a_look(looked_at, name):
    """A command gives the right answer, or none."""
    usual = looked_at.run(*LOOKS[name])
    assert usual.status == 0 or name.endswith(("nothing", "unknown", "unfinished")), usual
    for number in numbers(1 if name == "check" else SETTINGS):
        result = looked_at.run(*LOOKS[name], MEMORY_FAIL=number)
        if not failed(result, number):
            break
        error = result.err.replace(f"allocation {number} fails\n", "")
        if name == "queue" and "messages in Redis are not counted: no memory" in error:
            assert result.status == 0 and '"in_redis":null' in result.out, (number, result)
        elif result.status == 0 or error == usual.err:
            assert result.status == usual.status, (number, result)
            assert without_times(result.out) == without_times(usual.out), (number, result)
        else:
            says_why(result, number)
    again = looked_at.run(*LOOKS[name])
    assert (again.status, without_times(again.out)) == (usual.status, without_times(usual.out))


def test_download_leaves_no_half_file(looked_at, tmp_path):
    content = looked_at.download(1)
    folder = tmp_path / "downloads"
    folder.mkdir()
    for number, result in attempts(looked_at, "download", 1, "-o", folder / "file"):
        assert os.listdir(folder) == (["file"] if result.status == 0 else []), (number, result)
        if result.status == 0:
            assert (folder / "file").read_bytes() == content
            (folder / "file").unlink()


# ---- commands that change something ----

def table_sizes(sql):
    sql.execute("SELECT (SELECT count(*) FROM sentry_message),"
                " (SELECT sum(times_seen) FROM sentry_groupedmessage),"
                " (SELECT sum(g.times_seen) FROM tagstore_grouptagvalue g JOIN tagstore_tagvalue v"
                "    ON v.id = g.value_id WHERE v.value = 'red'),"
                " (SELECT count(*) FROM exportd.event_user_attributes)")
    return sql.fetchone()


@pytest.mark.parametrize("compressed", [False, True])
def test_ingest(exportd, sql, tmp_path, compressed):
    exportd.create()
    file = tmp_path / "events"
    count = itertools.count(1)

    def fresh(_number):
        events = [event(f"issue {next(count)}", tags={"color": "red", "environment": "prod"},
                        user={"id": "u1"}),
                  event("common", tags={"color": "red"})]
        lines = "".join(json.dumps(line) + "\n" for line in events).encode()
        file.write_bytes(gzip.compress(lines) if compressed else lines)
        return ["ingest", file]

    files = 0
    for number, result in attempts(exportd, fresh):
        files += 1
        if result.status != 0:
            exportd.ok("ingest", file)
        total, seen, red, users = table_sizes(sql)
        # a value counts for all environments and for its event's own
        assert (total, seen, red, users) == (2 * files, 2 * files, 4 * files, files), (number, result)
    sql.execute("SELECT count(*), count(DISTINCT group_id) FROM sentry_grouphash")
    assert sql.fetchone() == (files + 2, files + 2)


def test_group_merge(exportd, sql, queue):
    exportd.create()
    pairs = 150
    exportd.ingest([event(f"issue {n}", tags={"color": "red", "environment": "prod"},
                          user={"id": "u1"}) for n in range(2 * pairs)])
    sql.execute("SELECT hash, group_id FROM sentry_grouphash")
    groups = dict(sql.fetchall())
    counter = itertools.count()
    pair = []

    def next_pair(_number):
        turn = next(counter)
        pair[:] = [groups[hash_of(f"issue {2 * turn + side}")] for side in (0, 1)]
        return ["group", "merge", "--into", *pair]

    for number, result in attempts(exportd, next_pair):
        if result.status != 0:
            exportd.ok("group", "merge", "--into", *pair)
        sql.execute("SELECT times_seen, (SELECT count(*) FROM sentry_message WHERE group_id = g.id),"
                    " (SELECT sum(times_seen) FROM tagstore_grouptagvalue WHERE group_id = g.id)"
                    " FROM sentry_groupedmessage g WHERE id = ANY(%s)", (pair,))
        seen, messages, values = sql.fetchone()
        assert sql.fetchone() is None and (seen, messages) == (2, 2), (number, result)
        assert values == 2 * 6, (number, result)  # three tags, in two environments


def test_enqueue(installation, sql):
    arguments = ["enqueue", *WHO, *GROUP, "--key", "color", "--environment", "prod", "--limit", 5]
    for number, result in attempts(installation, *arguments):
        again = installation.ok(*arguments)
        if result.status == 0:
            assert again.out == result.out
        sql.execute("SELECT id FROM sentry_exporteddata")
        assert sql.fetchall() == [(int(again.out),)], (number, result)
        sql.execute("""SELECT data_export_id, state, "limit", environment_id > 0 FROM exportd.export""")
        assert sql.fetchall() == [(int(again.out), "waiting", 5, True)], (number, result)
        sql.execute("DELETE FROM sentry_exporteddata; DELETE FROM exportd.export")


def test_retry(installation, sql):
    failed = installation.enqueue()
    sql.execute("DELETE FROM sentry_exporteddata; UPDATE exportd.export SET state = 'failed'")
    for number, result in attempts(installation, "retry", failed):
        again = installation.ok("retry", failed)
        if result.status == 0:
            assert again.out == result.out
        sql.execute("SELECT data_export_id FROM exportd.export WHERE retry_of = %s", (failed,))
        assert sql.fetchall() == [(int(again.out),)], (number, result)
        sql.execute("DELETE FROM sentry_exporteddata;"
                    " DELETE FROM exportd.export WHERE retry_of IS NOT NULL")


def test_delete(installation, sql):
    made = []

    def finish(_number):
        made[:] = [installation.enqueue()]
        installation.drain()
        return ["delete", *made]

    for number, result in attempts(installation, finish):
        if result.status != 0:  # it may be deleted without its line or with objects left
            installation.run("delete", *made)
        installation.ok("cleanup")
        assert installation.status(made[0])["status"] == "GONE", (number, result)
        assert installation.objects() == [], (number, result)


def test_quota(installation, sql):
    words = ["quota", "set", "--organization", "acme", "--weight", 2, "--max-queued", 5]
    for number, result in attempts(installation, *words):
        if result.status != 0:
            installation.ok(*words)
        sql.execute("SELECT weight, max_running, max_queued FROM exportd.organization")
        assert sql.fetchall() == [(2, None, 5)], (number, result)
        sql.execute("DELETE FROM exportd.organization")


def test_queue_retry(exportd, sql):
    exportd.create()
    entry = []

    def dead():
        sql.execute("SELECT id FROM exportd.dead")
        return [row for row, in sql.fetchall()]

    def bury(number):
        sql.execute("DELETE FROM sentry_exporteddata; DELETE FROM exportd.export")
        message = json.dumps({"data_export_id": insert_export(sql, {"project_id": "1"}), "limit": number})
        sql.execute("INSERT INTO exportd.dead (queue, date_added, message, priority, reason, worker)"
                    " VALUES ('data_export', now(), convert_to(%s, 'UTF8'), 3, 'r', 'w')", (message,))
        entry[:] = dead()
        return ["queue", "retry", *entry]

    for number, result in attempts(exportd, bury):
        if result.status != 0 and dead() != []:
            exportd.ok("queue", "retry", *entry)
        assert dead() == [], (number, result)
        sql.execute("""SELECT state, priority, "limit", (SELECT count(*) FROM sentry_exporteddata AS row
                         WHERE row.id = data_export_id) FROM exportd.export""")
        assert sql.fetchall() == [("waiting", 3, number, 1)], (number, result)


def test_rescue(exportd, sql, queue):
    exportd.create()

    def lose(number):
        queue.flushall()
        sql.execute("DELETE FROM sentry_exporteddata; DELETE FROM exportd.export")
        for part in range(2):
            insert_export(sql, {"project_id": "1", "number": f"{number}.{part}"})
        sql.execute("UPDATE sentry_exporteddata SET date_added = now() - interval '1 hour'")
        return ["rescue", "--force", "--json"]

    for number, result in attempts(exportd, lose):
        again = exportd.ok("rescue", "--force", "--json")
        sql.execute("SELECT id FROM sentry_exporteddata ORDER BY id")
        exports = [export for export, in sql.fetchall()]
        sql.execute("SELECT data_export_id FROM exportd.export ORDER BY 1")
        assert [export for export, in sql.fetchall()] == exports, (number, result, again)


def audited(sql, action):
    sql.execute("SELECT data_export_id FROM exportd.audit WHERE action = %s ORDER BY id", (action,))
    return [export for export, in sql.fetchall()]


def test_cancel(installation, sql):
    exports = []

    def ask(_number):
        exports.append(insert_export(sql, {"project_id": "1"}))
        return ["cancel", exports[-1]]

    for _number, result in attempts(installation, ask):
        if result.status != 0:
            again = installation.run("cancel", exports[-1])
            assert again.status == 0 or "finished already" in again.err, (result, again)
        assert audited(sql, "cancel") == exports, result


def test_purge(installation, sql, queue):
    exports = []

    def ask(_number):
        exports.extend(insert_export(sql, {"project_id": "1"}) for _ in range(2))
        return ["purge", "--user", "ann@example.com"]

    for _number, result in attempts(installation, ask):
        if result.status != 0:
            installation.ok("purge", "--user", "ann@example.com")
        assert audited(sql, "purge") == exports, result


def test_cleanup(installation, sql, queue):
    count = 150
    for number in range(count):
        insert_export(sql, {"project_id": "1", "group_id": "1", "key": "color", "number": number})
    sql.execute("SELECT id FROM sentry_exporteddata ORDER BY id")
    exports = [export for export, in sql.fetchall()]
    for number, export in enumerate(exports, 1):
        push(queue, export, limit=number)
    installation.ingest([event("other", tags={"color": f"other {n}"}) for n in range(count)])
    # each export has another file, so that they share no blob
    sql.execute("UPDATE sentry_exporteddata SET query_info = replace(query_info, '\"group_id\": \"1\"',"
                " '\"group_id\": \"2\"')")
    installation.drain()
    sql.execute("SELECT count(*) FROM sentry_fileblob")
    assert sql.fetchone() == (count,)
    turn = itertools.count()

    def expire(_number):
        sql.execute("UPDATE sentry_exporteddata SET date_expired = now() - interval '1 hour'"
                    " WHERE id = %s", (exports[next(turn)],))
        return ["cleanup"]

    left = count
    for number, result in attempts(installation, expire):
        left -= 1
        if result.status != 0:
            installation.ok("cleanup")
        sql.execute("SELECT (SELECT count(*) FROM sentry_file), (SELECT count(*) FROM sentry_fileblob),"
                    " (SELECT count(*) FROM exportd.object)")
        assert sql.fetchone() == (left, left, 0), (number, result)
        assert len(installation.objects()) == left, (number, result)


@pytest.mark.parametrize("what", ["organization", "user", "project"])
def test_create(exportd, sql, what):
    exportd.create(projects=())
    flags = [] if what == "organization" else ["--organization", "acme"]
    name = "new@example.com" if what == "user" else "new"
    for number, result in attempts(exportd, "create", what, name, *flags):
        again = exportd.ok("create", what, name, *flags)
        if result.status == 0:
            assert again.out == result.out, (number, result)
        sql.execute({
            "organization": "DELETE FROM sentry_organization WHERE slug = 'new' RETURNING id",
            "user": "DELETE FROM sentry_organizationmember m USING auth_user u WHERE u.id = m.user_id"
                    " AND u.email = 'new@example.com' RETURNING u.id",
            "project": "DELETE FROM sentry_project WHERE slug = 'new' RETURNING id"}[what])
        assert sql.fetchall() == [(int(again.out),)], (number, result)
        if what == "user":
            sql.execute("DELETE FROM auth_user WHERE email = 'new@example.com'")
            assert sql.rowcount == 1


def test_migrate(tmp_path, postgres, redis_server, queue):
    """Each run starts with an empty database."""
    name = "migrated_without_memory"
    program = Exportd(tmp_path, {"DATABASE_URL": postgres.url(name),
                                 "REDIS_URL": redis_server.url})

    def anew(_number):
        postgres.drop_database(name)
        postgres.create_database(name)
        return ["migrate", "--standalone"]

    try:
        for _ in attempts(program, anew):
            program.ok("migrate", "--standalone")
            program.ok("create", "organization", "acme")
    finally:
        postgres.drop_database(name)


def test_takeover(exportd, sql, queue):
    """The takeover of a queue of version 0.1.0."""
    def leave(_number):
        queue.flushall()
        sql.execute("TRUNCATE exportd.dead; UPDATE exportd.queue SET taken_over = false")
        queue.xadd(DEAD, {"message": "dead", "reason": "r", "worker": "w"})
        queue.zadd("exportd:{data_export}:delayed", {"delayed": 1})
        queue.rpush("exportd:{data_export}:processing:w", "taken")
        return ["migrate"]

    for number, result in attempts(exportd, leave):
        exportd.ok("migrate")
        assert queue.keys("*") == [b"data_export"], (number, result)
        assert set(queue.lrange("data_export", 0, -1)) == {b"taken", b"delayed"}, (number, result)
        sql.execute("SELECT convert_from(message, 'UTF8') FROM exportd.dead")
        assert sql.fetchall() == [("dead",)], (number, result)


# ---- the worker ----

@pytest.fixture
def lanes(tmp_path, postgres, template, redis_server, queue, request):
    made = []

    def make(**settings):
        for number in range(LANES):
            made.append(Lane(f"{number}", tmp_path, postgres, template, redis_server, number,
                             **settings))
        return made

    yield make
    for lane in made:
        lane.close()


def on_lanes(lanes, run):
    """Calls run(lane, number) on all lanes at once, until one reports that no allocation has failed."""
    source = numbers()
    waiting = threading.Lock()
    over = threading.Event()

    def work(lane):
        while not over.is_set():
            with waiting:
                number = next(source)
            try:
                if not run(lane, number):
                    print(f"fewer than {number} allocations")
                    over.set()
            except BaseException:
                over.set()
                raise

    with concurrent.futures.ThreadPoolExecutor(len(lanes)) as pool:
        for done in [pool.submit(work, lane) for lane in lanes]:
            done.result()


@pytest.mark.parametrize("group, by", [(1, "file"), (77, "file"), (1, "smtp")])
def test_the_worker(lanes, group, by):
    """An export of a group that exists, or not; a mail to a folder or a server. A job that was interrupted runs
    again."""
    content = expected_csv(EVENTS, 1, [hash_of("issue")], "color")

    def run(lane, number):
        export = lane.insert(group)
        result = lane.exportd.run("worker", "--drain", MEMORY_FAIL=number, timeout=100,
                                  METRICS_LISTEN=f"{lane.exportd.folder}/metrics")
        if result.status != 0:
            says_why(result, number)
            lane.exportd.drain()
        status = lane.exportd.status(export)
        assert status["mail"] == "sent", (number, status, result)
        if group == 1:
            assert status["status"] == "VALID" and status["rows"] == 4, (number, status, result)
            assert lane.exportd.download(export) == content
        else:
            assert status["status"] == "FAILED", (number, status, result)
            assert "memory" not in status["message"], (number, status, result)
        assert status["failures"] == 0, (number, status, result)
        lane.sql.execute("SELECT count(*) FROM exportd.outbox WHERE data_export_id = %s", (export,))
        assert lane.sql.fetchone() == (1,), (number, result)
        assert lane.queue.keys("*data_export*") == [], (number, result)
        assert mails(lane) == 1, (number, result)
        return failed(result, number)

    def mails(lane):
        if by == "smtp":
            return len([sink.mails.remove(mail) for mail in list(sink.mails)
                        if mail.recipients == [lane.user]])
        found = lane.exportd.mails()
        shutil.rmtree(lane.exportd.mail_folder)
        return len(found)

    with MailSink() as sink:
        settings = {"MAIL_URL": f"smtp://127.0.0.1:{sink.port}"} if by == "smtp" else {}
        on_lanes(lanes(**settings), run)
