"""A busy thread makes the objects of small files ahead, and names them in the journal: which ones, until
when, and what becomes of them when things go wrong. The one thread of these tests makes 4 with its 4th
job, 8 with its 8th and 16 with its 16th, so that 11 are left after the last one."""
import contextlib
import hashlib
import os
import signal
import time

import pytest

from support.jobs import insert_export, push
from support.proxy import Proxy
from support.tagstore_rows import insert_small_issues
from support.waiting import wait_until

JOBS = 20
LEFT = 11
LEASE = {"LEASE_SECONDS": 2}
LOCK_OF_SPARE = "l:fileblob:upload:"  # a cleanup's: their checksum is empty
AFTER_ALL = f"after_commit:delay=4000:{JOBS}"  # time to look before the thread is idle


@pytest.fixture(autouse=True)
def issues(exportd, sql):
    exportd.create(users=("ann@example.com", "bob@example.com"))
    insert_small_issues(sql, JOBS)


def number(sql, statement):
    sql.execute(statement)
    return sql.fetchone()[0]


def spare(sql):
    return number(sql, "SELECT count(*) FROM exportd.object"
                       " WHERE spare_until > now() + interval '9 minutes'")


def expire(sql):
    sql.execute("UPDATE exportd.object SET spare_until = now() - interval '1 second'"
                " WHERE spare_until IS NOT NULL")


def end_what_the_dead_held(sql, queue):
    """What would end by itself after one or two minutes."""
    for lock in queue.keys("l:fileblob:upload:*"):
        queue.delete(lock)
    sql.execute("UPDATE exportd.outbox SET next_try_at = now() WHERE state = 'waiting'")


def enqueue_all(sql, queue, jobs=JOBS, user="ann@example.com"):
    """Which issue each of the exports is of."""
    exports = [insert_export(sql, {"project_id": "1", "group_id": str(group), "key": "color"},
                             user=user) for group in range(1, jobs + 1)]
    for export in exports:
        push(queue, export)
    return dict(zip(exports, range(1, jobs + 1)))


def valid(sql):
    return number(sql, "SELECT count(*) FROM exportd.export WHERE state = 'valid'")


def wait_for_all(sql, exports):
    wait_until(lambda: valid(sql) == len(exports), "all are exported", 60)


def check(exportd, sql, exports, attempts=1):
    """Each export has its bytes, and the store nothing else."""
    assert valid(sql) == len(exports)
    assert number(sql, "SELECT max(attempt) FROM exportd.export") == attempts
    for export, group in exports.items():
        assert exportd.download(export) == exportd.tag_export(group=group)
    sql.execute("SELECT path FROM sentry_fileblob ORDER BY path")
    assert exportd.objects() == [path for path, in sql.fetchall()]
    assert number(sql, "SELECT count(*) FROM exportd.object") == 0


@contextlib.contextmanager
def stopped_at(exportd, fault, **options):
    """A worker that has stopped itself, and goes on at the end."""
    with exportd.worker(CONCURRENCY=1, FAULT=fault, **options) as worker:
        _, status = os.waitpid(worker.process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), status
        try:
            yield worker
        finally:
            worker.process.send_signal(signal.SIGCONT)


def test_a_busy_thread_makes_them_and_an_idle_one_gives_them_back(exportd, sql, queue):
    exports = enqueue_all(sql, queue)
    with exportd.worker(CONCURRENCY=1, FAULT=AFTER_ALL) as worker:
        wait_for_all(sql, exports)
        assert spare(sql) == LEFT
        assert len(exportd.objects()) == JOBS + LEFT
        wait_until(lambda: spare(sql) == 0, "the spare objects are given back")
        check(exportd, sql, exports)
        assert worker.stop() == 0
        assert worker.events("storage.spare-left") == []


def test_a_few_jobs_need_none(exportd, sql, queue):
    exports = enqueue_all(sql, queue, 3)
    with exportd.worker(CONCURRENCY=1, FAULT="after_commit:delay=2000:3") as worker:
        wait_for_all(sql, exports)
        assert number(sql, "SELECT count(*) FROM exportd.object") == 0
        assert worker.stop() == 0
    check(exportd, sql, exports)


def test_a_worker_that_stops_gives_them_back(exportd, sql, queue):
    exports = enqueue_all(sql, queue)
    with exportd.worker(CONCURRENCY=1, FAULT=AFTER_ALL) as worker:
        wait_for_all(sql, exports)
        assert spare(sql) == LEFT
        assert worker.stop() == 0
    check(exportd, sql, exports)


def test_those_of_a_dead_worker_are_left_alone_for_ten_minutes(exportd, sql, queue):
    exports = enqueue_all(sql, queue)
    with exportd.worker(CONCURRENCY=1, FAULT=AFTER_ALL, **LEASE) as worker:
        wait_for_all(sql, exports)
        worker.process.kill()
        worker.process.wait(10)
    assert spare(sql) == LEFT and len(exportd.objects()) == JOBS + LEFT
    assert " 0 objects " in exportd.ok("cleanup").out
    sql.execute("UPDATE exportd.object SET spare_until = spare_until - interval '10 minutes'")
    assert f" {LEFT} objects " in exportd.ok("cleanup", "--dry-run").out
    assert f" {LEFT} objects " in exportd.ok("cleanup").out
    end_what_the_dead_held(sql, queue)
    exportd.drain(**LEASE)  # the last message has not left its list
    check(exportd, sql, exports)


