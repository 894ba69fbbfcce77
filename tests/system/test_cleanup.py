# SPDX-License-Identifier: Apache-2.0
"""`exportd cleanup` removes the files of expired exports and nothing else. One bad row never stops it."""
import concurrent.futures
import hashlib
import os

import pytest

from support.events import event, group_of, series


@pytest.fixture
def issue(exportd, sql):
    exportd.create(users=("ann@example.com", "bob@example.com"))
    exportd.ingest(series(3) + [event(tags={"shape": "round"})])
    return group_of(sql, "issue")


def expire(sql, export):
    sql.execute("UPDATE sentry_exporteddata SET date_finished = now() - interval '700 hours',"
                " date_expired = now() - interval '28 hours' WHERE id = %s", (export,))


def drain_and_expire(exportd, sql):
    exportd.drain()
    sql.execute("UPDATE sentry_exporteddata SET date_expired = now() - interval '1 hour'")


def counts(sql):
    """Counts the rows of files, index rows, blobs and journal."""
    sql.execute("SELECT (SELECT count(*) FROM sentry_file),"
                " (SELECT count(*) FROM sentry_fileblobindex),"
                " (SELECT count(*) FROM sentry_fileblob), (SELECT count(*) FROM exportd.object)")
    return sql.fetchone()


def test_an_expired_export_is_freed_and_a_shared_blob_stays(exportd, sql, issue):
    first = exportd.enqueue(group=issue)
    second = exportd.enqueue(group=issue, user="bob@example.com")
    third = exportd.enqueue(group=issue, key="shape")
    exportd.drain()
    content = exportd.download(second)
    assert exportd.download(first) == content
    assert counts(sql) == (3, 3, 2, 0), "two equal files share their blob"
    assert len(exportd.objects()) == 2
    expire(sql, first)
    expire(sql, third)
    assert exportd.status(first)["status"] == "EXPIRED"
    assert exportd.download(first) == content, "downloadable until it is cleaned up"

    exportd.ok("cleanup", "--dry-run")
    assert counts(sql) == (3, 3, 2, 0) and len(exportd.objects()) == 2

    exportd.ok("cleanup")
    assert counts(sql) == (1, 1, 1, 0)
    path, = exportd.objects()
    sql.execute("SELECT path, checksum FROM sentry_fileblob")
    assert sql.fetchone() == (path, hashlib.sha1(content).hexdigest())
    assert exportd.download(second) == content
    sql.execute("SELECT id, file_id FROM sentry_exporteddata WHERE file_id IS NULL ORDER BY id")
    assert sql.fetchall() == [(first, None), (third, None)], "the rows stay"
    assert exportd.status(first)["status"] == "EXPIRED"
    exportd.fails("download", first, status=3)

    expire(sql, second)
    exportd.ok("cleanup")
    assert counts(sql) == (0, 0, 0, 0) and exportd.objects() == []
    exportd.ok("cleanup")


def test_exports_that_have_not_expired_stay(exportd, sql, issue):
    export = exportd.enqueue(group=issue)
    exportd.drain()
    before = counts(sql), exportd.objects()
    exportd.ok("cleanup")
    assert (counts(sql), exportd.objects()) == before
    assert exportd.status(export)["status"] == "VALID"


def test_a_missing_object_is_status_1_and_does_not_stop_the_rest(exportd, sql, issue):
    bad = exportd.enqueue(group=issue)
    good = exportd.enqueue(group=issue, key="shape")
    exportd.drain()
    sql.execute("SELECT b.path FROM sentry_exporteddata AS e"
                " JOIN sentry_fileblobindex AS i ON i.file_id = e.file_id"
                " JOIN sentry_fileblob AS b ON b.id = i.blob_id WHERE e.id = %s", (bad,))
    os.unlink(os.path.join(exportd.store, sql.fetchone()[0]))
    expire(sql, bad)
    expire(sql, good)
    exportd.fails("cleanup")
    assert exportd.objects() == [], "the good one was freed"
    sql.execute("SELECT count(*) FROM sentry_exporteddata WHERE file_id IS NOT NULL")
    assert sql.fetchone()[0] <= 1
    # The missing object is not removed a second time: the next run has no warning.
    exportd.ok("cleanup")
    assert counts(sql) == (0, 0, 0, 0)


def test_a_blob_that_another_kind_of_file_uses_stays(exportd, sql, issue):
    """sentry_file.blob_id is the old form of a file with one blob."""
    export = exportd.enqueue(group=issue)
    exportd.drain()
    sql.execute("INSERT INTO sentry_file (name, type, timestamp, headers, size, checksum, blob_id)"
                " SELECT 'avatar.png', 'avatar.file', now(), '{}', size, checksum, id"
                " FROM sentry_fileblob")
    expire(sql, export)
    exportd.ok("cleanup")
    assert len(exportd.objects()) == 1
    assert counts(sql) == (1, 0, 1, 0)


