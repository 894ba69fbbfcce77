# SPDX-License-Identifier: Apache-2.0
"""A model in memory of the rules of ingest: it computes the rows that the tables must have."""
import collections
import datetime
import itertools
import math


def parse_time(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(
        tzinfo=datetime.timezone.utc)


class Sum:
    """The sums of a group or a value: times_seen, first_seen and last_seen."""

    def __init__(self):
        self.times, self.first, self.last = 0, None, None

    def add(self, when):
        self.times += 1
        self.first = when if self.first is None else min(self.first, when)
        self.last = when if self.last is None else max(self.last, when)

    def absorb(self, other):
        """Adds another sum, of at least one event."""
        self.add(other.first)
        self.add(other.last)
        self.times += other.times - 2

    def row(self):
        return (self.times, self.first, self.last)


def user_tag(user):
    for keyword, name in [("id", "id"), ("username", "username"), ("email", "email"),
                          ("ip", "ip_address")]:
        if user.get(name):
            return f"{keyword}:{user[name]}"
    return None


def tags_of(event):
    """The tags that count."""
    data = event.get("data", {})
    tags = {}
    for key, value in data.get("tags", {}).items():
        if key in ("release", "dist", "user", "filename", "function"):
            key = "sentry:" + key
        if value != "":
            tags[key] = str(value)
    named = user_tag(data.get("sentry.interfaces.User") or {})
    if named:
        tags["sentry:user"] = named
    return tags


class EventModel:
    """Rows name a group by its smallest hash."""

    def __init__(self, events=()):
        self.seen = set()
        self.group_of_hash = {}  # (project, hash) → number
        self.groups = collections.defaultdict(Sum)
        self.group_values = collections.defaultdict(Sum)  # (number, environment, key, value)
        self.values = collections.defaultdict(Sum)  # (project, environment, key, value)
        self.event_tags = 0
        self._numbers = itertools.count(1)
        for event in events:
            self.add(event)

    def add(self, event):
        project = event["project_id"]
        if (project, event["event_id"]) in self.seen:
            return
        self.seen.add((project, event["event_id"]))
        when = parse_time(event["datetime"])
        hashes = [(project, value) for value in event["hashes"]]
        known = [self.group_of_hash[name] for name in hashes if name in self.group_of_hash]
        number = known[0] if known else next(self._numbers)
        for name in hashes:
            self.group_of_hash.setdefault(name, number)
        self.groups[number].add(when)
        tags = tags_of(event)
        self.event_tags += len(tags)
        for key, value in tags.items():
            for environment in (None, tags.get("environment", "")):
                self.values[project, environment, key, value].add(when)
                self.group_values[number, environment, key, value].add(when)

    def merge(self, into, *others):
        """Merges groups into one. Each is given as (project, one of its hashes)."""
        number = self.group_of_hash[into]
        for merged in {self.group_of_hash[other] for other in others} - {number}:
            self.groups[number].absorb(self.groups.pop(merged))
            for name in [name for name in self.group_values if name[0] == merged]:
                self.group_values[(number, *name[1:])].absorb(self.group_values.pop(name))
            for name in [name for name in self.group_of_hash if self.group_of_hash[name] == merged]:
                self.group_of_hash[name] = number

    def names(self):
        names = {}
        for name, number in sorted(self.group_of_hash.items()):
            names.setdefault(number, name)
        return names

    def hash_rows(self):
        names = self.names()
        return {name: names[number] for name, number in self.group_of_hash.items()}

    def group_rows(self):
        names = self.names()
        return {names[number]: total.row() for number, total in self.groups.items()}

    def value_rows(self):
        return {name: total.row() for name, total in self.values.items()}

    def group_value_rows(self):
        names = self.names()
        return {(names[number], *rest): total.row()
                for (number, *rest), total in self.group_values.items()}

    def key_rows(self):
        """(project, environment, key) → values_seen."""
        return dict(collections.Counter(name[:3] for name in self.values))

    def group_key_rows(self):
        names = self.names()
        return dict(collections.Counter((names[number], environment, key)
                                        for number, environment, key, _ in self.group_values))


def score(times, last):
    return int(math.log10(times) * 600 + last.timestamp())


# The same rows, read from the tables. An environment is its name, or None for all environments.

_GROUPS = """WITH names AS (
    SELECT DISTINCT ON (group_id) group_id, project_id, hash FROM sentry_grouphash
    ORDER BY group_id, project_id, hash COLLATE "C") """
_KEYS = """ JOIN tagstore_tagkey k ON k.id = t.key_id
    LEFT JOIN sentry_environment e ON e.id = k.environment_id """


def _read(sql, query):
    sql.execute(query)
    return sql.fetchall()


class EventTables:
    def __init__(self, sql):
        self.sql = sql

    def hash_rows(self):
        return {(project, name): (project, group) for project, name, group in _read(
            self.sql, _GROUPS + """SELECT h.project_id, h.hash, n.hash FROM sentry_grouphash h
            LEFT JOIN names n ON n.group_id = h.group_id""")}

    def group_rows(self):
        return {(project, name): (times, first, last) for project, name, times, first, last in _read(
            self.sql, _GROUPS + """SELECT g.project_id, n.hash, g.times_seen, g.first_seen,
            g.last_seen FROM sentry_groupedmessage g LEFT JOIN names n ON n.group_id = g.id""")}

    def messages_per_group(self):
        return {(project, name): count for project, name, count in _read(
            self.sql, _GROUPS + """SELECT m.project_id, n.hash, count(*) FROM sentry_message m
            LEFT JOIN names n ON n.group_id = m.group_id GROUP BY 1, 2""")}

    def value_rows(self):
        return {tuple(row[:4]): tuple(row[4:]) for row in _read(
            self.sql, f"""SELECT t.project_id, e.name, k.key, t.value, t.times_seen, t.first_seen,
            t.last_seen FROM tagstore_tagvalue t {_KEYS}""")}

    def group_value_rows(self):
        return {((project, name), *rest): (times, first, last)
                for project, name, *rest, times, first, last in _read(
                    self.sql, f"""{_GROUPS} SELECT t.project_id, n.hash, e.name, k.key, v.value,
                    t.times_seen, t.first_seen, t.last_seen
                    FROM tagstore_grouptagvalue t {_KEYS} JOIN tagstore_tagvalue v
                    ON v.id = t.value_id LEFT JOIN names n ON n.group_id = t.group_id""")}

    def key_rows(self):
        return {tuple(row[:3]): row[3] for row in _read(
            self.sql, """SELECT k.project_id, e.name, k.key, k.values_seen FROM tagstore_tagkey k
            LEFT JOIN sentry_environment e ON e.id = k.environment_id""")}

    def group_key_rows(self):
        return {((project, name), environment, key): seen
                for project, name, environment, key, seen in _read(
                    self.sql, f"""{_GROUPS} SELECT t.project_id, n.hash, e.name, k.key, t.values_seen
                    FROM tagstore_grouptagkey t {_KEYS} LEFT JOIN names n
                    ON n.group_id = t.group_id""")}

    def assert_agree_with(self, model):
        """The tables have exactly the rows of the model."""
        assert self.hash_rows() == model.hash_rows()
        assert self.group_rows() == model.group_rows()
        assert self.messages_per_group() == {
            name: row[0] for name, row in model.group_rows().items()}
        assert self.value_rows() == model.value_rows()
        assert self.group_value_rows() == model.group_value_rows()
        assert self.key_rows() == model.key_rows()
        assert self.group_key_rows() == model.group_key_rows()
        assert _read(self.sql, "SELECT count(*) FROM tagstore_eventtag") == [(model.event_tags,)]
