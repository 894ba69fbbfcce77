# SPDX-License-Identifier: Apache-2.0
"""Computes an export's CSV from the events, in plain Python and with Python's own csv module: an
independent check of exportd's ingest, tagstore and CSV writer."""
import csv
import datetime
import hashlib
import io
import ipaddress

RESERVED = {"release", "dist", "user", "filename", "function"}
USER_COLUMNS = ("id", "email", "username", "ip_address")
TAG_KEYWORDS = (("id", "id"), ("username", "username"), ("email", "email"), ("ip_address", "ip"))


def lookup_key(key):
    return f"sentry:{key}" if key in RESERVED else key


def _text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def tags_of(event):
    """The stored tags: reserved names prefixed, the user's tag added."""
    pairs = event.get("data", {}).get("tags") or {}
    pairs = pairs.items() if isinstance(pairs, dict) else pairs
    tags = {lookup_key(key): _text(value) for key, value in pairs}
    user = event.get("data", {}).get("sentry.interfaces.User") or {}
    identity = identity_of(user)
    if identity:
        tags["sentry:user"] = f"{identity[0]}:{identity[1]}"
    return tags


def identity_of(user):
    """(keyword, value) of the first attribute that the user has."""
    for attribute, keyword in TAG_KEYWORDS:
        if user.get(attribute):
            return keyword, str(user[attribute])
    return None


def _user_row(user):
    address = user.get("ip_address")
    try:
        address = str(ipaddress.ip_address(address)) if address else None
    except ValueError:
        address = None
    row = {name: user.get(name) or None for name in USER_COLUMNS}
    row["ip_address"] = address
    return row


def event_users(events, project):
    """hash of a user → its row, with the attributes of the first event that names the user."""
    users = {}
    for event in events:
        user = event.get("data", {}).get("sentry.interfaces.User") or {}
        identity = identity_of(user)
        if event["project_id"] == project and identity:
            users.setdefault(hashlib.md5(identity[1].encode()).hexdigest(), _user_row(user))
    return users


def _columns_of_user(users, value):
    row = users.get(hashlib.md5(value.split(":", 1)[-1].encode()).hexdigest())
    if row and "%s:%s" % identity_of(row) == value:
        return {name: row[name] or "" for name in USER_COLUMNS}
    return dict.fromkeys(USER_COLUMNS, "")


def moment(event):
    text = event["datetime"].replace("Z", "+00:00")
    parsed = datetime.datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        return parsed
    return parsed.astimezone(datetime.timezone.utc).replace(tzinfo=None)


def rows(events, project, hashes, key, environment=None):
    """The rows of the group that has one of `hashes`, in the export's order."""
    seen, values = set(), {}
    users = event_users(events, project)
    for event in events:
        if event["project_id"] != project or event["event_id"] in seen:
            continue
        seen.add(event["event_id"])
        tags = tags_of(event)
        if not hashes.intersection(event["hashes"]) or lookup_key(key) not in tags:
            continue
        if environment is not None and tags.get("environment", "") != environment:
            continue
        values.setdefault(tags[lookup_key(key)], []).append(moment(event))
    result = [{"value": value, "times_seen": len(times), "first_seen": min(times),
               "last_seen": max(times), **(_columns_of_user(users, value) if key == "user" else {})}
              for value, times in values.items()]
    # Newest first; equal times by the value's bytes. The sort is stable, so two passes do it.
    result.sort(key=lambda row: row["value"].encode())
    result.sort(key=lambda row: row["first_seen"], reverse=True)
    return result


def header(key):
    middle = list(USER_COLUMNS) if key == "user" else []
    return ["value", *middle, "times_seen", "last_seen", "first_seen"]


def print_csv(key, table):
    """`table` is the result of rows(), perhaps without its last rows."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, header(key))
    writer.writeheader()
    for row in table:
        times = {name: row[name].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
                 for name in ("first_seen", "last_seen")}
        writer.writerow({**row, **times})
    return out.getvalue().encode()


def expected_csv(events, project, hashes, key, environment=None, limit=None):
    table = rows(events, project, set(hashes), key, environment)
    return print_csv(key, table[:limit] if limit else table)
