# SPDX-License-Identifier: Apache-2.0
"""The servers of these tests."""
from chaos.ledger import ANN, BOB
from support.program import Exportd
from support.servers import Postgres, Redis


class Servers:
    """A PostgreSQL and a Redis for one test, which may kill them. Both keep committed data."""

    def __init__(self, **options):
        self.postgres = Postgres(durable=True, **options)
        self.redis = Redis(durable=True)
        self.template = "template_of_events"

    def fill(self, folder, events):
        self.postgres.create_database(self.template)
        program = Exportd(folder, {"DATABASE_URL": self.postgres.url(self.template),
                                   "REDIS_URL": self.redis.url})
        program.ok("migrate", "--standalone")
        program.create(users=(ANN, BOB))
        program.ingest(events)

    def close(self):
        self.redis.close()
        self.postgres.close()
