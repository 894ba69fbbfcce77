# SPDX-License-Identifier: Apache-2.0
"""A Sentry with the same tables cleans up while an export is stored. It removes expired files and finds blobs
that are a day old and not in use. It deletes each blob's row under its lock and, a minute later, the object,
unless a row has its checksum by then. The tests play these steps at each point of an upload and an outcome, in
each order: a valid export can always be downloaded, and no object is left that no process will remove."""
import itertools
import os
import signal
import threading
import time

import psycopg2
import pytest

from support.events import hash_of, series
from support.waiting import wait_until

# The points at which exportd is stopped, if it reaches them. "Before": the worker has not begun.
POINTS = ("object_write", "blob_row", "before_commit", "after_commit")
STOPS = 1 + len(POINTS)


class SentryCleanup:
    """One process of `sentry cleanup`, step by step."""

    def __init__(self, connection, queue, store):
        self._connection = connection
        self._queue = queue
        self._store = store
        self._found = []      # (id, checksum, path) of blobs to delete
        self._scheduled = []  # (checksum, path) of objects to delete
        self.left = set()     # objects that the last step never deletes, because it compares the checksum only
        self._threads = []

    def _sql(self, statement, *parameters):
        with self._connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def look(self):
        for export, file in self._sql("SELECT id, file_id FROM sentry_exporteddata"
                                      " WHERE date_expired < now() AND file_id IS NOT NULL"):
            self._sql("UPDATE sentry_exporteddata SET file_id = NULL WHERE id = %s", export)
            self._sql("DELETE FROM sentry_fileblobindex WHERE file_id = %s", file)
            self._sql("DELETE FROM sentry_file WHERE id = %s", file)
        self._found = self._sql(
            """SELECT id, checksum, path FROM sentry_fileblob b
               WHERE timestamp <= now() - interval '1 day'
               AND NOT EXISTS (SELECT FROM sentry_fileblobindex WHERE blob_id = b.id)
               AND NOT EXISTS (SELECT FROM sentry_file WHERE blob_id = b.id)""")

    def _under_lock(self, checksum, step):
        lock = f"l:fileblob:upload:{checksum}"
        deadline = time.monotonic() + 60
        while not self._queue.set(lock, "sentry", nx=True, ex=600):
            assert time.monotonic() < deadline, "the lock does not become free"
            time.sleep(0.01)
        try:
            step()
        finally:
            self._queue.delete(lock)

    def _delete_row(self, identifier, checksum, path):
        """Deletes a row as Django's collector does: with the index rows that exist now. If a new index row comes
        in between, its foreign key keeps the row."""
        with self._connection.cursor() as cursor:
            try:
                cursor.execute("BEGIN")
                cursor.execute("DELETE FROM sentry_fileblobindex WHERE blob_id = %s",
                               (identifier,))
                cursor.execute("DELETE FROM sentry_fileblob WHERE id = %s", (identifier,))
                gone = cursor.rowcount
                cursor.execute("COMMIT")
            except psycopg2.errors.ForeignKeyViolation:
                gone = 0
        if gone:
            self._scheduled.append((checksum, path))

    def delete_rows(self):
        for identifier, checksum, path in self._found:
            self._under_lock(checksum, lambda i=identifier, c=checksum, p=path:
                             self._delete_row(i, c, p))

    def _delete_object(self, checksum, path):
        if self._sql("SELECT FROM sentry_fileblob WHERE checksum = %s", checksum):
            self.left.add(path)
            return
        try:
            os.unlink(os.path.join(self._store, path))
        except FileNotFoundError:
            pass

    def delete_objects(self):
        for checksum, path in self._scheduled:
            self._under_lock(checksum, lambda c=checksum, p=path: self._delete_object(c, p))

    def run(self, steps):
        """Runs the steps in a thread, after those of the last call. A step may wait for exportd's lock."""
        before = self._threads[-1] if self._threads else None

        def work():
            if before:
                before.join()
            for step in steps:
                getattr(self, step)()

        thread = threading.Thread(target=work)
        thread.start()
        self._threads.append(thread)
        thread.join(0.3)

    def join(self):
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()


def stopped_again_or_ended(process):
    """Reports each stop once. The next stop may come before the process has been seen running."""
    if process.poll() is not None:
        return True
    try:
        return os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOHANG) is not None
    except ChildProcessError:  # it has ended in the meantime: a zombie cannot stop
        return True


STEPS = ("look", "delete_rows", "delete_objects")
ORDERS = list(itertools.combinations_with_replacement(range(STOPS), len(STEPS)))


CASES = [(order, start) for order in ORDERS for start in ("unused", "expired")] + \
        [(order, "damaged") for order in ORDERS if order[0] < 3]


@pytest.mark.parametrize("order, start", CASES,
                         ids=lambda part: "-".join(map(str, part)) if len(part) == 3 else part)
def test_a_sentry_cleans_up_meanwhile(exportd, sql, queue, postgres, database, order, start):
    """`start`: the bytes were stored 25 hours ago, and no file uses them; or an expired export uses them; or that
    export's object is lost."""
    exportd.create(users=("ann@example.com", "bob@example.com"))
    exportd.ingest(series(3))
    sql.execute("SELECT group_id FROM sentry_grouphash WHERE hash = %s", (hash_of("issue"),))
    group, = sql.fetchone()
    sql.execute("CREATE TABLE django_migrations (id integer)")
    exportd.enqueue(group=group)
    exportd.drain()
    sql.execute("UPDATE sentry_fileblob SET timestamp = now() - interval '25 hours' RETURNING path")
    old_path, = sql.fetchone()
    sql.execute("UPDATE sentry_exporteddata SET date_expired = now() - interval '1 hour'")
    if start == "unused":
        sql.execute("DELETE FROM sentry_fileblobindex")
        sql.execute("UPDATE sentry_exporteddata SET file_id = NULL")
        sql.execute("DELETE FROM sentry_file")
    elif start == "damaged":
        os.unlink(os.path.join(exportd.store, old_path))
    export = exportd.enqueue(group=group, user="bob@example.com")

    connection = postgres.connect(database)
    sentry = SentryCleanup(connection, queue, exportd.store)
    due = [[step for step, at in zip(STEPS, order) if at == stop] for stop in range(STOPS)]
    sentry.run(due.pop(0))
    with exportd.worker("--drain", FAULT=",".join(f"{point}:stop" for point in POINTS)) as worker:
        while True:
            wait_until(lambda: stopped_again_or_ended(worker.process), "the worker stops or ends", 60,
                       pause=0.005)
            if worker.process.poll() is not None:
                break
            if due:
                sentry.run(due.pop(0))
            worker.process.send_signal(signal.SIGCONT)
        assert worker.stop() == 0
    sentry.run([step for steps in due for step in steps])
    sentry.join()
    connection.close()

    assert exportd.status(export)["status"] == "VALID"
    assert exportd.download(export) == exportd.tag_export(group=group)
    exportd.ok("cleanup")
    sql.execute("SELECT path FROM sentry_fileblob")
    owned = {path for path, in sql.fetchall()}
    stored = set(exportd.objects())
    assert owned <= stored <= owned | sentry.left
    sql.execute("SELECT count(*) FROM exportd.object")
    assert sql.fetchone() == (0,)
    assert exportd.download(export) == exportd.tag_export(group=group)
