# SPDX-License-Identifier: Apache-2.0
"""Producers, and the ledger of what they have sent: the judge relies on the ledger, not on exportd."""
import base64
import contextlib
import itertools
import json
import pickle
import random
import threading
import time
import uuid

import psycopg2

from support.jobs import insert_export

TASK = "sentry.data_export.tasks.assemble_download"
VALID, FAILED, DEAD = "valid", "failed", "dead"
CANCELLED, PURGED = "cancelled", "purged"  # ended by an operator

ANN, BOB = "ann@example.com", "bob@example.com"


class Entry:
    """One message. `export` is None for one that leads to no export; `content` what the file has to
    hold; `key` the tag asked for."""

    def __init__(self, expected, export=None, key=None, content=None, message=None):
        self.expected = expected
        self.export = export
        self.key = key
        self.content = content
        self.message = message


def plain(export, limit=None):
    return json.dumps({"data_export_id": export, "limit": limit, "environment_id": None}).encode()


def celery(export, limit=None, pickled=False, task=TASK):
    """A message as Sentry's Celery writes it, task protocol 1."""
    body = {"task": task, "id": str(uuid.uuid4()), "args": [], "retries": 0, "eta": None,
            "kwargs": {"data_export_id": export, "limit": limit, "environment_id": None},
            "expires": None, "utc": True, "callbacks": None, "errbacks": None,
            "timelimit": [None, None], "taskset": None, "chord": None}
    data = pickle.dumps(body, protocol=2) if pickled else json.dumps(body).encode()
    return json.dumps({
        "body": base64.b64encode(data).decode(),
        "content-type": "application/x-python-serialize" if pickled else "application/json",
        "content-encoding": "binary" if pickled else "utf-8", "headers": {},
        "properties": {"body_encoding": "base64", "correlation_id": body["id"],
                       "reply_to": str(uuid.uuid4()), "delivery_mode": 2,
                       "delivery_tag": str(uuid.uuid4()),
                       "delivery_info": {"priority": 0, "exchange": "default",
                                         "routing_key": "data_export"}}}).encode()


class Ledger:
    """Sends messages of every kind and records each. `seed` draws the kinds. `commands`: also uses
    `exportd enqueue`, which fails if a server is away."""

    def __init__(self, world, seed, commands=True):
        self._world = world
        self._random = random.Random(seed)
        self._commands = commands
        self._numbers = itertools.count()  # each number is used by one producer only
        self.entries = []

    def exports(self):
        return {entry.export: entry for entry in self.entries if entry.export is not None}

    def _note(self, entry):
        """Records an entry. This happens before sending: each message sent must be in the ledger."""
        self.entries.append(entry)
        self._send(entry)
        return entry

    def _send(self, entry):
        self._world.send(entry.message, priority=self._random.choice((0, 0, 0, 3, 9)))

    def _content(self, big=False):
        """(group, key, limit, CSV) of a possible export. A big one has no limit."""
        name, key = ("big", "path") if big else self._random.choice(self._world.small)
        limit = None if big else self._random.choice((None, None, 2))
        return name, key, limit, self._world.csv(name, key, limit)

    @staticmethod
    def _insist(question):
        """Tries again while PostgreSQL is away."""
        deadline = time.monotonic() + 60
        while True:
            try:
                return question()
            except psycopg2.OperationalError:
                assert time.monotonic() < deadline
                time.sleep(0.2)

    def _row(self, name, key, user=ANN):
        """Inserts an export row. If the COMMIT has no answer, it inserts another: the first then gets no message."""
        query = {"project_id": "1", "key": key, "group_id": str(self._world.groups[name])}

        def insert():
            with contextlib.closing(self._world.connect()) as connection:
                return insert_export(connection.cursor(), query, user=user)
        return self._insist(insert)

    def row_and_message(self, big=False, user=ANN):
        name, key, limit, content = self._content(big)
        export = self._row(name, key, user)
        write = self._random.choice((
            plain, celery, lambda *arguments: celery(*arguments, pickled=True)))
        return self._note(Entry(VALID, export, key, content, write(export, limit)))

    def failing(self):
        key = f"missing-{next(self._numbers)}"
        export = self._row("issue 0", key)
        self._note(Entry(FAILED, export, key, message=plain(export)))

    def command(self):
        """Runs `exportd enqueue`. If an equal export is running, it prints that one's id: then the ledger gets
        no new entry."""
        name, key = self._random.choice(self._world.small)
        export = self._world.exportd.enqueue(group=self._world.groups[name], key=key)
        if export not in self.exports():
            self.entries.append(Entry(VALID, export, key, self._world.csv(name, key)))

    def duplicates(self, count):
        """Sends `count` messages at once, again for exports that exportd knows. For other exports a second message
        might hide the loss of the first."""
        known = self._insist(lambda: self._world.query("SELECT data_export_id FROM exportd.export"))
        if known:
            self._world.send(*(plain(*self._random.choice(known)) for _ in range(count)))

    def send_again(self, entries):
        """Sends the entries' messages again."""
        for entry in entries:
            self._send(entry)

    def cancel(self):
        """Cancels one of the latest exports, most of which are not finished."""
        exports = [entry for entry in self.entries[-3:] if entry.expected == VALID]
        if exports:
            entry = self._random.choice(exports)
            done = self._world.exportd.run("cancel", entry.export).status == 0
            if done and entry.expected == VALID:  # not purged in the meantime
                entry.expected = CANCELLED

    def purge(self, user, entries):
        """Purges all exports of a user, which are `entries`."""
        for entry in entries:
            entry.expected = PURGED
        self._world.exportd.ok("purge", "--user", user)

    def garbage(self):
        number = next(self._numbers)
        message = self._random.choice((
            b"garbage %d" % number, celery(number, task="sentry.tasks.email.send_email"),
            plain(10 ** 12 + number)))  # no such row
        self._note(Entry(DEAD, message=message))

    def send_one(self):
        kind = self._random.randrange(20)
        if kind == 0:
            self.garbage()
        elif kind == 1:
            self.failing()
        elif kind == 2 and self._commands:
            self.command()
        elif kind == 3:
            self.duplicates(1)
        else:
            self.row_and_message(big=kind == 4)


class Repeated(threading.Thread):
    """Calls a function again and again, with a pause before each call, until stop(), which raises an error of
    the function."""

    def __init__(self, function, pause):
        super().__init__(daemon=True)
        self._function, self._pause = function, pause
        self._ending = threading.Event()
        self._error = None
        self.start()

    def run(self):
        try:
            while not self._ending.wait(self._pause):
                self._function()
        except Exception as error:  # raised later in the test's thread
            self._error = error

    def tell(self):
        if self._error:
            raise self._error

    def stop(self):
        self._ending.set()
        self.join(60)
        self.tell()


class Producer(Repeated):
    """Sends messages at a steady rate, even while servers are away."""

    def __init__(self, ledger, pause):
        self._ledger = ledger
        super().__init__(ledger.send_one, pause)

    def wait_for_entries(self, count, seconds=120):
        """Waits until the ledger has `count` entries."""
        deadline = time.monotonic() + seconds
        while len(self._ledger.entries) < count:
            self.tell()
            assert time.monotonic() < deadline, "the producers are too slow"
            time.sleep(0.1)
