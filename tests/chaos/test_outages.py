# SPDX-License-Identifier: Apache-2.0
"""Servers that die and come back, connections that break, disks that fill, clocks that jump. The ledger and
the judge are those of test_kill.py."""
import contextlib
import datetime
import os
import random
import shutil
import socket
import time

import pytest

from chaos.business import business
from chaos.ledger import Ledger
from chaos.servers import Servers
from chaos.world import LEASE_SECONDS, World
from support import preload
from support.disk import SmallDisk, can_mount
from support.proxy import Cutter, Listener, end, pass_on
from support.waiting import wait_until


def test_redis_is_away_for_longer_than_a_lease(world, seed):
    """New messages wait for Redis."""
    ledger = Ledger(world, seed, commands=False)
    with business(world, ledger) as crew:
        for _ in range(2):
            world.redis.kill()
            time.sleep(LEASE_SECONDS * 2)
            world.redis.start()
            time.sleep(LEASE_SECONDS * 2)
        assert not crew.events("worker.rescued"), crew.logs()


def test_without_redis_jobs_go_on(tmp_path, servers, events, seed):
    """Jobs in PostgreSQL are done, and so are those of `exportd enqueue`. Upload locks are rows here."""
    with World(tmp_path, servers, events, LOCK_REDIS_URL="none") as world:
        ledger = Ledger(world, seed)
        with business(world, ledger):
            world.redis.kill()
            for _ in range(8):
                ledger.command()
            known = [export for export, in world.query("SELECT data_export_id FROM exportd.export")]
            wait_until(lambda: not world.query(
                "SELECT 1 FROM sentry_exporteddata WHERE date_finished IS NULL AND id = ANY(%s)",
                (known,)), "all that exportd knows is done", 60)
            world.redis.start()


def test_postgres_is_killed(world, seed):
    ledger = Ledger(world, seed, commands=False)
    chance = random.Random(seed)
    kills = []
    with business(world, ledger, kills=kills):
        for _ in range(3):
            time.sleep(chance.uniform(0.5, 2))
            world.postgres.kill()
            kills.append(time.time())
            time.sleep(chance.uniform(0, 2 * LEASE_SECONDS))
            world.postgres.start()


# Slows down the COMMIT that finishes an export.
SLOW_COMMIT = """
CREATE FUNCTION audit.dawdle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(0.4); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER dawdle AFTER UPDATE ON sentry_exporteddata
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.dawdle();
"""


def commits_now(world):
    return world.query("SELECT 1 FROM pg_stat_activity WHERE datname = %s AND state = 'active'"
                       " AND query ILIKE 'COMMIT%%'", (world.database,))


def test_postgres_is_killed_in_commit(world, seed):
    world.query(SLOW_COMMIT)
    ledger = Ledger(world, seed, commands=False)
    kills = []
    with business(world, ledger, fault=None, kills=kills):
        for _ in range(3):
            wait_until(lambda: commits_now(world), "a COMMIT is under way", 30, 0.01)
            world.postgres.kill()
            kills.append(time.time())
            world.postgres.start()


def test_sessions_are_ended_by_the_administrator(world, seed):
    """Ends the workers' sessions only: a command, whose sessions are named `exportd`, would fail."""
    ledger = Ledger(world, seed)
    with business(world, ledger):
        for _ in range(40):
            world.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE datname = %s AND application_name LIKE 'exportd %%'"
                        " AND random() < 0.3", (world.database,))
            time.sleep(0.1)


@pytest.mark.parametrize("server", ["redis", "postgres"])
def test_connections_are_cut_in_mid_answer(world, seed, server):
    ledger = Ledger(world, seed)
    port = getattr(world, server).port
    with contextlib.closing(Cutter(port, seed)) as cutter:
        if server == "redis":
            settings = {"REDIS_URL": f"redis://127.0.0.1:{cutter.port}/0"}
        else:
            settings = {"DATABASE_URL":
                        f"postgresql://postgres@127.0.0.1:{cutter.port}/{world.database}"}
        with business(world, ledger, **settings):
            cutter.cutting = True
            wait_until(lambda: cutter.cuts >= 30, "30 cuts", 120)
            cutter.cutting = False


# ---- the mail server ----

class Door(Listener):
    """Stands before the mail sink. It is open, or treats each connection as its mode says."""

    def __init__(self, port):
        self.lost = 0    # answers to mails that it has dropped
        self.times = []  # times at which a mail may have been accepted without an answer
        self._mode = "open"
        self._clients = []
        self._port = port
        super().__init__()

    def turn(self, mode):
        """Sets the mode for new connections, and ends those that are idle between two mails."""
        self._mode = mode
        self.times.append(time.time())
        end(*self._clients)

    def serve(self, client):
        mode = self._mode
        self._clients.append(client)
        if mode == "hang":
            time.sleep(4)
        elif mode == "refuse":
            client.sendall(b"421 not now\r\n")
        elif mode != "close":
            with socket.create_connection(("127.0.0.1", self._port)) as server:
                pass_on(client, server, self._loser() if mode == "lose" else lambda data: data)

    def _loser(self):
        """Drops the answer to the mail itself: the fourth 250, after those to EHLO, MAIL and RCPT."""
        answers = 0

        def hear(data):
            nonlocal answers
            answers += data.count(b"\r\n250 ") + data.startswith(b"250 ")
            if answers < 4:
                return data
            self.lost += 1
            self.times.append(time.time())
            return b""
        return hear


