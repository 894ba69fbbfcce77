# SPDX-License-Identifier: Apache-2.0
import os

import pytest

from chaos.servers import Servers
from chaos.world import World, make_events


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
    """Printed with a failure, and given again by CHAOS_SEED."""
    number = int(os.environ.get("CHAOS_SEED") or int.from_bytes(os.urandom(4), "little"))
    print(f"CHAOS_SEED={number}")
    return number
