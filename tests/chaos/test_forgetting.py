# SPDX-License-Identifier: Apache-2.0
"""Servers that forget. A killed PostgreSQL forgets commits that did not wait for the disk, a Redis without
persistence forgets everything, and a network loses the reply to a claim."""
import contextlib
import time
import types

import pytest

from chaos.business import business
from chaos.judge import judge
from chaos.ledger import DEAD, Ledger
from chaos.servers import Servers
from chaos.world import LEASE_SECONDS, Crew, World, finish, wait_until_done
from support.proxy import Proxy
from support.servers import Redis
from support.waiting import wait_until


@pytest.fixture(scope="module")
def lazy_servers(tmp_path_factory, events):
    """A PostgreSQL that writes its log to disk only for a COMMIT that waits for it."""
    servers = Servers(settings={"wal_writer_delay": "10s"})
    try:
        servers.fill(tmp_path_factory.mktemp("lazy"), events)
        yield servers
    finally:
        servers.close()


def runs(world):
    return {run for run, in world.query("SELECT run FROM exportd.attempt")}


def kill_after_a_claim(world, known):
    """Kills PostgreSQL as soon as it has a run that is not in `known`, before anything else is committed."""
    with contextlib.closing(world.connect()) as connection:
        cursor = connection.cursor()

        def claimed():
            cursor.execute("SELECT run FROM exportd.attempt WHERE run <> ALL(%s)", (list(known),))
            return {run for run, in cursor.fetchall()}
        seen = wait_until(claimed, "something is claimed", 30, 0.001)
        world.postgres.kill()
    return seen


def test_postgres_forgets_claims(tmp_path, lazy_servers, events, seed):
    """A job whose claim is forgotten waits again while a thread works on it. Its next claim has the same attempt
    number, but another run."""
    with World(tmp_path, lazy_servers, events) as world:
        ledger = Ledger(world, seed)
        for _ in range(25):
            ledger.row_and_message()
        with world.exportd.worker(FAULT="claimed:kill") as worker:
            worker.wait_for_event("worker.registered")
            wait_until(lambda: world.queue.llen("data_export") == 0, "the messages are taken in")
        forgotten = set()
        kills = []
        with Crew(world, 2, faults=lambda: "after_claim:delay=700"):
            while len(forgotten) < 3 and len(kills) < 20:
                seen = kill_after_a_claim(world, runs(world))
                kills.append(time.time())
                world.postgres.start()
                forgotten |= seen - runs(world)
            wait_until_done(world, ledger)
        assert forgotten, "claims are not forgotten here"
        finish(world)
        judge(world, ledger, kills)


def test_redis_forgets_everything(tmp_path, servers, events, seed):
    """Messages in PostgreSQL are done; the others are sent again."""
    redis = Redis()
    try:
        servers = types.SimpleNamespace(postgres=servers.postgres, redis=redis,
                                        template=servers.template)
        with World(tmp_path, servers, events) as world:
            ledger = Ledger(world, seed, commands=False)
            with business(world, ledger) as crew:
                for _ in range(2):
                    hold_the_intake(world)
                    wait_until(lambda: redis.connect().llen("data_export") > 5, "messages wait")
                    redis.kill()
                    wait_until(lambda: crew.events("server.away"), "the intake has noticed")
                    lost = unknown(world, ledger)
                    assert lost
                    redis.start()
                    ledger.send_again(lost)
                    time.sleep(LEASE_SECONDS)
    finally:
        redis.close()


def hold_the_intake(world):
    """Prevents the intake in all workers, for less than two leases."""
    world.query("UPDATE exportd.queue SET intake = 'another',"
                " intake_until = clock_timestamp() + %s * interval '1 second'",
                (LEASE_SECONDS * 1.9,))


def unknown(world, ledger):
    """Entries that PostgreSQL does not know."""
    exports = {export for export, in world.query("SELECT data_export_id FROM exportd.export")}
    dead = {bytes(message) for message, in world.query("SELECT message FROM exportd.dead")}
    return [entry for entry in ledger.entries if entry.export not in exports and
            not (entry.expected == DEAD and entry.message in dead)]


def test_the_reply_to_a_claim_is_lost(world, seed):
    """The worker releases a job that it does not know it has claimed."""
    ledger = Ledger(world, seed)
    for _ in range(4):
        ledger.command()
    with contextlib.closing(Proxy(world.postgres.port, b"exportd claimer", b"FROM claimed c",
                                  1)) as proxy:
        url = f"postgresql://postgres@127.0.0.1:{proxy.port}/{world.database}"
        with Crew(world, 1, DATABASE_URL=url) as crew:
            wait_until(lambda: crew.events("queue.returned-unheld"), "they are given back", 60)
            wait_until_done(world, ledger, 30)
        assert proxy.answers_lost == 1
    assert world.query("SELECT DISTINCT outcome FROM exportd.attempt WHERE attempt = 1"
                       " AND outcome <> 'valid'") == [("lost",)]
    finish(world)
    judge(world, ledger)
