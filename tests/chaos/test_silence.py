# SPDX-License-Identifier: Apache-2.0
"""Workers that count as dead but live: when they come back, other workers have done their jobs. Nothing is done
twice, and nothing counts as a crash."""
import contextlib
import signal
import time

import pytest

from chaos.business import business
from chaos.judge import judge
from chaos.ledger import Ledger
from chaos.world import LEASE_SECONDS, Crew, end_upload_locks, finish, wait_until_done
from support.proxy import Gate
from support.waiting import wait_until

PAST_THE_LEASE = LEASE_SECONDS * 2.5


def expect_silence(world):
    """Some attempts ended because their worker was silent, and no crash is counted."""
    ends = dict(world.query("SELECT outcome, count(*) FROM exportd.attempt GROUP BY 1"))
    assert ends.get("silent") and "crashed" not in ends, ends
    assert world.query("SELECT data_export_id FROM exportd.export WHERE crashes > 0") == []


@pytest.mark.parametrize("numbers", [(0,), (0, 1)])
def test_workers_stopped_past_their_lease(world, seed, numbers):
    """Stops one of three workers in turn, or two at once. The first that goes on does not declare the other dead."""
    ledger = Ledger(world, seed)
    with business(world, ledger, workers=3) as crew:
        for n in range(4):
            crew.pause([(n + number) % 3 for number in numbers], PAST_THE_LEASE)
            time.sleep(1)
    expect_silence(world)


def test_all_workers_stopped_past_their_lease(world, seed):
    """The worker that comes back first has been silent as long as the others, and declares none dead."""
    ledger = Ledger(world, seed)
    with business(world, ledger, fault="page:delay=400") as crew:
        for _ in range(3):
            crew.pause([0, 1], PAST_THE_LEASE)
            time.sleep(LEASE_SECONDS * 1.5)
        assert not crew.events("worker.rescued"), crew.logs()


# The worker is stopped while it handles a message, a claim, a page, an object, an outcome, a mail, a beat.
STOPS = ["before_intake_commit", "after_intake_commit", "claimed:stop:2", "after_claim",
         "page:stop:3", "blob_row", "before_commit", "after_commit", "after_smtp",
         "heartbeat_round:stop:12"]


def is_stopped(process):
    with open(f"/proc/{process.pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize("point", STOPS)
def test_stopped_at(world, seed, point):
    ledger = Ledger(world, seed)
    for _ in range(3):
        ledger.command()
    ledger.row_and_message(big=True)
    for _ in range(12):
        ledger.send_one()
    fault = point if ":" in point else f"{point}:stop"
    with Crew(world, 1, faults=lambda: fault) as stopped:
        process = stopped.workers[0].process
        wait_until(lambda: is_stopped(process), f"{point} is passed", 30)
        with Crew(world, 2):
            for _ in range(12):
                ledger.send_one()
            time.sleep(PAST_THE_LEASE)
            end_upload_locks(world)
            wait_until_done(world, ledger)
            process.send_signal(signal.SIGCONT)
            wait_until(lambda: not world.query("SELECT 1 FROM exportd.attempt"
                                               " WHERE outcome = 'crashed'"), "it lives")
    finish(world)
    judge(world, ledger)


def test_a_heartbeat_that_hangs(world, seed):
    """The worker's other threads go on: they end their jobs while another worker runs the same jobs."""
    ledger = Ledger(world, seed)
    for _ in range(2):
        ledger.row_and_message()
    with Crew(world, 1, FAULT="heartbeat_round:delay=9000:8,blob_row:delay=6000") as hanging:
        wait_until(lambda: world.query("SELECT count(*) FROM exportd.object") == [(2,)],
                   "it stores both")
        with Crew(world, 1, FAULT="after_claim:delay=8000"):
            hanging.workers[0].wait_for_event("dataexport.lost", 2)
            assert {run for run, in world.query("SELECT state FROM exportd.export")} == {"running"}
            wait_until_done(world, ledger)
    finish(world)
    judge(world, ledger)


def test_no_connection_for_a_lease(world, seed):
    """PostgreSQL refuses the connections of one of two workers."""
    ledger = Ledger(world, seed, commands=False)
    with contextlib.closing(Gate(world.postgres.port)) as gate:
        url = f"postgresql://postgres@127.0.0.1:{gate.port}/{world.database}"
        with business(world, ledger, workers=[{"DATABASE_URL": url}, {}]):
            for _ in range(3):
                wait_until(lambda: runs_something(world), "both run something", 30)
                gate.shut()
                time.sleep(PAST_THE_LEASE)
                gate.open()
                time.sleep(1)
    expect_silence(world)


def runs_something(world):
    return world.query("SELECT count(DISTINCT worker) FROM exportd.export WHERE state = 'running'"
                       " HAVING count(DISTINCT worker) = 2")


@pytest.mark.parametrize("beat", ["clock_timestamp() - interval '1 day'",
                                  "clock_timestamp() + interval '1 day'"])
def test_the_beats_of_the_living_look_wrong(world, seed, beat):
    """Wrong beats make living workers count as dead until they beat again. Workers that started together also beat
    together, the busiest one first. So its beat must be changed after it has beaten and before the others do."""
    ledger = Ledger(world, seed)

    def judged():
        world.query(f"UPDATE exportd.worker SET beat_at = {beat}")
        return world.query("SELECT 1 FROM exportd.attempt WHERE outcome IN ('crashed', 'silent')"
                           " HAVING count(*) >= 3")
    with business(world, ledger, workers=3):
        wait_until(judged, "three attempts are judged", 60, 0.002)
    expect_silence(world)


def test_a_beat_of_the_dead_lies_in_the_future(world, seed):
    """As after a clock was set back. The others do not wait until that time."""
    ledger = Ledger(world, seed)
    ledger.row_and_message(big=True)
    with world.exportd.worker(FAULT="page:kill:2") as worker:
        assert worker.process.wait(30) == -signal.SIGKILL
    world.query("UPDATE exportd.worker SET beat_at = clock_timestamp() + interval '1 day'")
    with Crew(world, 1):
        wait_until_done(world, ledger, 30)
    assert world.query("SELECT crashes FROM exportd.export") == [(1,)]
    finish(world)
    judge(world, ledger)
