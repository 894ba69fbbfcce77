# SPDX-License-Identifier: Apache-2.0
"""With EXPORTD_REDIS_URL=none, exportd needs only a PostgreSQL. Its upload locks are rows then."""
import concurrent.futures
import contextlib
import re

import pytest

from support.events import hash_of, series
from support.pgbouncer import PgBouncer
from support.program import Exportd
from support.waiting import wait_until

NOWHERE = "unix:///nonexistent/redis.sock"


@pytest.fixture
def alone(tmp_path, exportd):
    """The program without a Redis."""
    return Exportd(tmp_path, {**exportd.settings, "REDIS_URL": "none"})


@pytest.fixture
def rowlocks(tmp_path, exportd):
    """The program with a Redis for its messages, and locks in PostgreSQL."""
    return Exportd(tmp_path, {**exportd.settings, "LOCK_REDIS_URL": "none"})


@pytest.fixture
def issue(alone, sql):
    alone.create(users=("ann@example.com", "bob@example.com"))
    assert alone.ingest(series(3)).err == ""
    return one(sql, "SELECT group_id FROM sentry_grouphash WHERE hash = %s", hash_of("issue"))


def one(sql, query, *parameters):
    sql.execute(query, parameters)
    return sql.fetchone()[0]


def kind(sql):
    return one(sql, "SELECT kind FROM exportd.upload_lock_kind")


def locks(sql):
    return one(sql, "SELECT count(*) FROM exportd.upload_lock")


def expire(sql):
    sql.execute("UPDATE sentry_exporteddata SET date_expired = now() - interval '1 hour'")


def beat(sql, age="0 seconds"):
    sql.execute("INSERT INTO exportd.worker (instance, name, queue, version, threads, started_at, beat_at)"
                " VALUES ('host:1:a', 'host:1', 'data_export', '1', 1, now(),"
                " clock_timestamp() - %s::interval)", (age,))


# ---- commands ----

def test_ingest_counts_and_warns_of_nothing(alone, exportd, issue):
    assert alone.tag_export(group=issue).count(b"\r\n") == 4
    events = series(3)
    assert alone.ingest(events).err == alone.ingest(events).err == ""
    assert "not recorded" in exportd.ingest(series(3), REDIS_URL=NOWHERE).err


def test_what_asks_redis_says_that_there_is_none(alone, issue):
    result = alone.fails("grouphash", "last-processed", "--project", 1, hash_of("issue"), status=1)
    assert "there is no Redis (EXPORTD_REDIS_URL is none)" in result.err and result.out == ""


def test_check_tells_what_is_not_used(alone, rowlocks, exportd):
    lines = [line.split(maxsplit=2) for line in alone.ok("check").out.splitlines()]
    assert ["ok", "redis", "not used"] in lines
    assert not [line for line in lines if line[1] == "lock-redis"]
    assert "ok      lock-redis   not used: upload locks are in PostgreSQL\n" in rowlocks.ok("check").out
    lines = alone.ok("check", LOCK_REDIS_URL=exportd.settings["REDIS_URL"]).out.splitlines()
    assert [line for line in lines if line.startswith("ok      lock-redis   version")]


def test_cleanup_frees_what_has_expired(alone, rowlocks, sql, issue):
    rowlocks.enqueue(group=issue)
    rowlocks.drain()
    expire(sql)
    sql.execute("INSERT INTO exportd.upload_lock VALUES ('left behind', 'a dead one', now())")
    assert "removed 1 file, 1 blob, 1 object (" in alone.ok("cleanup").out
    assert alone.objects() == [] and locks(sql) == 0


# ---- locks in PostgreSQL ----

def test_exports_at_once_share_a_blob(rowlocks, sql, queue, issue):
    exports = [rowlocks.enqueue(group=issue, user=user) for user in ("ann@example.com", "bob@example.com")]
    result = rowlocks.drain()
    assert "upload_lock.lost" not in result.err
    content = rowlocks.tag_export(group=issue)
    assert [rowlocks.download(export) for export in exports] == [content, content]
    assert one(sql, "SELECT count(*) FROM sentry_fileblob") == 1 and len(rowlocks.objects()) == 1
    assert locks(sql) == 0 and kind(sql) == "postgres" and queue.keys("l:*") == []


