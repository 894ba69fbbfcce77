import os

import pytest

from chaos.world import World, make_events
from support.program import Exportd
from support.servers import Postgres, Redis


class Servers:
    """Of a test's own, because it kills them: a PostgreSQL and a Redis that keep what they were told."""

    def __init__(self):
        self.postgres = Postgres(durable=True)
        self.redis = Redis(durable=True)
        self.template = "template_of_events"

    def fill(self, folder, events):
        self.postgres.create_database(self.template)
        program = Exportd(folder, {"DATABASE_URL": self.postgres.url(self.template),
                                   "REDIS_URL": self.redis.url})
        program.ok("migrate", "--standalone")
        program.create()
        program.ingest(events)

    def close(self):
        self.redis.close()
        self.postgres.close()


@pytest.fixture(scope="session")
def events():
    return make_events()


@pytest.fixture(scope="session")
def servers(tmp_path_factory, events):
    servers = Servers()
    try:
        servers.fill(tmp_path_factory.mktemp("chaos"), events)
        yield servers
    finally:
        servers.close()


@pytest.fixture
def world(tmp_path, servers, events):
    with World(tmp_path, servers, events) as world:
        yield world


@pytest.fixture
def seed(request):
    """Printed with a failure, and given again by EXPORTD_CHAOS_SEED."""
    number = int(os.environ.get("EXPORTD_CHAOS_SEED") or int.from_bytes(os.urandom(4), "little"))
    print(f"EXPORTD_CHAOS_SEED={number}")
    return number
