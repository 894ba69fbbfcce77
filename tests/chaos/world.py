# SPDX-License-Identifier: Apache-2.0
"""Servers that keep their data when killed, workers that are started again, and known events."""
import contextlib
import itertools
import os
import shlex
import signal
import threading
import time

import redis

from support.events import event, hash_of, series
from support.expected import expected_csv
from support.mail_sink import MailSink
from support.program import Exportd
from support.waiting import wait_until

LEASE_SECONDS = 2
SMALL = [(f"issue {n}", f"key{m}") for n in range(3) for m in range(3)]
BIG_VALUES = 4400  # of 200 bytes: two blobs, five pages

# Triggers record what finishes an export: changes of Sentry's own table, and each outcome that a worker
# writes.
AUDIT = """
CREATE SCHEMA audit;
CREATE TABLE audit.finalized (data_export_id bigint, what text, at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION audit.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO audit.finalized VALUES (OLD.id, 'deleted');
    ELSIF NEW.date_finished IS DISTINCT FROM OLD.date_finished THEN
        INSERT INTO audit.finalized VALUES (OLD.id, 'finished');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER note AFTER UPDATE OR DELETE ON sentry_exporteddata
    FOR EACH ROW EXECUTE FUNCTION audit.note();
CREATE FUNCTION audit.note_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit.finalized VALUES (NEW.data_export_id, NEW.state);
    RETURN NULL;
END $$;
CREATE TRIGGER note_outcome AFTER INSERT OR UPDATE OF state ON exportd.export
    FOR EACH ROW WHEN (NEW.state IN ('valid', 'failed', 'cancelled', 'gone'))
    EXECUTE FUNCTION audit.note_outcome();
"""


def make_events():
    events = [event(name, tags={key: f"value {n}"}) for name, key in SMALL for n in range(7)]
    return events + series(BIG_VALUES, "path", lambda n: f"{n:06}" + "x" * 194, issue="big")


