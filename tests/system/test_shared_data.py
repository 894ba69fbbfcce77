# SPDX-License-Identifier: Apache-2.0
"""Two files of real server logs as events, if the folder TEST_DATA holds them: every CSV is
what a plain reading of the file says."""
import collections
import os

import pytest

from support.events import read_events
from support.expected import expected_csv, tags_of

FOLDER = os.environ.get("TEST_DATA", "")
FILES = {1: "openssh-events.ndjson", 2: "openstack-events.ndjson"}

pytestmark = pytest.mark.skipif(
    not all(os.path.exists(os.path.join(FOLDER, name)) for name in FILES.values()),
    reason="TEST_DATA names no folder with the two files")


def busiest(events, key, count=2):
    """The hashes of the issues with the most values of a key."""
    values = collections.defaultdict(set)
    for event in events:
        tags = tags_of(event)
        if key in tags:
            values[event["hashes"][0]].add(tags[key])
    return sorted(values, key=lambda name: (-len(values[name]), name))[:count]


@pytest.fixture
def loaded(exportd, sql):
    """Ingests both files; returns a map from project to (events, map from hash to group id)."""
    exportd.create(projects=(1, 2))
    loaded = {}
    for project, name in FILES.items():
        path = os.path.join(FOLDER, name)
        exportd.ok("ingest", path, timeout=600)
        sql.execute("SELECT hash, group_id FROM sentry_grouphash WHERE project_id = %s", (project,))
        loaded[project] = read_events(path), dict(sql.fetchall())
    return loaded


def test_every_csv_is_what_the_file_says(exportd, loaded):
    asked = []
    for project, key, tag in [
            (1, "user", "sentry:user"), (1, "rhost", "rhost"), (1, "port", "port"),
            (1, "environment", "environment"), (2, "user", "sentry:user"),
            (2, "request_id", "request_id"), (2, "url", "url"), (2, "environment", "environment"),
            (2, "release", "sentry:release")]:
        events, groups = loaded[project]
        for name in busiest(events, tag):
            for environment in (None, "production"):
                export = exportd.enqueue(project=project, group=groups[name], key=key,
                                         environment=environment)
                asked.append((export, project, name, key, environment))
                if environment is None:  # exportd takes the same query with another environment for the same export
                    exportd.drain()
        exportd.drain()
    assert len(asked) >= 32
    for export, project, name, key, environment in asked:
        events, groups = loaded[project]
        expected = expected_csv(events, project, [name], key, environment)
        if environment is None:  # an issue without events in production has the header only
            assert expected.count(b"\r\n") > 1, (name, key)
        assert exportd.download(export) == expected, (project, name, key, environment)
        assert exportd.tag_export(project=project, group=groups[name], key=key,
                                  environment=environment) == expected