@pytest.mark.parametrize("mode", ["refuse", "hang", "close", "lose"])
def test_the_mail_server_is_in_a_bad_mood(world, seed, mode):
    ledger = Ledger(world, seed)
    with contextlib.closing(Door(world.sink.port)) as door:
        with business(world, ledger, fault=None, kills=door.times,
                      MAIL_URL=f"smtp://127.0.0.1:{door.port}"):
            door.turn(mode)
            time.sleep(5)
            door.turn("open")
        assert bool(door.lost) == (mode == "lose")


# ---- a disk that fills ----

@pytest.mark.parametrize("place", ["temporary", "store"])
@pytest.mark.skipif(not can_mount(), reason="this machine allows no user namespaces")
def test_the_disk_is_full(tmp_path, servers, events, seed, place):
    folder = tmp_path / place
    with contextlib.closing(SmallDisk(folder, "64m")) as disk:
        name = {"temporary": "TMPDIR", "store": "STORAGE_URL"}[place]
        value = {"temporary": folder, "store": f"file://{folder}"}[place]
        with World(tmp_path, servers, events, **{name: value}) as world:
            world.run_below(disk.command)
            if place == "store":
                world.store = disk.path
            ledger = Ledger(world, seed, commands=False)
            with business(world, ledger) as crew:
                with disk.full():
                    time.sleep(7)
                    said = crew.events("server.away")
            assert said, "a full disk is told"


# ---- clocks ----

class Clock:
    """A wall clock that a test can set, for programs that get its settings."""

    def __init__(self, folder):
        """The program's user must be able to read the files in `folder`."""
        self._path = os.path.join(str(folder), "clock")
        self._library = os.path.join(str(folder), "libclock_offset.so")
        shutil.copy(preload.library("clock_offset"), self._library)
        self.set(0)

    def environment(self):
        """The environment for a server."""
        return {"PATH": os.environ["PATH"], "LD_PRELOAD": self._library,
                "CLOCK_OFFSET_FILE": self._path}

    def settings(self):
        """The settings for exportd."""
        return preload.settings(self._library, clock_offset_file=self._path)

    def set(self, seconds):
        with open(self._path + ".new", "w", encoding="utf-8") as file:
            file.write(f"{seconds}\n")
        os.chmod(self._path + ".new", 0o644)
        os.rename(self._path + ".new", self._path)


@pytest.mark.parametrize("hours", [5, -5])
def test_the_clock_of_postgres_jumps(tmp_path, events, seed, hours):
    """Nothing is done twice because it looks old, and nothing waits until the clock reaches an old time. That
    includes a mail whose server says "later" at the moment of the jump."""
    clocks = []

    def environment(folder):
        clocks.append(Clock(folder))
        return clocks[0].environment()

    servers = Servers(environment=environment)
    try:
        servers.fill(tmp_path, events)
        with World(tmp_path, servers, events) as world:
            before, = world.query("SELECT extract(epoch FROM now())::bigint")[0]
            ledger = Ledger(world, seed)
            jumps = []
            with business(world, ledger, kills=jumps) as crew:
                world.sink.refuse("RCPT", "451 4.3.0 later", times=3)
                wait_until(lambda: crew.events("mail.delayed"), "a mail has to wait", 30)
                waiting = {line["message_id"] for line in crew.events("mail.delayed")}
                clocks[0].set(3600 * hours)
                jumps.append(time.time())
                now, = world.query("SELECT extract(epoch FROM now())::bigint")[0]
                assert abs(now - before - 3600 * hours) < 60
                wait_until(lambda: waiting <= {line["message_id"]
                                               for line in crew.events("mail.sent")},
                           "the mails that had to wait are sent", 60)
                assert not crew.events("worker.rescued"), crew.logs()
    finally:
        servers.close()


@pytest.mark.parametrize("hours", [5, -5])
def test_the_clock_of_workers_jumps(tmp_path, world, seed, hours):
    """A worker's clock only sets the times in logs and mails."""
    clock = Clock(tmp_path)
    ledger = Ledger(world, seed)
    with business(world, ledger, **clock.settings()) as crew:
        clock.set(3600 * hours)
        jumped = time.time() + 3600 * hours
        time.sleep(LEASE_SECONDS * 2.5)
        assert not crew.events("worker.rescued"), crew.logs()
        last = crew.events("dataexport.end")[-1]["ts"]
        told = datetime.datetime.fromisoformat(last.replace("Z", "+00:00")).timestamp()
        assert abs(told - jumped) < 120