class World:
    """`servers` have `postgres` and `redis`. The database is migrated and contains the events. `finished`
    lists each (export, attempt) that a worker of a crew has reported as valid."""

    small = SMALL
    _numbers = itertools.count(1)

    def __init__(self, folder, servers, events, **settings):
        self.postgres, self.redis = servers.postgres, servers.redis
        self._events = events
        self._csvs = {}
        self.finished = set()
        self.database = f"chaos_{next(self._numbers)}"
        self.postgres.create_database(self.database, servers.template)
        self.sink = MailSink()
        self.queue = self.redis.connect()
        self.queue.flushall()
        self.query(AUDIT)
        groups = dict(self.query("SELECT hash, group_id FROM sentry_grouphash"))
        self.groups = {name: groups[hash_of(name)] for name in ("issue 0", "issue 1", "issue 2", "big")}
        self.exportd = Exportd(folder, {
            "DATABASE_URL": self.postgres.tcp_url(self.database), "REDIS_URL": self.redis.url,
            "STORAGE_URL": f"file://{folder}/files", "MAIL_URL": f"smtp://127.0.0.1:{self.sink.port}",
            "LOG_FORMAT": "json", "CONCURRENCY": 2, "RETRY_BASE_SECONDS": 1, "MAX_FAILURES": 100,
            "LEASE_SECONDS": LEASE_SECONDS, **settings})
        self.store = self.exportd.store

    def run_below(self, command):
        """From now on, `command` starts exportd: a program that executes it in its place."""
        script = os.path.join(self.exportd.folder, "exportd-below")
        with open(script, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nexec {shlex.join(command)} {self.exportd.path} "$@"\n')
        os.chmod(script, 0o755)
        self.exportd.path = script

    def __enter__(self):
        self.sink.__enter__()
        return self

    def __exit__(self, *_):
        self.sink.__exit__()
        self.postgres.drop_database(self.database)

    def query(self, statement, arguments=None):
        """The rows of a statement. Each call connects, because the server may have been killed before."""
        with contextlib.closing(self.connect()) as connection:
            cursor = connection.cursor()
            cursor.execute(statement, arguments)
            return cursor.fetchall() if cursor.description else []

    def connect(self):
        return self.postgres.connect(self.database)

    def csv(self, name, key, limit=None):
        if (name, key, limit) not in self._csvs:
            self._csvs[name, key, limit] = expected_csv(self._events, 1, [hash_of(name)], key,
                                                        limit=limit)
        return self._csvs[name, key, limit]

    def send(self, *messages, priority=0):
        """Sends messages; tries again while Redis is away."""
        name = "data_export" + (f"\x06\x16{priority}" if priority else "")
        deadline = time.monotonic() + 60
        while True:
            try:
                return self.queue.lpush(name, *messages)
            except redis.exceptions.ConnectionError:
                assert time.monotonic() < deadline
                time.sleep(0.2)


class Crew:
    """Workers, each started again when it dies. `each` is their number, or a list of their settings.
    `faults` yields the EXPORTD_FAULT of each start."""

    def __init__(self, world, each, faults=lambda: None, **settings):
        self._world, self._faults = world, faults
        each = [{}] * each if isinstance(each, int) else each
        self._settings = [{**settings, **own} for own in each]
        self._ending = threading.Event()
        self._lock = threading.Lock()  # guards workers and deaths
        self._stack = contextlib.ExitStack()
        self.deaths = []  # (time, exit status)
        self.workers = [self._start(n) for n in range(len(each))]
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def _start(self, number):
        settings = dict(self._settings[number])
        fault = self._faults()
        if fault:
            settings["FAULT"] = fault
        return self._stack.enter_context(self._world.exportd.worker(**settings))

    def _keep(self):
        while not self._ending.wait(0.05):
            with self._lock:
                for n, worker in enumerate(self.workers):
                    if worker.process.poll() is not None:
                        self.deaths.append((time.time(), self._end(worker)))
                        self.workers[n] = self._start(n)

    def _end(self, worker):
        """Waits for the worker's end; returns its exit status."""
        status = worker.stop(seconds=90)
        self._world.finished |= {(line["data_export_id"], line["attempt"])
                                 for line in worker.events("dataexport.end")}
        return status

    def kill(self, number):
        """Kills a worker by kill -9; returns the time."""
        with self._lock:
            worker = self.workers[number % len(self.workers)]
            worker.process.kill()
            return time.time()

    def pause(self, numbers, seconds):
        """Stops the workers, all together, and continues them after `seconds`."""
        processes = [self.workers[number].process for number in numbers]
        for process in processes:
            process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        for process in processes:
            process.send_signal(signal.SIGCONT)

    def events(self, name):
        return [line for worker in self.workers for line in worker.events(name)]

    def logs(self):
        return "".join(worker.log_text() for worker in self.workers)

    def stop(self):
        self._ending.set()
        self._keeper.join()
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.process.send_signal(signal.SIGTERM)
        try:
            for worker in self.workers:
                self._end(worker)
        finally:
            self._stack.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            print(self.logs())
        self.stop()


def end_upload_locks(world):
    """Ends upload locks of dead workers now; they would end after a minute."""
    for lock in world.queue.keys("l:fileblob:upload:*"):
        world.queue.delete(lock)
    world.query("DELETE FROM exportd.upload_lock")


def finish(world):
    """Call it when no worker is alive. Holds of mails that dead workers were sending, which would end after two
    minutes, end now, and so do upload locks. Then a last worker does the remaining work, and removes dead
    workers and idle organizations from their tables."""
    end_upload_locks(world)
    world.query("UPDATE exportd.outbox SET next_try_at = now() WHERE state = 'waiting'")
    world.exportd.drain(timeout=300)
    with Crew(world, 1) as crew:
        crew.workers[0].wait_for_event("worker.registered")
        wait_until(lambda: world.query("SELECT count(*) FROM exportd.worker") == [(1,)] and
                   world.query("SELECT 1 FROM exportd.flow") == [],
                   "what is left of the dead is forgotten", 60, 0.2)
    world.exportd.ok("cleanup")


def wait_until_done(world, ledger, seconds=180):
    """Waits until the row of each export in the ledger is finished or deleted."""
    def done():
        return not world.query("SELECT 1 FROM sentry_exporteddata WHERE date_finished IS NULL"
                               " AND id = ANY(%s)", (list(ledger.exports()),))
    wait_until(done, "all exports end", seconds, 0.3)