@pytest.mark.parametrize("point", [
    "spare_named:kill:2", "spare_made:kill:2", "object_write:kill:12", "blob_row:kill:12",
    "before_commit:kill:12", "after_commit:kill:12", "after_leave:kill:12"])
def test_a_worker_dies_that_has_some(exportd, sql, queue, point):
    exports = enqueue_all(sql, queue)
    with exportd.worker(CONCURRENCY=1, FAULT=point, **LEASE) as worker:
        assert worker.process.wait(60) == -signal.SIGKILL
    end_what_the_dead_held(sql, queue)
    exportd.drain(**LEASE)
    expire(sql)
    exportd.ok("cleanup")
    check(exportd, sql, exports, attempts=1 if point.startswith("after") else 2)


def taken_by_cleanup(exportd, sql, _queue):
    expire(sql)
    exportd.ok("cleanup")


def named_no_more(_exportd, sql, _queue):
    sql.execute("DELETE FROM exportd.object WHERE spare_until IS NOT NULL")


def marked_by_cleanup(exportd, sql, queue):
    expire(sql)
    assert exportd.run("cleanup", FAULT="cleanup_object:kill").status == -signal.SIGKILL
    queue.delete(LOCK_OF_SPARE)
    assert number(sql, "SELECT count(*) FROM exportd.object WHERE spare_until = '-infinity'") > 0


@pytest.mark.parametrize("take", [taken_by_cleanup, named_no_more, marked_by_cleanup])
@pytest.mark.parametrize("point", ["first_page", "object_write", "blob_row"])
def test_those_that_were_taken_away_are_made_anew(exportd, sql, queue, take, point):
    """A worker that has stood still finds that a cleanup was there."""
    exports = enqueue_all(sql, queue)
    with stopped_at(exportd, f"{point}:stop:12,{AFTER_ALL}", LEASE_SECONDS=60) as worker:
        take(exportd, sql, queue)
        worker.process.send_signal(signal.SIGCONT)
        wait_for_all(sql, exports)
        assert spare(sql) > 0
        assert worker.stop() == 0
        assert worker.events("dataexport.blob-gone") == []
    expire(sql)
    exportd.ok("cleanup")
    check(exportd, sql, exports)


def only_the_filled_one(exportd, sql):
    """Expires the spare object that has been written to, and forgets the others."""
    sql.execute("SELECT path FROM exportd.object WHERE spare_until IS NOT NULL")
    filled, = [path for path, in sql.fetchall()
               if os.path.getsize(os.path.join(exportd.store, path)) > 0]
    expire(sql)
    sql.execute("DELETE FROM exportd.object WHERE path <> %s", (filled,))
    return filled


def test_a_cleanup_dies_that_has_removed_one_in_use(exportd, sql, queue):
    """The journal has its path still, the store its bytes no more: no export may get it."""
    exports = enqueue_all(sql, queue)
    with stopped_at(exportd, "blob_row:stop:12", LEASE_SECONDS=60) as worker:
        filled = only_the_filled_one(exportd, sql)
        assert exportd.run("cleanup", FAULT="cleanup_forget:kill").status == -signal.SIGKILL
        assert filled not in exportd.objects()
        assert number(sql, "SELECT count(*) FROM exportd.object") == 1
        queue.delete(LOCK_OF_SPARE)
        worker.process.send_signal(signal.SIGCONT)
        wait_for_all(sql, exports)
        assert worker.stop() == 0
    expire(sql)
    exportd.ok("cleanup")
    check(exportd, sql, exports)


def test_a_worker_dies_behind_a_cleanup(exportd, sql, queue):
    """What it has written in place of a spare object that was gone is named."""
    exports = enqueue_all(sql, queue)
    with stopped_at(exportd, "object_write:stop:12,blob_row:kill:12", **LEASE) as worker:
        taken_by_cleanup(exportd, sql, queue)
        worker.process.send_signal(signal.SIGCONT)
        assert worker.process.wait(20) == -signal.SIGKILL
    end_what_the_dead_held(sql, queue)
    exportd.drain(**LEASE)
    expire(sql)
    exportd.ok("cleanup")
    check(exportd, sql, exports, attempts=2)


