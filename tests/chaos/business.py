# SPDX-License-Identifier: Apache-2.0
"""Producers and workers that work while a test disturbs them."""
import contextlib

from chaos.judge import judge
from chaos.ledger import Producer
from chaos.world import Crew, finish, wait_until_done

SLOW = "page:delay=150"


@contextlib.contextmanager
def business(world, ledger, workers=2, fault=SLOW, kills=(), **settings):
    """Producers send messages and workers run jobs before, during and after the block; then the judge
    checks the result. `kills` are times that explain a second copy of a mail; the block may add some."""
    with Crew(world, workers, faults=lambda: fault, **settings) as crew:
        producer = Producer(ledger, 0.15)
        producer.wait_for_entries(8)
        yield crew
        producer.wait_for_entries(len(ledger.entries) + 8)
        producer.stop()
        wait_until_done(world, ledger)
        assert crew.deaths == [], "a worker that waits for a server does not die"
    finish(world)
    judge(world, ledger, kills)
