# SPDX-License-Identifier: Apache-2.0
"""A Snuba for tests: server.py answers over HTTP, dialect_2018.py and dialect_2020.py turn requests into SQL,
schema.py validates requests, events.py fills the tables. tests/system/test_snuba_server.py and
test_snuba_recordings.py check it."""
from support.snuba.server import SnubaServer

__all__ = ["SnubaServer"]
