# SPDX-License-Identifier: Apache-2.0
"""kill -9: at each fault point once, and at random moments. Producers keep a ledger; afterwards every
export has ended once, every message is accounted for, every CSV is right, every mail was sent."""
import os
import random
import signal
import time

import pytest

from chaos.judge import judge
from chaos.ledger import Ledger, Producer
from chaos.world import Crew, end_upload_locks, finish, wait_until_done

KILLS = 1000 if os.environ.get("EXPORTD_LONG") else 60

POINTS = ["after_take", "before_claim", "after_claim", "first_page", "page:kill:3",
          "last_page", "object_write", "object_write:kill:2", "blob_row", "blob_row:kill:2",
          "before_commit", "after_commit", "after_leave", "after_smtp"]


@pytest.mark.parametrize("point", POINTS)
def test_killed_at(world, seed, point):
    """The first worker takes everything there is, and dies at the point; others go on."""
    ledger = Ledger(world, seed)
    ledger.row_and_message(big=True)
    for _ in range(12):
        ledger.send_one()
    fault = point if ":" in point else f"{point}:kill"
    with world.exportd.worker(FAULT=fault) as worker:
        status = worker.process.wait(60)
        died = time.time()
        assert status == -signal.SIGKILL, f"{point} was never passed: {worker.log_text()}"
    with Crew(world, 2):
        for _ in range(12):
            ledger.send_one()
        end_upload_locks(world)
        wait_until_done(world, ledger)
    finish(world)
    judge(world, ledger, kills=[died])


# Makes windows wide that a random kill would seldom meet.
SLOW = ["page:delay=40", "object_write:delay=60", "blob_row:delay=60", "before_commit:delay=60",
        "after_commit:delay=60", "after_claim:delay=60", "after_smtp:delay=60",
        "before_claim:delay=60", "after_leave:delay=60", "after_take:delay=30"]


def test_killed_at_random_moments(world, seed):
    chance = random.Random(seed)
    ledger = Ledger(world, seed)
    kills = []
    with Crew(world, 3, faults=lambda: chance.choice(SLOW)) as crew:
        producers = [Producer(ledger, 0.25), Producer(ledger, 0.4)]
        while len(kills) < KILLS:
            time.sleep(chance.uniform(0.1, 1.2))
            kills.append(crew.kill(chance.randrange(3)))
        for producer in producers:
            producer.stop()
    died = [at for at, status in crew.deaths if status == -signal.SIGKILL]
    assert len(died) >= KILLS * 0.7, "most kills met a worker"
    finish(world)
    judge(world, ledger, kills)
