# SPDX-License-Identifier: Apache-2.0
"""The backends of the tagstore, for the suites that run over all of them: events go in, lines come out.
A backend is a name in BACKENDS and a class with the members of Postgres. Its `fixture`, if any, is the
server that it needs."""
import ipaddress
import json
import threading
import urllib.request

from support.event_model import parse_time, tags_of
from support.events import hash_of

NEWLINE = "\ue000"  # replaces a newline for ingest, which refuses newlines


class Postgres:
    name = "postgres"
    fixture = None

    def __init__(self, exportd, sql, _server=None):
        self.exportd = exportd
        self.sql = sql

    def unit_environment(self):
        """Where tests/unit/tagstore/methods_test.c finds the backend."""
        return {"TEST_TAGSTORE": self.name,
                "TEST_DATABASE_URL": self.exportd.settings["DATABASE_URL"]}

    def setup(self, projects=(1,)):
        self.exportd.create(projects=projects)

    @staticmethod
    def kept(event):
        """The event as the backend stores it."""
        return event

    def insert(self, events):
        """Inserts events. Values may have newlines, which ingest refuses, but old rows of a Sentry have."""
        lines = replaced(events, "\n", NEWLINE)
        self.exportd.ingest(lines)
        if lines != events:
            self.sql.execute("UPDATE tagstore_tagvalue SET value = replace(value, %s, E'\n')"
                             " WHERE strpos(value, %s) > 0", (NEWLINE, NEWLINE))

    def merge(self, issue, into):
        """Merges two groups into one."""
        self.exportd.ok("group", "merge", "--into", into, issue)

    def group_id(self, project, value):
        """The id of the group with the hash `value`."""
        self.sql.execute("SELECT group_id FROM sentry_grouphash WHERE project_id = %s AND hash = %s",
                         (project, value))
        return self.sql.fetchone()[0]

    def environment_id(self, name):
        self.sql.execute("SELECT id FROM sentry_environment WHERE name = %s", (name,))
        return self.sql.fetchone()[0]

    def issue(self, name, project=1):
        return self.group_id(project, hash_of(name))

    def run(self, method, **arguments):
        """The Result of `exportd tagstore METHOD`. An argument that is a list repeats its option."""
        return self.exportd.run("tagstore", method, *options(arguments), **self.settings())

    @staticmethod
    def settings():
        """The settings by which exportd uses the backend."""
        return {"TAGSTORE": "postgres"}

    def ask(self, method, **arguments):
        """The lines of the answer; None: not found."""
        result = self.run(method, **arguments)
        if result.status == 3 and "no such tag" in result.err and not result.out:
            return None
        assert result.status == 0 and not result.err, result
        return result.json_lines()


class Snuba(Postgres):
    """Events are ingested into Postgres for groups, hashes and environments, then each is sent to the server
    once, as Sentry's pipeline does."""
    fixture = "snuba"
    dialect = None

    def __init__(self, exportd, sql, server):
        super().__init__(exportd, sql)
        self.server = server(self.dialect)
        self.url = self.server.url
        self.sent = {}  # (project, event id): event
        self.lock = threading.Lock()

    def unit_environment(self):
        return {**super().unit_environment(), "TEST_SNUBA_URL": self.url,
                "TEST_SNUBA_DIALECT": self.dialect}

    def settings(self):
        return {"TAGSTORE": "snuba", "SNUBA_URL": self.url, "SNUBA_DIALECT": self.dialect,
                "RETENTION_DAYS": 0}

    def setup(self, projects=(1,)):
        super().setup(projects)
        self.drop()

    @staticmethod
    def kept(event):
        """The event with its time cut to the second."""
        when = parse_time(event["datetime"]).replace(microsecond=0)
        return {**event, "datetime": when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}

    def insert(self, events):
        super().insert(events)
        with self.lock:
            new = {(event["project_id"], event["event_id"]): event for event in events}
            new = {key: event for key, event in new.items() if key not in self.sent}
            self.sent.update(new)
            self.send(new.values())

    def send(self, events):
        bodies = [self.body(event) for event in events]
        for start in range(0, len(bodies), 5000):
            self.post("insert", json.dumps(bodies[start:start + 5000]).encode())

    def drop(self):
        self.post("drop", b"")

    def post(self, action, body):
        request = urllib.request.Request(f"{self.url}{self.tests}/{action}", body,
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            assert answer.read() == b"ok"

    def common(self, event):
        return {"event_id": event["event_id"], "project_id": event["project_id"],
                "primary_hash": event.get("primary_hash") or event["hashes"][0],
                "message": event["message"], "platform": event["platform"],
                "datetime": event["datetime"]}

    @staticmethod
    def user(event):
        """The user as Snuba stores it: IP addresses in one form, and other texts in their place left out."""
        user = {name: value for name, value in
                event["data"].get("sentry.interfaces.User", {}).items() if value}
        try:
            user["ip_address"] = str(ipaddress.ip_address(user.get("ip_address", "")))
        except ValueError:
            user.pop("ip_address", None)
        return user

    @staticmethod
    def data(event):
        empty = {key: value for key, value in event["data"].get("tags", {}).items() if value == ""}
        return {"received": parse_time(event["datetime"]).timestamp(), "tags": {**empty, **tags_of(event)}}


class Snuba2018(Snuba):
    name = "snuba-2018"
    dialect = "2018"
    tests = "/tests"

    def body(self, event):
        return {**self.common(event),
                "data": {**self.data(event), "sentry.interfaces.User": self.user(event)}}


class Snuba2020(Snuba):
    name = "snuba-2020"
    dialect = "2020"
    tests = "/tests/events"

    def body(self, event):
        common = self.common(event)
        return {**common, "retention_days": 3650,
                "group_id": self.groups[event["project_id"], common["primary_hash"]],
                "data": {**self.data(event), "user": self.user(event)}}

    def send(self, events):
        self.sql.execute("SELECT project_id, hash, group_id FROM sentry_grouphash")
        self.groups = {(project, value): group for project, value, group in self.sql.fetchall()}
        super().send(events)

    def merge(self, issue, into):
        """Sentry's pipeline reports a merge to the server. Here, all events are inserted again instead."""
        super().merge(issue, into)
        self.drop()
        self.send(self.sent.values())


def replaced(value, old, new):
    """The value with `old` replaced by `new` in all its texts."""
    if isinstance(value, dict):
        return {name: replaced(each, old, new) for name, each in value.items()}
    if isinstance(value, list):
        return [replaced(each, old, new) for each in value]
    return value.replace(old, new) if isinstance(value, str) else value


BACKENDS = {each.name: each for each in (Postgres, Snuba2018, Snuba2020)}


def open_backend(request, name):
    """The backend `name` of a test, given pytest's request."""
    made = BACKENDS[name]
    server = request.getfixturevalue(made.fixture) if made.fixture else None
    return made(request.getfixturevalue("exportd"), request.getfixturevalue("sql"), server)


def options(arguments):
    words = []
    for name, values in arguments.items():
        if values is None:
            continue
        for value in values if isinstance(values, (list, tuple)) else [values]:
            words += [f"--{name}", value]
    return words
