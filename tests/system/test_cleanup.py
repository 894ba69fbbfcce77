"""`exportd cleanup`: frees what expired exports hold and nothing else; one bad row never stops the rest."""
import hashlib
import os

import pytest

from support.events import event, hash_of, series


@pytest.fixture
def issue(exportd, sql):
    exportd.create(users=("ann@example.com", "bob@example.com"))
    exportd.ingest(series(3) + [event(tags={"shape": "round"})])
    sql.execute("SELECT group_id FROM sentry_grouphash WHERE hash = %s", (hash_of("issue"),))
    return sql.fetchone()[0]


def expire(sql, export):
    sql.execute("UPDATE sentry_exporteddata SET date_finished = now() - interval '700 hours',"
                " date_expired = now() - interval '28 hours' WHERE id = %s", (export,))


def objects(exportd):
    return sorted(os.path.relpath(os.path.join(folder, name), exportd.store)
                  for folder, _, names in os.walk(exportd.store) for name in names)


def counts(sql):
    """Rows of files, index rows, blobs, journal."""
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
    assert len(objects(exportd)) == 2
    expire(sql, first)
    expire(sql, third)
    assert exportd.status(first)["status"] == "EXPIRED"
    assert exportd.download(first) == content, "downloadable until it is cleaned up"

    exportd.ok("cleanup", "--dry-run")
    assert counts(sql) == (3, 3, 2, 0) and len(objects(exportd)) == 2

    exportd.ok("cleanup")
    assert counts(sql) == (1, 1, 1, 0)
    path, = objects(exportd)
    sql.execute("SELECT path, checksum FROM sentry_fileblob")
    assert sql.fetchone() == (path, hashlib.sha1(content).hexdigest())
    assert exportd.download(second) == content
    sql.execute("SELECT id, file_id FROM sentry_exporteddata WHERE file_id IS NULL ORDER BY id")
    assert sql.fetchall() == [(first, None), (third, None)], "the rows stay"
    assert exportd.status(first)["status"] == "EXPIRED"
    exportd.fails("download", first)

    expire(sql, second)
    exportd.ok("cleanup")
    assert counts(sql) == (0, 0, 0, 0) and objects(exportd) == []
    exportd.ok("cleanup")


def test_exports_that_have_not_expired_stay(exportd, sql, issue):
    export = exportd.enqueue(group=issue)
    exportd.drain()
    before = counts(sql), objects(exportd)
    exportd.ok("cleanup")
    assert (counts(sql), objects(exportd)) == before
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
    assert objects(exportd) == [], "the good one was freed"
    sql.execute("SELECT count(*) FROM sentry_exporteddata WHERE file_id IS NOT NULL")
    assert sql.fetchone()[0] <= 1
    # What is gone cannot be removed twice: the next run has nothing more to complain about.
    exportd.ok("cleanup")
    assert counts(sql) == (0, 0, 0, 0)


def test_a_blob_that_another_kind_of_file_uses_stays(exportd, sql, issue):
    """sentry_file.blob_id is the old way of a file with one blob."""
    export = exportd.enqueue(group=issue)
    exportd.drain()
    sql.execute("INSERT INTO sentry_file (name, type, timestamp, headers, size, checksum, blob_id)"
                " SELECT 'avatar.png', 'avatar.file', now(), '{}', size, checksum, id"
                " FROM sentry_fileblob")
    expire(sql, export)
    exportd.ok("cleanup")
    assert len(objects(exportd)) == 1
    assert counts(sql) == (1, 0, 1, 0)


def test_the_upload_lock_of_a_sentry_is_respected(exportd, sql, queue, issue):
    """Somebody else holds the blob's lock: it stays for the next run."""
    export = exportd.enqueue(group=issue)
    exportd.drain()
    sql.execute("SELECT checksum FROM sentry_fileblob")
    lock = f"l:fileblob:upload:{sql.fetchone()[0]}"
    expire(sql, export)
    queue.set(lock, "another process", ex=600)
    result = exportd.run("cleanup", timeout=180)
    assert len(objects(exportd)) == 1, result
    assert queue.get(lock) == b"another process"
    queue.delete(lock)
    exportd.run("cleanup")
    assert objects(exportd) == []


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
    assert objects(exportd) == [held]
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
    exportd.fails("status", failed)
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
    assert len(objects(exportd)) == 1


def test_an_object_that_vanished_is_not_reused(exportd, sql, issue):
    """A blob row whose object is gone must not make an export that cannot be downloaded."""
    first = exportd.enqueue(group=issue)
    exportd.drain()
    content = exportd.download(first)
    path, = objects(exportd)
    os.unlink(os.path.join(exportd.store, path))
    second = exportd.enqueue(group=issue, user="bob@example.com")
    exportd.drain()
    assert exportd.download(second) == content
