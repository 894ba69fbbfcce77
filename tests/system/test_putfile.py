# SPDX-License-Identifier: Apache-2.0
"""An export's bytes become blobs of 1 MiB. Each is stored once, and reused only if that is safe."""
import hashlib
import os
import time

import pytest

from support.events import group_of, series
from support.tagstore_rows import insert_group, insert_tag_values
from support.waiting import wait_until

MIB = 1 << 20


@pytest.fixture
def issue(exportd, sql):
    exportd.create(users=("ann@example.com", "bob@example.com"))
    exportd.ingest(series(3))
    return group_of(sql, "issue")


def blobs(sql):
    sql.execute("SELECT id, path FROM sentry_fileblob ORDER BY id")
    return sql.fetchall()


def make_old(sql, unreferenced):
    sql.execute("UPDATE sentry_fileblob SET timestamp = now() - interval '23 hours 1 minute'")
    if unreferenced:
        sql.execute("DELETE FROM sentry_fileblobindex")


def path_of(exportd, blob):
    return os.path.join(exportd.store, blob[1])


def export_again(exportd, issue):
    export = exportd.enqueue(group=issue, user="bob@example.com")
    exportd.drain()
    return export


@pytest.fixture
def exported(exportd, sql, issue):
    """An export, its bytes and its only blob."""
    export = exportd.enqueue(group=issue)
    exportd.drain()
    blob, = blobs(sql)
    return exportd.download(export), blob


def test_a_large_file_is_cut_into_blobs_of_a_mebibyte(exportd, sql, issue):
    insert_group(sql, 70)
    insert_tag_values(sql, 30000, key="size", group=70)
    export = exportd.enqueue(group=70, key="size")
    exportd.drain()
    content = exportd.download(export)
    assert len(content) > 2 * MIB
    chunks = [content[at:at + MIB] for at in range(0, len(content), MIB)]
    sql.execute("SELECT part.\"offset\", blob.size, blob.checksum, blob.path"
                " FROM sentry_exporteddata AS export"
                " JOIN sentry_fileblobindex AS part ON part.file_id = export.file_id"
                " JOIN sentry_fileblob AS blob ON blob.id = part.blob_id"
                " WHERE export.id = %s ORDER BY 1", (export,))
    rows = sql.fetchall()
    assert [row[:3] for row in rows] == [
        (number * MIB, len(chunk), hashlib.sha1(chunk).hexdigest())
        for number, chunk in enumerate(chunks)]
    for row, chunk in zip(rows, chunks):
        with open(os.path.join(exportd.store, row[3]), "rb") as file:
            assert file.read() == chunk
    sql.execute("SELECT size, checksum FROM sentry_file")
    assert sql.fetchone() == (len(content), hashlib.sha1(content).hexdigest())
    sql.execute("SELECT count(*) FROM exportd.object")
    assert sql.fetchone() == (0,)


def test_an_old_blob_in_use_is_reused_and_made_young(exportd, sql, issue, exported):
    make_old(sql, unreferenced=False)
    export = export_again(exportd, issue)
    assert blobs(sql) == [exported[1]]
    assert exportd.download(export) == exported[0]
    sql.execute("SELECT now() - timestamp < interval '1 minute' FROM sentry_fileblob")
    assert sql.fetchone() == (True,)


def test_an_old_blob_that_nobody_uses_is_stored_anew(exportd, sql, issue, exported):
    """Sentry's cleanup may be about to delete the old blob."""
    make_old(sql, unreferenced=True)
    export = export_again(exportd, issue)
    blob, = blobs(sql)
    assert blob[0] != exported[1][0] and blob[1] != exported[1][1]
    assert exportd.download(export) == exported[0]
    assert not os.path.exists(path_of(exportd, exported[1]))
    sql.execute("SELECT count(*) FROM exportd.object")
    assert sql.fetchone() == (0,)


def test_a_young_blob_that_nobody_uses_is_reused(exportd, sql, issue, exported):
    sql.execute("DELETE FROM sentry_fileblobindex")
    export = export_again(exportd, issue)
    assert blobs(sql) == [exported[1]]
    assert exportd.download(export) == exported[0]


def spoil(path):
    """Overwrites the file by other bytes of the same size."""
    with open(path, "r+b") as file:
        size = file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(size)
        file.write(bytes([last[0] ^ 1]))


def replace(path, make):
    os.rename(path, path + ".real")
    make(path)


