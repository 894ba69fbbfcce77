# SPDX-License-Identifier: Apache-2.0
"""A Snuba for tests: server.py answers over HTTP, dialect_2018.py and dialect_2020.py make SQL of requests,
schema.py validates them, events.py fills the tables. What they do is held against recorded exchanges by
tests/system/test_snuba_server.py."""
from support.snuba.server import SnubaServer

__all__ = ["SnubaServer"]
