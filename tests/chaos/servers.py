# SPDX-License-Identifier: Apache-2.0
"""The servers of these tests."""
from chaos.ledger import ANN, BOB
from support.program import Exportd
from support.servers import Postgres, Redis


class Servers:
    """Of a test's own, because it kills them: a PostgreSQL and a Redis that keep what they were told."""

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
