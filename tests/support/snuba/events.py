# SPDX-License-Identifier: Apache-2.0
"""Turns events into rows of the tables of both dialects."""
import hashlib
import json
import re
from datetime import datetime, timedelta, timezone

from support.snuba.common import DOTTED, PROMOTED

DEFAULT_RETENTION_DAYS = 90
HASH = re.compile(r"[0-9a-f]{32}\Z", re.IGNORECASE)


def rows_2018(body, _now):
    """Rows for the list of events that /tests/insert takes."""
    return [_row_2018(event) for event in body]


def rows_2020(body, now):
    """Rows for a list of events, a list of [2, "insert", event] messages, or one such message. Events older
    than their retention are left out; a missing group_id raises KeyError."""
    messages = [body] if isinstance(body, list) and body[:2] == [2, "insert"] else body
    events = [message[2] if isinstance(message, list) else message for message in messages]
    rows = [_row_2020(event) for event in events]
    return [row for row in rows
            if datetime.fromisoformat(row["timestamp"]) >= now - timedelta(days=row["retention_days"])]


def json_lines(rows):
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode(errors="replace")


def _row_2018(event):
    """Promoted tags become columns and are removed from the tags. Some columns have other names than the tags."""
    data = event["data"]
    tags = {key: text for key, text in _tags(data).items() if text}
    promoted = {name: tags.pop({"release": "sentry:release", "dist": "sentry:dist",
                                "user": "sentry:user"}.get(name, DOTTED.get(name, name)), None)
                for name in PROMOTED}
    promoted["os_rooted"] = _flag(promoted["os_rooted"])
    return {**_common(event, tags), **_user(data.get("sentry.interfaces.User")), **promoted}


def _row_2020(event):
    """A column may be empty; a tag with an empty value is left out."""
    data = event["data"]
    all_tags = _tags(data)
    tags = {key: text for key, text in all_tags.items() if text}
    names = ({"release": "sentry:release", "dist": "sentry:dist", "user": "sentry:user"}.get(name, name)
             for name in PROMOTED)
    return {**_common(event, tags), **_user(data.get("user") or data.get("sentry.interfaces.User")),
            **{name: all_tags.get(DOTTED.get(name, name)) for name in names},
            "os_rooted": _flag(all_tags.get("os.rooted")), "group_id": event["group_id"],
            "retention_days": event.get("retention_days") or DEFAULT_RETENTION_DAYS}


def _common(event, tags):
    received = event["data"].get("received")
    return {
        "event_id": event["event_id"], "project_id": event["project_id"],
        "primary_hash": _digest(event["primary_hash"]), "message": event.get("message"),
        "platform": event.get("platform"),
        # The column has whole seconds only.
        "timestamp": event["datetime"][:19].replace("T", " "),
        "received": received and f"{datetime.fromtimestamp(received, timezone.utc):%Y-%m-%d %H:%M:%S}",
        "tags.key": sorted(tags), "tags.value": [tags[key] for key in sorted(tags)],
    }


def _digest(text):
    """The MD5 of a text, or the text itself if it is an MD5."""
    return text if HASH.match(text) else hashlib.md5(text.encode()).hexdigest()


def _tags(data):
    """Tags whose value is a text, even an empty one."""
    tags = data.get("tags") or {}
    pairs = tags.items() if isinstance(tags, dict) else [pair for pair in tags if pair]
    return {str(key): text for key, value in pairs if (text := _text(value)) is not None}


def _text(value):
    return None if value is None else str(value)


def _flag(text):
    return {"yes": 1, "true": 1, "1": 1, "no": 0, "false": 0, "0": 0}.get(text)


def _user(user):
    user = user or {}
    return {"user_id": _text(user.get("id")), "username": _text(user.get("username")),
            "email": _text(user.get("email")), "ip_address": _text(user.get("ip_address"))}


def bulk_insert(clickhouse, database, dialect, events, values, project=1, group=1, digest="1" * 32,
                key="big", since=None, seconds=30 * 86400):
    """Inserts `events` synthetic events into the table; millions take seconds. The tag `key` has `values`
    values, from `user-1000000@example.com` on. The events are spread over `seconds` from `since` (UTC; by
    default they end now). The issue is `group`; in 2018 its hash is `digest`."""
    since = since or datetime.now(timezone.utc) - timedelta(seconds=seconds)
    start = int(since.replace(tzinfo=timezone.utc).timestamp())
    group_column = ", group_id, retention_days" if dialect.name == "2020" else ""
    group_value = f", {int(group)}, {DEFAULT_RETENTION_DAYS}" if dialect.name == "2020" else ""
    clickhouse.query(f"""
        INSERT INTO {dialect.table} (event_id, project_id, primary_hash, timestamp, received,
                                     tags.key, tags.value{group_column})
        SELECT lower(hex(MD5(toString(number)))), {int(project)}, '{digest}',
               toDateTime({start} + cityHash64(number) % {int(seconds)}) AS seen, seen,
               ['{key}'],
               [concat('user-', toString(1000000 + cityHash64(number, 1) % {int(values)}),
                       '@example.com')]{group_value}
        FROM numbers({int(events)})""", database=database)