def test_the_upload_lock_of_a_sentry_is_respected(exportd, sql, queue, issue):
    """Another process holds the blob's lock: the blob stays until the next run."""
    export = exportd.enqueue(group=issue)
    exportd.drain()
    sql.execute("SELECT checksum FROM sentry_fileblob")
    lock = f"l:fileblob:upload:{sql.fetchone()[0]}"
    expire(sql, export)
    queue.set(lock, "another process", ex=600)
    result = exportd.run("cleanup", timeout=180)
    assert len(exportd.objects()) == 1, result
    assert queue.get(lock) == b"another process"
    queue.delete(lock)
    exportd.run("cleanup")
    assert exportd.objects() == []


def test_objects_of_interrupted_uploads_are_removed(exportd, sql, issue):
    """The journal names them; a path that a blob row holds is never removed."""
    export = exportd.enqueue(group=issue)
    exportd.drain()
    sql.execute("SELECT path FROM sentry_fileblob")
    held = sql.fetchone()[0]
    orphan = "ab/cdef/" + "0" * 26
    os.makedirs(os.path.join(exportd.store, "ab/cdef"), exist_ok=True)
    with open(os.path.join(exportd.store, orphan), "wb") as file:
        file.write(b"half an export")
    for path in (held, orphan, "cd/0123/" + "1" * 26):
        sql.execute("INSERT INTO exportd.object (path, checksum, data_export_id, attempt, written_at)"
                    " VALUES (%s, repeat('0', 40), %s, 1, now() - interval '1 day')", (path, export))
    exportd.ok("cleanup")
    assert exportd.objects() == [held]
    assert counts(sql)[3] == 0
    exportd.download(export)


def test_old_history_goes(exportd, sql, issue):
    failed = exportd.enqueue(group=999999)
    exportd.drain()
    recent = exportd.enqueue(group=999998)
    exportd.drain()
    sql.execute("UPDATE exportd.export SET finished_at = now() - interval '91 days'"
                " WHERE data_export_id = %s", (failed,))
    exportd.ok("cleanup", "--dry-run")
    assert exportd.status(failed)["status"] == "FAILED"
    exportd.ok("cleanup")
    exportd.fails("status", failed, status=3)
    assert exportd.status(recent)["status"] == "FAILED"
    sql.execute("SELECT (SELECT count(*) FROM exportd.attempt), (SELECT count(*) FROM exportd.outbox)")
    assert sql.fetchone() == (1, 1)


def test_a_new_export_after_cleanup_stores_its_bytes_again(exportd, sql, issue):
    first = exportd.enqueue(group=issue)
    exportd.drain()
    content = exportd.download(first)
    expire(sql, first)
    exportd.ok("cleanup")
    second = exportd.enqueue(group=issue)
    exportd.drain()
    assert exportd.download(second) == content
    assert len(exportd.objects()) == 1


def test_an_object_that_vanished_is_not_reused(exportd, sql, issue):
    """A blob row without its object must not become part of an export, which could not be downloaded."""
    first = exportd.enqueue(group=issue)
    exportd.drain()
    content = exportd.download(first)
    path, = exportd.objects()
    os.unlink(os.path.join(exportd.store, path))
    second = exportd.enqueue(group=issue, user="bob@example.com")
    exportd.drain()
    assert exportd.download(second) == content


def test_one_run_frees_what_only_expired_exports_share(exportd, sql, issue):
    """--dry-run reports exactly what the next run does."""
    exports = [exportd.enqueue(group=issue), exportd.enqueue(group=issue, user="bob@example.com"),
               exportd.enqueue(group=issue, key="shape")]
    exportd.drain()
    size = sum(len(exportd.download(export)) for export in exports[1:])
    for export in exports:
        expire(sql, export)
    numbers = (f"3 files, 2 blobs, 2 objects ({size} bytes), the history of 0 exports and"
               " 0 audit entries; 0 failed\n")
    assert exportd.ok("cleanup", "--dry-run").out == f"would remove {numbers}"
    assert exportd.ok("cleanup").out == f"removed {numbers}"
    assert counts(sql) == (0, 0, 0, 0) and exportd.objects() == []


@pytest.mark.parametrize("fault", ["cleanup_blob", "cleanup_object", "cleanup_forget"])
def test_a_killed_cleanup_leaves_nothing_behind(exportd, sql, queue, issue, fault):
    """At each point, the journal names what the next run must finish."""
    for key in ("color", "shape"):
        exportd.enqueue(group=issue, key=key)
    drain_and_expire(exportd, sql)
    before = counts(sql)
    assert exportd.run("cleanup", FAULT=f"{fault}:kill").status == -9
    after = counts(sql)
    assert after[:2] == (before[0] - 1, before[1] - 1) and after[3] == 1
    assert len(exportd.objects()) == (1 if fault == "cleanup_forget" else 2)
    queue.flushall()  # the dead one's upload lock, which would end by itself within a minute
    exportd.ok("cleanup")
    assert counts(sql) == (0, 0, 0, 0) and exportd.objects() == []


