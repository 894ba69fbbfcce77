# SPDX-License-Identifier: Apache-2.0
"""Makes events, the lines that `exportd ingest` reads."""
import datetime
import hashlib
import itertools
import json

_numbers = itertools.count(1)


def hash_of(name):
    return hashlib.md5(name.encode()).hexdigest()


def event(issue="issue", project=1, when="2026-03-01T12:00:00.000000Z", tags=None, user=None,
          **members):
    """An event of the issue named `issue`. `when` is text or a datetime in UTC."""
    if isinstance(when, datetime.datetime):
        when = when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    data = {"tags": tags or {}}
    if user:
        data["sentry.interfaces.User"] = user
    return {"event_id": hash_of(f"event {next(_numbers)}"), "hashes": [hash_of(issue)],
            "project_id": project, "message": f"{issue} happened", "platform": "python",
            "datetime": when, "data": data, **members}


def group_of(sql, issue, project=1):
    """The id of the issue's group. An event of the issue must have been ingested."""
    sql.execute("SELECT group_id FROM sentry_grouphash WHERE project_id = %s AND hash = %s",
                (project, hash_of(issue)))
    return sql.fetchone()[0]


def series(count, key="color", value=lambda n: f"value {n}", issue="issue", project=1, start=None):
    """`count` events, one per second, each with another value of `key`."""
    start = start or datetime.datetime(2026, 3, 1, 12)
    return [event(issue, project, start + datetime.timedelta(seconds=n), {key: value(n)})
            for n in range(count)]


def read_events(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]