def test_bytes_that_are_there_already(exportd, sql, queue):
    """Taken for new once, then looked for: nothing is stored twice."""
    sql.execute("""CREATE SEQUENCE named;
        CREATE FUNCTION count_named() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM nextval('named'); RETURN NEW; END $$;
        CREATE TRIGGER count_named AFTER INSERT ON exportd.object FOR EACH ROW
            WHEN (NEW.spare_until IS NULL) EXECUTE FUNCTION count_named()""")
    first = enqueue_all(sql, queue)
    with exportd.worker(CONCURRENCY=1) as worker:
        wait_for_all(sql, first)
        again = enqueue_all(sql, queue, user="bob@example.com")
        wait_for_all(sql, {**first, **again})
        assert worker.stop() == 0
        assert worker.events("dataexport.blob-gone") == []
    assert number(sql, "SELECT count(*) FROM sentry_fileblob") == JOBS
    # The first three, and the wrong guess; three more if the thread was idle in between.
    assert number(sql, "SELECT last_value FROM named") <= 3 + 1 + 3
    check(exportd, sql, {**first, **again})


def lock_of(exportd, group):
    """The key of the upload lock of an issue's file."""
    return "l:fileblob:upload:" + hashlib.sha1(exportd.tag_export(group=group)).hexdigest()


def test_the_lock_of_somebody_else_is_waited_for(exportd, sql, queue):
    """The bytes may be written before, but no outcome comes without it."""
    lock = lock_of(exportd, 10)
    queue.set(lock, "another process", ex=600)
    exports = enqueue_all(sql, queue)
    with exportd.worker(CONCURRENCY=1) as worker:
        wait_until(lambda: valid(sql) == 9, "all before it are exported")
        time.sleep(1)
        assert valid(sql) == 9 and queue.get(lock) == b"another process"
        queue.delete(lock)
        wait_for_all(sql, exports)
        assert worker.stop() == 0
    check(exportd, sql, exports)
    assert queue.keys("l:*") == []


def test_a_worker_stops_that_waits_for_a_lock(exportd, sql, queue):
    """What it has written goes with it, and the lock of somebody else stays."""
    lock = lock_of(exportd, 10)
    queue.set(lock, "another process", ex=600)
    exports = enqueue_all(sql, queue)
    with exportd.worker(CONCURRENCY=1, STOP_SECONDS=1) as worker:
        wait_until(lambda: valid(sql) == 9, "all before it are exported")
        assert worker.stop() == 0
    assert number(sql, "SELECT count(*) FROM exportd.object") == 0
    assert len(exportd.objects()) == 9
    assert queue.get(lock) == b"another process"
    queue.delete(lock)
    exportd.drain(CONCURRENCY=1)
    check(exportd, sql, exports, attempts=2)


def test_the_answer_about_a_lock_is_lost(exportd, sql, queue, redis_server):
    """Nobody waits a minute for a lock that its owner does not know of."""
    lock = lock_of(exportd, 10)
    exports = enqueue_all(sql, queue)
    with contextlib.closing(Proxy(redis_server.port, b"SET", lock.encode(), 0)) as proxy:
        with exportd.worker(CONCURRENCY=1,
                            LOCK_REDIS_URL=f"redis://127.0.0.1:{proxy.port}/0") as worker:
            wait_for_all(sql, exports)
            assert worker.stop() == 0
        assert proxy.answers_lost == 1
    check(exportd, sql, exports, attempts=2)
    assert queue.keys("l:*") == []


@pytest.mark.parametrize("fault", ["spare_named:error:1", "spare_made:error:1"])
def test_they_cannot_be_made(exportd, sql, queue, fault):
    """They only save time: what cannot be made ahead is made when it is needed."""
    exports = enqueue_all(sql, queue)
    with exportd.worker(CONCURRENCY=1, FAULT=f"{fault},{AFTER_ALL}") as worker:
        wait_for_all(sql, exports)
        assert len(worker.events("storage.spare-refill")) == 1
        assert len(exportd.objects()) == JOBS + spare(sql)
        assert worker.stop() == 0
    check(exportd, sql, exports)


def test_postgres_is_away_when_they_are_given_back(exportd, sql, queue, postgres, database):
    exports = enqueue_all(sql, queue)
    with exportd.worker(CONCURRENCY=1, FAULT=AFTER_ALL) as worker:
        wait_for_all(sql, exports)
        sql.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'exportd worker'")
        postgres.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS false')
        assert worker.stop() == 0
        assert len(worker.events("storage.spare-left")) == 1
    postgres.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS true')
    assert spare(sql) == LEFT
    expire(sql)
    exportd.ok("cleanup")
    check(exportd, sql, exports)


def test_the_answer_to_an_outcome_is_lost(exportd, sql, queue, postgres, database):
    """Its file is known to be the export's, and stays."""
    exports = enqueue_all(sql, queue)
    twelfth = sorted(exports)[11]
    # What follows the file's name in one go is the mail and the COMMIT, which is prepared by then.
    proxy = Proxy(postgres.port, f"_{twelfth}.csv".encode(), b"ann@example.com", 1.5)
    with contextlib.closing(proxy):
        url = f"postgresql://postgres@127.0.0.1:{proxy.port}/{database}"
        with exportd.worker(CONCURRENCY=1, DATABASE_URL=url) as worker:
            wait_for_all(sql, exports)
            assert worker.stop() == 0
        assert proxy.answers_lost == 1
    expire(sql)
    exportd.ok("cleanup")
    check(exportd, sql, exports)