def test_cleanups_at_the_same_time(exportd, sql, issue):
    for user in ("ann@example.com", "bob@example.com"):
        for limit in (None, 1, 2):
            exportd.enqueue(group=issue, user=user, limit=limit)
            drain_and_expire(exportd, sql)
    assert counts(sql) == (6, 6, 3, 0)
    with concurrent.futures.ThreadPoolExecutor() as threads:
        results = list(threads.map(lambda _: exportd.run("cleanup"), range(4)))
    assert [result.status for result in results] == [0] * 4, results
    assert counts(sql) == (0, 0, 0, 0) and exportd.objects() == []


def test_a_store_that_is_away_loses_nothing(exportd, sql, issue):
    """An unmounted disk must not look like missing objects."""
    exportd.enqueue(group=issue)
    drain_and_expire(exportd, sql)
    os.rename(exportd.store, exportd.store + ".away")
    exportd.fails("cleanup")
    os.rename(exportd.store + ".away", exportd.store)
    assert len(exportd.objects()) == 1
    exportd.ok("cleanup")
    assert counts(sql) == (0, 0, 0, 0) and exportd.objects() == []


def test_dry_run_leaves_interrupted_uploads(exportd, sql, issue):
    export = exportd.enqueue(group=issue)
    with exportd.worker(FAULT="blob_row:kill") as worker:
        assert worker.process.wait(60) == -9
    assert counts(sql) == (0, 0, 0, 1) and len(exportd.objects()) == 1
    # While the attempt runs, no other process removes its objects.
    assert " 0 objects " in exportd.ok("cleanup").out
    sql.execute("UPDATE exportd.export SET state = 'failed', finished_at = now()"
                " WHERE data_export_id = %s", (export,))
    assert "would remove 0 files, 0 blobs, 1 object (" in exportd.ok("cleanup", "--dry-run").out
    assert counts(sql)[3] == 1 and len(exportd.objects()) == 1


def test_the_upload_lock_of_a_dead_uploader_is_waited_for(exportd, sql, queue, issue):
    """The uploader is killed after its object is written and before the row is. The object is removed after the
    lock has ended."""
    export = exportd.enqueue(group=issue)
    with exportd.worker(FAULT="blob_row:kill") as worker:
        assert worker.process.wait(60) == -9
    lock, = queue.keys("l:fileblob:upload:*")
    assert 0 < queue.ttl(lock) <= 60
    queue.expire(lock, 2)
    sql.execute("UPDATE exportd.export SET state = 'failed', finished_at = now()"
                " WHERE data_export_id = %s", (export,))
    assert "removed 0 files, 0 blobs, 1 object (" in exportd.ok("cleanup").out
    assert counts(sql) == (0, 0, 0, 0) and exportd.objects() == []


def test_blobs_of_exports_that_never_came_to_be(exportd, sql, issue):
    """Their rows are committed before the export is. Without a Sentry, only exportd removes them."""
    exportd.enqueue(group=issue)
    exportd.drain()
    sql.execute("DELETE FROM sentry_fileblobindex")
    exportd.ok("cleanup")
    assert counts(sql)[2] == 1, "younger than a day: an upload may be about to use it"
    sql.execute("UPDATE sentry_fileblob SET timestamp = now() - interval '25 hours'")
    sql.execute("CREATE TABLE django_migrations (id integer)")
    exportd.ok("cleanup")
    assert counts(sql)[2] == 1, "a Sentry's own cleanup does it"
    sql.execute("DROP TABLE django_migrations")
    assert ", 1 blob, 1 object (" in exportd.ok("cleanup", "--dry-run").out
    assert counts(sql)[2] == 1 and len(exportd.objects()) == 1
    exportd.ok("cleanup")
    assert counts(sql)[2:] == (0, 0) and exportd.objects() == []


def test_a_blob_that_an_organization_owns_stays(exportd, sql, issue):
    """Sentry's chunk uploads hold a blob by sentry_fileblobowner only."""
    exportd.enqueue(group=issue)
    drain_and_expire(exportd, sql)
    sql.execute("INSERT INTO sentry_fileblobowner (blob_id, organization_id)"
                " SELECT blob.id, organization.id FROM sentry_fileblob AS blob,"
                " sentry_organization AS organization")
    exportd.ok("cleanup")
    assert counts(sql) == (0, 0, 1, 0) and len(exportd.objects()) == 1


def test_cleanup_needs_redis_for_its_locks(exportd, sql, issue, tmp_path):
    exportd.enqueue(group=issue)
    drain_and_expire(exportd, sql)
    nowhere = f"unix://{tmp_path}/none.sock"
    before = counts(sql)
    assert "Redis" in exportd.fails("cleanup", LOCK_REDIS_URL=nowhere, status=4).err
    assert counts(sql) == before
    exportd.ok("cleanup", "--dry-run", REDIS_URL=nowhere)
