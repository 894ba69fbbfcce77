# SPDX-License-Identifier: Apache-2.0
"""The answers that the tagstore must give, computed from a list of events alone. Each method returns the
lines that `exportd tagstore` prints."""
import ipaddress

from support.event_model import parse_time, tags_of

UNLISTED = ("environment", "sentry:release", "sentry:dist", "sentry:user")
LABELS = {"exc_type": "Exception Type", "sentry:user": "User", "sentry:release": "Release",
          "sentry:dist": "Distribution", "os": "OS", "url": "URL", "server_name": "Server"}
RESERVED = ("release", "dist", "user", "filename", "function")


def stored_key(key):
    return f"sentry:{key}" if key in RESERVED else key


def label_of(key):
    return LABELS.get(key) or key.replace("_", " ").title()


def standardized(key):
    return key.split("sentry:", 1)[-1]


def value_label(key, value):
    if key == "sentry:user":
        for keyword in ("id:", "email:", "username:", "ip:"):
            if value.startswith(keyword):
                return value[len(keyword):]
    return value


def address_of(text):
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def iso(when):
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Seen:
    """An event as the tagstore sees it."""

    def __init__(self, event, group):
        self.event_id = event["event_id"]
        self.project = event["project_id"]
        self.group = group
        self.when = parse_time(event["datetime"])
        self.tags = tags_of(event)
        self.environment = self.tags.get("environment", "")
        user = event.get("data", {}).get("sentry.interfaces.User") or {}
        self.user = {"ident": user.get("id") or None, "email": user.get("email") or None,
                     "username": user.get("username") or None,
                     "ip": address_of(user.get("ip_address") or "")}


