"""A busy thread makes the objects of small files ahead, and names them in the journal: which ones, until
when, and what becomes of them when things go wrong."""
import signal
import time

import pytest

from support.jobs import insert_export, push
from support.tagstore_rows import insert_small_issues
from support.waiting import wait_until

JOBS = 30  # of one thread: more than make it busy, fewer than the objects it makes at a time
SPARE = "SELECT count(*) FROM exportd.object WHERE spare_until > now() + interval '9 minutes'"


@pytest.fixture(autouse=True)
def issues(exportd, sql):
    exportd.create(users=("ann@example.com", "bob@example.com"))
    insert_small_issues(sql, JOBS)


def number(sql, statement):
    sql.execute(statement)
    return sql.fetchone()[0]


def spare(sql):
    return number(sql, SPARE)


def enqueue_all(sql, queue, jobs=JOBS, user="ann@example.com"):
    exports = [insert_export(sql, {"project_id": "1", "group_id": str(group), "key": "color"},
                             user=user) for group in range(1, jobs + 1)]
    for export in exports:
        push(queue, export)
    return dict(zip(exports, range(1, jobs + 1)))


def valid(sql):
    return number(sql, "SELECT count(*) FROM exportd.export WHERE state = 'valid'")


def check(exportd, sql, exports):
    """Each export has its bytes, after one attempt, and the store nothing else."""
    assert valid(sql) == len(exports)
    assert number(sql, "SELECT max(attempt) FROM exportd.export") == 1
    for export, group in exports.items():
        assert exportd.download(export) == exportd.tag_export(group=group)
    sql.execute("SELECT path FROM sentry_fileblob ORDER BY path")
    assert exportd.objects() == [path for path, in sql.fetchall()]
    assert number(sql, "SELECT count(*) FROM exportd.object") == 0


def test_a_busy_thread_makes_them_and_an_idle_one_gives_them_back(exportd, sql, queue):
    exports = enqueue_all(sql, queue)
    with exportd.worker(CONCURRENCY=1) as worker:
        wait_until(lambda: valid(sql) == JOBS, "all are exported")
        assert spare(sql) > 0
        assert len(exportd.objects()) == JOBS + spare(sql)
        wait_until(lambda: spare(sql) == 0, "the spare objects are given back")
        check(exportd, sql, exports)
        assert worker.stop() == 0
        assert worker.events("storage.spare-left") == []


def test_a_few_jobs_need_none(exportd, sql, queue):
    exports = enqueue_all(sql, queue, 5)
    with exportd.worker(CONCURRENCY=1) as worker:
        wait_until(lambda: valid(sql) == 5, "all are exported")
        assert number(sql, "SELECT count(*) FROM exportd.object") == 0
        assert worker.stop() == 0
    check(exportd, sql, exports)


def test_a_worker_that_stops_gives_them_back(exportd, sql, queue):
    exports = enqueue_all(sql, queue)
    with exportd.worker(CONCURRENCY=1) as worker:
        wait_until(lambda: valid(sql) == JOBS, "all are exported")
        assert spare(sql) > 0
        assert worker.stop() == 0
    check(exportd, sql, exports)


def test_those_of_a_dead_worker_are_left_alone_for_ten_minutes(exportd, sql, queue):
    exports = enqueue_all(sql, queue)
    with exportd.worker(CONCURRENCY=1) as worker:
        wait_until(lambda: valid(sql) == JOBS, "all are exported")
        worker.process.send_signal(signal.SIGKILL)
        worker.process.wait(10)
    left = spare(sql)
    assert left > 0 and len(exportd.objects()) == JOBS + left
    assert " 0 objects " in exportd.ok("cleanup").out
    sql.execute("UPDATE exportd.object SET spare_until = spare_until - interval '10 minutes'")
    assert f" {left} objects " in exportd.ok("cleanup", "--dry-run").out
    assert f" {left} objects " in exportd.ok("cleanup").out
    exportd.drain()  # the last message may not have left its list
    check(exportd, sql, exports)


@pytest.mark.parametrize("object_too", [True, False], ids=["cleanup", "journal"])
def test_those_that_were_taken_away_are_made_anew(exportd, sql, queue, object_too):
    """A worker whose clock has stood still finds that a cleanup was there."""
    exports = enqueue_all(sql, queue)
    with exportd.worker(CONCURRENCY=1, FAULT="page:delay=30") as worker:
        wait_until(lambda: spare(sql) > 0, "there are spare objects")
        if object_too:
            sql.execute("UPDATE exportd.object SET spare_until = now() WHERE spare_until IS NOT NULL")
            exportd.ok("cleanup")
        else:
            sql.execute("DELETE FROM exportd.object WHERE spare_until IS NOT NULL")
        wait_until(lambda: valid(sql) == JOBS, "all are exported")
        assert worker.stop() == 0
        assert worker.events("dataexport.blob-gone") == []
    check(exportd, sql, exports)


def test_bytes_that_are_there_already(exportd, sql, queue):
    """Taken for new once, then looked for: nothing is stored twice."""
    first = enqueue_all(sql, queue)
    with exportd.worker(CONCURRENCY=1, FAULT="page:delay=5") as worker:
        wait_until(lambda: valid(sql) == JOBS, "all are exported")
        again = enqueue_all(sql, queue, user="bob@example.com")
        wait_until(lambda: valid(sql) == 2 * JOBS, "all are exported again")
        assert worker.stop() == 0
        assert worker.events("dataexport.blob-gone") == []
    assert number(sql, "SELECT count(*) FROM sentry_fileblob") == JOBS
    check(exportd, sql, {**first, **again})


def test_the_store_is_full_when_they_are_made(exportd, sql, queue, tmp_path):
    """They only save time: what cannot be made ahead is made when it is needed."""
    exports = enqueue_all(sql, queue)
    sql.execute("ALTER TABLE exportd.object ADD CONSTRAINT none CHECK (spare_until IS NULL)")
    with exportd.worker(CONCURRENCY=1) as worker:
        wait_until(lambda: valid(sql) == JOBS, "all are exported")
        assert worker.stop() == 0
        assert worker.events("storage.spare-refill") != []
    check(exportd, sql, exports)


def test_postgres_is_away_when_they_are_given_back(exportd, sql, queue, postgres):
    exports = enqueue_all(sql, queue)
    with exportd.worker(CONCURRENCY=1) as worker:
        wait_until(lambda: valid(sql) == JOBS, "all are exported")
        sql.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'exportd worker'")
        wait_until(lambda: worker.events("storage.spare-left"), "it is said that they are left")
        assert worker.stop() == 0
    assert spare(sql) > 0
    sql.execute("UPDATE exportd.object SET spare_until = now() - interval '1 second'")
    exportd.ok("cleanup")
    check(exportd, sql, exports)
