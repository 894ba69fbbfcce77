# SPDX-License-Identifier: Apache-2.0
"""kill -9: once at each fault point, and at random moments. Producers keep a ledger. Afterwards every
export has ended once, every message has led to its result, every CSV is right, and every mail was sent."""
import glob
import os
import random
import re
import signal
import time

import pytest

from chaos.judge import judge
from chaos.ledger import CANCELLED, Ledger, Producer
from chaos.world import Crew, end_upload_locks, finish, wait_until_done
from support.program import ROOT
from support.waiting import wait_until

KILLS = int(os.environ.get("CHAOS_KILLS", "60"))

POINTS = ["before_intake_commit", "after_intake_commit", "after_intake_commit:kill:2",
          "before_claim", "before_claim:kill:3", "claimed", "claimed:kill:2", "claimer_round",
          "claimer_round:kill:4", "heartbeat_round", "heartbeat_round:kill:12", "before_rescue",
          "after_claim", "issue_found", "first_page", "page:kill:3", "last_page", "object_write",
          "object_write:kill:2", "blob_row", "blob_row:kill:2", "before_commit", "after_commit",
          "after_smtp"]

# A worker reaches these points only when it undoes an upload.
UNDOING = ["cleanup_object", "cleanup_forget"]

# Only commands reach these points: test_cleanup.py, test_purge.py, test_delete.py, test_upgrade.py, test_ingest.py,
# test_group_merge.py.
OF_COMMANDS = ["cleanup_blob", "purge_export", "delete_export", "takeover_dead", "takeover_delayed",
               "takeover_keys", "ingest_prepared", "ingest_before_commit", "ingest_after_commit",
               "merge_before_commit", "merge_after_commit"]


def test_every_fault_point_is_tried():
    points = set()
    for layer in ("common", "worker"):
        for path in glob.glob(os.path.join(ROOT, layer, "**", "*.c"), recursive=True):
            with open(path, encoding="utf-8") as file:
                points |= set(re.findall(r'FAULT\("(\w+)"', file.read()))
    tried = [point.partition(":")[0] for point in POINTS]
    assert points == {*tried, *UNDOING, *OF_COMMANDS}


@pytest.mark.parametrize("point", POINTS)
def test_killed_at(world, seed, point):
    """The first worker takes all jobs and dies at the point; other workers go on."""
    ledger = Ledger(world, seed)
    for _ in range(3):
        ledger.command()
    ledger.row_and_message(big=True)
    for _ in range(12):
        ledger.send_one()
    ledger.duplicates(150)
    fault = point if ":" in point else f"{point}:kill"
    with world.exportd.worker(FAULT=fault) as worker:
        status = worker.process.wait(60)
        died = time.time()
        assert status == -signal.SIGKILL, f"{point} was never passed: {worker.log_text()}"
    with Crew(world, 2):
        for _ in range(12):
            ledger.send_one()
        ledger.duplicates(100)
        end_upload_locks(world)
        wait_until_done(world, ledger)
    finish(world)
    judge(world, ledger, kills=[died])


@pytest.mark.parametrize("point", UNDOING)
def test_killed_while_it_undoes_an_upload(world, seed, point):
    """The export is cancelled while its first blob is being stored."""
    ledger = Ledger(world, seed)
    ledger.row_and_message(big=True)
    entry, = ledger.entries
    with world.exportd.worker(FAULT=f"blob_row:delay=2000,{point}:kill") as worker:
        wait_until(lambda: world.query("SELECT 1 FROM exportd.object"), "it stores")
        world.exportd.ok("cancel", entry.export)
        entry.expected = CANCELLED
        assert worker.process.wait(30) == -signal.SIGKILL, worker.log_text()
    assert world.query("SELECT 1 FROM exportd.object"), "it was undoing"
    finish(world)
    judge(world, ledger)
    assert world.query("SELECT path FROM sentry_fileblob") == []


# Slows down short steps, at which a random kill would rarely happen.
SLOW = ["page:delay=40", "object_write:delay=60", "blob_row:delay=60", "before_commit:delay=60",
        "after_commit:delay=60", "after_claim:delay=60", "after_smtp:delay=60",
        "before_claim:delay=60", "claimed:delay=60", "before_intake_commit:delay=30",
        "after_intake_commit:delay=30", "before_rescue:delay=60"]


def test_killed_at_random_moments(world, seed):
    """CHAOS_KILLS times."""
    chance = random.Random(seed)
    ledger = Ledger(world, seed)
    kills = []
    with Crew(world, 2, faults=lambda: chance.choice(SLOW)) as crew:
        producers = [Producer(ledger, 0.25), Producer(ledger, 0.4)]
        while len(kills) < KILLS:
            time.sleep(chance.uniform(0.1, 1.2))
            kills.append(crew.kill(chance.randrange(2)))
            if len(kills) % 10 == 0:
                ledger.duplicates(200)
        for producer in producers:
            producer.stop()
    died = [at for at, status in crew.deaths if status == -signal.SIGKILL]
    assert len(died) >= KILLS * 0.7, "most kills met a worker"
    finish(world)
    judge(world, ledger, kills)