class TagstoreModel:
    """`group_of(event)` returns the id of an event's group."""

    def __init__(self, events, group_of):
        self.events = list({(event["project_id"], event["event_id"]): Seen(event, group_of(event))
                            for event in events}.values())

    def merge(self, group, into):
        for event in self.events:
            if event.group == group:
                event.group = into

    # ---- helpers of the methods ----

    def _of(self, project, group=None, environment=None):
        return [event for event in self.events if event.project == project
                and (group is None or event.group == group)
                and (environment is None or event.environment == environment)]

    @staticmethod
    def _sums(events):
        return {"times_seen": len(events), "first_seen": iso(min(e.when for e in events)),
                "last_seen": iso(max(e.when for e in events))}

    def _value(self, events, key, value, group):
        return {"key": key, "value": value, **self._sums(events), "group_id": group}

    @staticmethod
    def _by_value(events, key):
        values = {}
        for event in events:
            if key in event.tags:
                values.setdefault(event.tags[key], []).append(event)
        return values

    def _values(self, project, group, environment, key):
        found = self._by_value(self._of(project, group, environment), key)
        return [self._value(events, key, value, group) for value, events in found.items()]

    def _key(self, events, key, group):
        having = [event for event in events if key in event.tags]
        return {"key": key, "times_seen": len(having),
                "values_seen": len({event.tags[key] for event in having}), "group_id": group}

    @staticmethod
    def _limited(rows, limit):
        return rows[:limit] if limit else rows

    # ---- the methods: each returns a list of lines, or None for "not found" ----

    def get_group_tag_key(self, project, key, group=None, environment=None):
        row = self._key(self._of(project, group, environment), stored_key(key), group)
        return [row] if row["times_seen"] else None

    def get_group_tag_keys(self, project, group=None, environment=None, limit=0):
        events = self._of(project, group, environment)
        keys = {key for event in events for key in event.tags} - set(UNLISTED)
        rows = [self._key(events, key, group) for key in keys]
        rows.sort(key=lambda row: (-row["times_seen"], row["key"].encode()))
        return self._limited(rows, limit)

    def get_group_tag_value(self, project, key, value, group=None, environment=None):
        key = stored_key(key)
        having = [event for event in self._of(project, group, environment)
                  if event.tags.get(key) == value]
        return [self._value(having, key, value, group)] if having else None

    def get_group_tag_values(self, project, key, group=None, environment=None, limit=0):
        rows = self._values(project, group, environment, stored_key(key))
        rows.sort(key=lambda row: row["value"].encode())
        rows.sort(key=lambda row: row["first_seen"], reverse=True)
        return self._limited(rows, limit)

    get_tag_key = get_group_tag_key
    get_tag_keys = get_group_tag_keys
    get_tag_value = get_group_tag_value
    get_tag_values = get_group_tag_values

    def get_group_list_tag_value(self, project, group, key, value, environment=None):
        rows = [self.get_group_tag_value(project, key, value, number, environment)
                for number in sorted(set(group))]
        return [row[0] for row in rows if row]

    def get_group_tag_value_count(self, project, group, key, environment=None):
        events = self._of(project, group, environment)
        return [{"count": self._key(events, stored_key(key), group)["times_seen"]}]

    def get_top_group_tag_values(self, project, group, key, environment=None, limit=3):
        rows = self._values(project, group, environment, stored_key(key))
        rows.sort(key=lambda row: row["value"].encode())
        rows.sort(key=lambda row: (row["times_seen"], row["last_seen"]), reverse=True)
        return self._limited(rows, limit)

    def get_group_tag_keys_and_top_values(self, project, group, environment=None):
        lines = []
        for row in self.get_group_tag_keys(project, group, environment):
            key = row["key"]
            top = self.get_top_group_tag_values(project, group, key, environment, 10)
            lines.append({
                "id": key, "name": label_of(key), "key": standardized(key),
                "uniqueValues": row["values_seen"], "totalValues": row["times_seen"],
                "topValues": [{"id": each["value"], "name": value_label(key, each["value"]),
                               "key": standardized(key), "value": each["value"]} for each in top]})
        return lines

    def _release(self, project, group, order):
        found = self._by_value(self._of(project, group), "sentry:release")
        rows = sorted((order([event.when.timestamp() for event in events]), value.encode(), value)
                      for value, events in found.items())
        return [{"release": rows[0][2] if rows else None}]

    def get_first_release(self, project, group=None):
        return self._release(project, group, min)

    def get_last_release(self, project, group=None):
        return self._release(project, group, lambda times: -max(times))

    def get_release_tags(self, project, version, environment=None):
        events = [event for number in set(project) for event in self._of(number, None, environment)]
        found = self._by_value(events, "sentry:release")
        return [{**self._value(found[value], "release", value, None)}
                for value in sorted(set(version), key=str.encode) if value in found]

    def get_group_event_ids(self, project, group, environment=None, tag=()):
        pairs = [text.split("=", 1) for text in tag]
        having = [event for event in self._of(project, group, environment)
                  if any(event.tags.get(stored_key(key)) == value for key, value in pairs)]
        having.sort(key=lambda event: event.event_id)
        having.sort(key=lambda event: event.when, reverse=True)
        return [{"event_id": event.event_id} for event in having]

    def get_group_ids_for_search_filter(self, project, environment=None, tag=(), any=(), empty=()):
        if empty:
            return []
        pairs = [text.split("=", 1) for text in tag]
        groups = {event.group for event in self._of(project, None, environment)
                  if all(event.tags.get(stored_key(key)) == value for key, value in pairs)
                  and all(stored_key(key) in event.tags for key in any)}
        return [{"group_id": group} for group in sorted(groups)]

    def _of_users(self, project, ident, email, username, ip):
        addresses = {address_of(text) for text in ip} - {None}
        return [event for event in self.events if event.project in project
                and (event.user["ident"] in set(ident) - {""}
                     or event.user["email"] in set(email) - {""}
                     or event.user["username"] in set(username) - {""}
                     or event.user["ip"] in addresses)]

    def get_group_ids_for_users(self, project, ident=(), email=(), username=(), ip=(), limit=100):
        last = {}
        for event in self._of_users(project, ident, email, username, ip):
            last[event.group] = max(event.when, last.get(event.group, event.when))
        groups = sorted(last, key=lambda group: (-last[group].timestamp(), group))
        return [{"group_id": group} for group in self._limited(groups, limit)]

    def get_group_tag_values_for_users(self, project, ident=(), email=(), username=(), ip=(),
                                       limit=100):
        found = {}
        for event in self._of_users(project, ident, email, username, ip):
            if event.user["ident"]:
                found.setdefault((event.project, event.user["ident"]), []).append(event)
        rows = [{"key": "sentry:user", "value": value, **self._sums(events), "project_id": number}
                for (number, value), events in found.items()]
        rows.sort(key=lambda row: (row["project_id"], row["value"].encode()))
        rows.sort(key=lambda row: row["last_seen"], reverse=True)
        return self._limited(rows, limit)

    def get_groups_user_counts(self, project, group, environment=None):
        return [{"group_id": number,
                 "count": len({event.user["ident"] for event in
                               self._of(project, number, environment)} - {None})}
                for number in group]