DAMAGES = {
    "missing": os.unlink,
    "short": lambda path: os.truncate(path, 5),
    "long": lambda path: os.truncate(path, 3 * MIB),
    "changed": spoil,
    "symlink": lambda path: replace(path, lambda name: os.symlink(path + ".real", name)),
    "fifo": lambda path: replace(path, os.mkfifo),
    "folder": lambda path: replace(path, os.mkdir),
    "full folder": lambda path: replace(path, lambda name: os.makedirs(name + "/more")),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("old", [False, True])
def test_a_blob_without_its_object_is_mended(exportd, sql, issue, exported, damage, old):
    make_old(sql, unreferenced=False) if old else None
    path = path_of(exportd, exported[1])
    DAMAGES[damage](path)
    export = exportd.enqueue(group=issue, user="bob@example.com")
    log = exportd.drain().err
    assert f"putfile.object-{'missing' if damage == 'missing' else 'damaged'}" in log
    blob, = blobs(sql)
    assert blob[0] == exported[1][0], "the checksum is unique: the row stays"
    assert ("folder" in damage) == (blob[1] != exported[1][1]), "and so does its path, if it can"
    assert exportd.download(export) == exported[0]
    assert os.path.isfile(path_of(exportd, blob)) and not os.path.islink(path_of(exportd, blob))
    sql.execute("SELECT count(*) FROM exportd.object")
    assert sql.fetchone() == (0,)


def test_a_good_object_is_left_alone(exportd, sql, issue, exported):
    before = os.stat(path_of(exportd, exported[1]))
    export = exportd.enqueue(group=issue, user="bob@example.com")
    assert "putfile.object" not in exportd.drain().err
    after = os.stat(path_of(exportd, exported[1]))
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert exportd.download(export) == exported[0]


def test_who_reads_while_an_object_is_healed_reads_on(exportd, sql, issue, exported):
    path = path_of(exportd, exported[1])
    spoil(path)
    with open(path, "rb") as reader:
        export_again(exportd, issue)
        assert reader.read()[:-1] == exported[0][:-1]
        reader.seek(0)
        assert reader.read() != exported[0], "it has been written in place"
    with open(path, "rb") as file:
        assert file.read() == exported[0]


def test_a_worker_dies_while_it_heals_an_object(exportd, sql, issue, exported):
    """The journal names the row's object. The next cleanup keeps it, because the row is in use."""
    path = path_of(exportd, exported[1])
    spoil(path)
    export = exportd.enqueue(group=issue, user="bob@example.com")
    exportd.run("worker", "--drain", FAULT="object_write:kill")
    sql.execute("SELECT count(*) FROM exportd.object WHERE path = %s", (exported[1][1],))
    assert sql.fetchone() == (1,)
    sql.execute("UPDATE exportd.export SET state = 'cancelled', worker = NULL WHERE data_export_id = %s",
                (export,))
    exportd.ok("cleanup")
    assert blobs(sql) == [exported[1]] and os.path.exists(path)
    sql.execute("SELECT count(*) FROM exportd.object")
    assert sql.fetchone() == (0,)


@pytest.mark.parametrize("path", [None, "", "../../outside", "/etc/hostname", "a//b"])
@pytest.mark.parametrize("unreferenced", [False, True])
@pytest.mark.parametrize("old", [False, True])
def test_a_blob_without_a_usable_path_gets_one(exportd, sql, issue, exported, path, unreferenced,
                                               old):
    if old:
        make_old(sql, unreferenced)
    elif unreferenced:
        sql.execute("DELETE FROM sentry_fileblobindex")
    sql.execute("UPDATE sentry_fileblob SET path = %s", (path,))
    export = export_again(exportd, issue)
    assert exportd.status(export)["attempts"] == 1
    blob, = blobs(sql)
    assert (blob[0] != exported[1][0]) == (old and unreferenced)
    assert blob[1] not in (path, exported[1][1])
    assert exportd.download(export) == exported[0]
    sql.execute("SELECT count(*) FROM exportd.object")
    assert sql.fetchone() == (0,)


@pytest.mark.parametrize("size", [None, 7, 0])
def test_a_blob_of_a_wrong_size_is_mended(exportd, sql, issue, exported, size):
    sql.execute("UPDATE sentry_fileblob SET size = %s", (size,))
    export = export_again(exportd, issue)
    assert blobs(sql) == [exported[1]]
    assert exportd.download(export) == exported[0]
    sql.execute("SELECT size FROM sentry_fileblob")
    assert sql.fetchone() == (len(exported[0]),)


@pytest.mark.parametrize("fault", ["object_write:error", "blob_row:error"])
def test_an_upload_that_fails_once(exportd, sql, issue, fault):
    export = exportd.enqueue(group=issue)
    exportd.drain(FAULT=fault)
    assert exportd.status(export)["status"] == "VALID"
    assert exportd.status(export)["attempts"] == 2
    sql.execute("SELECT count(*) FROM exportd.object")
    assert sql.fetchone() == (1,), "the first attempt's path, for cleanup"
    exportd.ok("cleanup")
    blob, = blobs(sql)
    assert exportd.objects() == [blob[1]]
    sql.execute("SELECT count(*) FROM exportd.object")
    assert sql.fetchone() == (0,)


@pytest.mark.parametrize("meanwhile", [
    "UPDATE sentry_exporteddata SET date_finished = now()", "DELETE FROM sentry_exporteddata",
    "ALTER TABLE exportd.outbox ADD CONSTRAINT no CHECK (message_id IS NULL)"],
    ids=["finished", "deleted", "failing"])
def test_a_file_that_the_export_does_not_take(exportd, sql, queue, issue, meanwhile):
    """The file is removed at once. If not even the failure can be recorded, the job goes on: no file holds its
    blob, which the next attempt uses, or a cleanup removes a day later."""
    exportd.enqueue(group=issue)
    with exportd.worker(FAULT="blob_row:delay=2000", MAX_FAILURES=1) as worker:
        wait_until(lambda: exportd.objects(), "the object is there")
        assert queue.keys("l:*") != []
        sql.execute(meanwhile)
        wait_until(lambda: queue.keys("l:*") == [], "the lock is given back")
        assert worker.stop() == 0
    sql.execute("SELECT (SELECT count(*) FROM exportd.object), (SELECT count(*) FROM sentry_file)")
    assert sql.fetchone() == (0, 0)
    assert exportd.objects() == [path for _, path in blobs(sql)]
    assert " 0 objects " in exportd.ok("cleanup").out
    if "outbox" in meanwhile:
        sql.execute("UPDATE sentry_fileblob SET timestamp = now() - interval '25 hours'")
        assert " 1 object " in exportd.ok("cleanup").out
    assert exportd.objects() == [] and blobs(sql) == []


def test_a_file_of_a_job_that_another_worker_has_by_now(exportd, sql, queue, issue):
    """The file is removed at once, and the job is not changed."""
    export = exportd.enqueue(group=issue)
    with exportd.worker(FAULT="blob_row:delay=2000") as worker:
        wait_until(lambda: exportd.objects(), "the object is there")
        sql.execute("UPDATE exportd.export SET attempt = 2, worker = 'another', run = 'another:1'")
        worker.wait_for_event("dataexport.lost")
        assert worker.stop() == 0
    sql.execute("SELECT (SELECT count(*) FROM exportd.object), (SELECT count(*) FROM sentry_file),"
                " (SELECT count(*) FROM exportd.outbox)")
    assert sql.fetchone() == (0, 0, 0)
    assert exportd.objects() == [] and blobs(sql) == [] and queue.keys("l:*") == []
    status = exportd.status(export)
    assert (status["state"], status["worker"], status["attempts"]) == ("running", "another", 2)


def test_a_blob_that_somebody_else_adds_meanwhile(exportd, sql, issue, exported):
    """Another program inserts a row of the same bytes without the lock. exportd uses it as soon as its object
    exists."""
    insert = ("INSERT INTO sentry_fileblob (path, size, checksum, timestamp)"
              " SELECT 'ab/cdef/sentrys', 1, checksum, now() FROM exportd.object")
    sql.execute("DELETE FROM sentry_fileblobindex")
    sql.execute("DELETE FROM sentry_fileblob")
    export = exportd.enqueue(group=issue, user="bob@example.com")
    with exportd.worker(FAULT="blob_row:delay=4000") as worker:
        wait_until(lambda: len(exportd.objects()) == 2, "the object is there")
        sql.execute(insert)
        wait_until(lambda: exportd.status(export)["status"] == "VALID", "it is exported")
        assert worker.stop() == 0
        assert worker.events("dataexport.blob-gone") == []
    assert exportd.download(export) == exported[0]
    assert exportd.objects() == sorted([exported[1][1], "ab/cdef/sentrys"])
    sql.execute("SELECT count(*) FROM exportd.object")
    assert sql.fetchone() == (0,)


def test_the_lock_is_sentrys_and_is_given_back(exportd, sql, queue, issue, exported):
    lock = f"l:fileblob:upload:{hashlib.sha1(exported[0]).hexdigest()}"
    queue.set(lock, "a process of Sentry", px=2500)
    export = exportd.enqueue(group=issue, user="bob@example.com")
    exportd.drain()
    assert exportd.status(export)["status"] == "VALID"
    assert exportd.status(export)["attempts"] == 1, "it waited for the lock"
    assert queue.keys("l:*") == []


def test_files_are_private(exportd, exported):
    assert os.stat(path_of(exportd, exported[1])).st_mode & 0o777 == 0o600
    assert os.stat(os.path.dirname(path_of(exportd, exported[1]))).st_mode & 0o777 == 0o700
    assert os.stat(exportd.store).st_mode & 0o777 == 0o700


def test_a_worker_that_waits_for_a_lock_stops_when_told(exportd, sql, queue, issue, exported):
    """The worker releases the job, which does not count, and does not change the lock."""
    lock = f"l:fileblob:upload:{hashlib.sha1(exported[0]).hexdigest()}"
    queue.set(lock, "a process of Sentry", ex=50)
    export = exportd.enqueue(group=issue, user="bob@example.com")
    with exportd.worker(STOP_SECONDS=1) as worker:
        def stored_pages():
            sql.execute("SELECT state, pages FROM exportd.export WHERE data_export_id = %s",
                        (export,))
            return sql.fetchone() == ("running", 1)
        wait_until(stored_pages, "the CSV is done and its upload begins")
        started = time.monotonic()
        assert worker.stop() == 0
        assert time.monotonic() - started < 10
    assert queue.get(lock) == b"a process of Sentry"
    queue.delete(lock)
    exportd.drain()
    status = exportd.status(export)
    assert (status["status"], status["failures"]) == ("VALID", 0)
