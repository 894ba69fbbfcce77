# SPDX-License-Identifier: Apache-2.0
"""Operators cancel, purge and clean up while workers work and die."""
import time

import pytest

from chaos.judge import judge
from chaos.ledger import BOB, CANCELLED, Ledger, Producer, Repeated
from chaos.world import Crew, World, end_upload_locks, finish, wait_until_done

SLOW = "page:delay=60,blob_row:delay=60,before_commit:delay=30"


@pytest.mark.parametrize("locks", [None, "none"], ids=["redis", "postgres"])
def test_cancel_purge_and_cleanup_at_once(tmp_path, servers, events, seed, locks):
    """Twice bob requests many exports, and all his exports are purged. In one round a worker dies."""
    with World(tmp_path, servers, events, LOCK_REDIS_URL=locks) as world:
        ledger = Ledger(world, seed)
        kills = []
        with Crew(world, 2, faults=lambda: SLOW) as crew:
            producer = Producer(ledger, 0.2)
            operators = [Repeated(ledger.cancel, 0.3),
                         Repeated(lambda: world.exportd.ok("cleanup"), 0.2)]
            for number in range(2):
                bobs = [ledger.row_and_message(big=n == 0, user=BOB) for n in range(12)]
                time.sleep(2)
                if number == 1:
                    kills.append(crew.kill(0))
                ledger.purge(BOB, bobs)
            producer.wait_for_entries(60)
            for thread in (producer, *operators):
                thread.stop()
            end_upload_locks(world)
            wait_until_done(world, ledger)
        assert [entry for entry in ledger.entries if entry.expected == CANCELLED]
        finish(world)
        judge(world, ledger, kills)
