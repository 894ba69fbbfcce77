# SPDX-License-Identifier: Apache-2.0
import itertools
import os

import pytest

from support.clickhouse import MISSING, ClickHouse, is_missing_in_debian
from support.mail_sink import Certificates
from support.program import Exportd
from support.servers import Postgres, Redis
from support.snuba import SnubaServer

TEMPLATE = "exportd_template"
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items):
    if not os.environ.get("TEST_LONG"):
        for item in items:
            if "long" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="takes minutes: scripts/test --long"))


@pytest.fixture(scope="session")
def postgres():
    server = Postgres()
    yield server
    server.close()


@pytest.fixture(scope="session")
def redis_server():
    server = Redis()
    yield server
    server.close()


@pytest.fixture(scope="session")
def clickhouse():
    """A ClickHouse for each test process. It starts in about a second and needs some 100 MB."""
    if is_missing_in_debian():
        pytest.skip(MISSING)
    server = ClickHouse()
    yield server
    server.close()


@pytest.fixture
def snuba(clickhouse):
    """A function that makes a Snuba with its own tables: snuba("2018"), snuba("2018apr19") or snuba("2020"),
    with unix_socket=PATH on a Unix socket."""
    servers = []

    def make(dialect, **options):
        servers.append(SnubaServer(clickhouse, dialect, **options))
        return servers[-1]

    yield make
    for server in servers:
        server.close()
    assert not [fault for server in servers for fault in server.faults]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def template(postgres, tmp_path_factory):
    """A migrated database. Each test gets a copy, which is faster than a migration."""
    postgres.create_database(TEMPLATE)
    program = Exportd(tmp_path_factory.mktemp("migrate"), {"DATABASE_URL": postgres.url(TEMPLATE)})
    program.ok("migrate", "--standalone")
    return TEMPLATE


@pytest.fixture
def empty_database(postgres):
    name = f"empty_{next(_numbers)}"
    postgres.create_database(name)
    yield name
    postgres.drop_database(name)


@pytest.fixture
def database(postgres, template):
    """The name of the test's own migrated database."""
    name = f"test_{next(_numbers)}"
    postgres.create_database(name, template)
    yield name
    postgres.drop_database(name)


@pytest.fixture
def sql(postgres, database):
    """A cursor on the test's database, in autocommit mode."""
    connection = postgres.connect(database)
    with connection.cursor() as cursor:
        cursor.execute("SET timezone = 'UTC'")
        yield cursor
    connection.close()


@pytest.fixture
def queue(redis_server):
    """A client of the test's Redis, which is empty."""
    client = redis_server.connect()
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def exportd(tmp_path, postgres, database, redis_server, queue):
    """The program with the test's own database, queue, store and mail folder."""
    return Exportd(tmp_path, {
        "DATABASE_URL": postgres.url(database),
        "REDIS_URL": redis_server.url,
        "STORAGE_URL": f"file://{tmp_path}/files",
        "MAIL_URL": f"file://{tmp_path}/mail",
        "URL_PREFIX": "https://sentry.example.com",
        "MAIL_FROM": "exports@example.com",
        "LOG_FORMAT": "json",
        "CONCURRENCY": 2,
        "RETRY_BASE_SECONDS": 1,
    })