def test_the_lock_of_a_dead_uploader_is_waited_for(rowlocks, sql, issue):
    export = rowlocks.enqueue(group=issue)
    with rowlocks.worker(FAULT="blob_row:kill") as worker:
        assert worker.process.wait(60) == -9
    assert 0 < one(sql, "SELECT extract(epoch FROM until - now()) FROM exportd.upload_lock") <= 60
    sql.execute("UPDATE exportd.export SET state = 'failed', finished_at = now()"
                " WHERE data_export_id = %s", (export,))
    with concurrent.futures.ThreadPoolExecutor() as pool:
        cleanup = pool.submit(rowlocks.ok, "cleanup")
        wait_until(lambda: one(sql, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE"
                                    " 'INSERT INTO exportd.upload_lock%%'"), "cleanup wants the lock")
        assert len(rowlocks.objects()) == 1
        sql.execute("UPDATE exportd.upload_lock SET until = clock_timestamp()")
        assert "1 object (" in cleanup.result().out
    assert rowlocks.objects() == [] and locks(sql) == 0


def test_through_pgbouncer(postgres, rowlocks, database, sql, issue):
    pooler = PgBouncer(postgres)
    with contextlib.closing(pooler):
        pooled = Exportd(rowlocks.folder, {**rowlocks.settings, "DATABASE_URL": pooler.url(database)})
        export = pooled.enqueue(group=issue)
        pooled.drain()
        assert pooled.download(export) == pooled.tag_export(group=issue)
        expire(sql)
        pooled.ok("cleanup")
    assert rowlocks.objects() == [] and locks(sql) == 0


# ---- one kind of locks per database ----

def test_the_kind_changes_when_nothing_uses_the_other(exportd, alone, sql):
    assert kind(sql) == "redis"
    assert "upload_lock.kind-changed" in alone.ok("cleanup").err
    assert kind(sql) == "postgres"
    assert "kind-changed" not in alone.ok("cleanup").err
    exportd.ok("cleanup", "--dry-run")
    assert kind(sql) == "postgres", "a dry run takes no lock"
    exportd.ok("cleanup")
    assert kind(sql) == "redis"


def test_the_other_kind_is_refused_while_a_worker_lives(exportd, alone, rowlocks, sql):
    beat(sql)
    assert "are in redis, and a worker or a lock is alive" in alone.fails("cleanup").err
    assert "are in redis, and a worker or a lock is alive" in rowlocks.fails("worker", "--drain").err
    exportd.ok("cleanup")
    exportd.ok("check")
    assert re.search("failed +postgresql +the upload locks of this database are in redis, and a worker or",
                     rowlocks.fails("check").out)
    sql.execute("DELETE FROM exportd.worker")
    beat(sql, "31 seconds")
    rowlocks.ok("check")
    assert kind(sql) == "redis", "a check changes nothing"
    rowlocks.drain()
    assert kind(sql) == "postgres"


def test_the_other_kind_is_refused_while_a_lock_is_held(exportd, alone, sql):
    alone.ok("cleanup")
    sql.execute("INSERT INTO exportd.upload_lock VALUES ('c', 'h', clock_timestamp() + '1 minute')")
    assert "are in postgres" in exportd.fails("cleanup").err
    alone.ok("cleanup")


def test_beside_a_sentry_its_redis_is_needed(exportd, alone, rowlocks, sql):
    sql.execute("CREATE TABLE django_migrations (id integer)")
    wanted = "EXPORTD_LOCK_REDIS_URL must name the Redis of this database's Sentry"
    assert wanted in alone.fails("cleanup", status=2).err
    assert wanted in rowlocks.fails("worker", "--drain", status=2).err
    assert wanted in alone.fails("check").out
    alone.ok("cleanup", LOCK_REDIS_URL=exportd.settings["REDIS_URL"])
    alone.ok("check", LOCK_REDIS_URL=exportd.settings["REDIS_URL"])
    assert kind(sql) == "redis"
