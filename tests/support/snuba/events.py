# SPDX-License-Identifier: Apache-2.0
"""Events on their way into the tables of both years."""
import hashlib
import json
import re
from datetime import datetime, timedelta, timezone

from support.snuba.common import DOTTED, PROMOTED

DEFAULT_RETENTION_DAYS = 90
HASH = re.compile(r"[0-9a-f]{32}\Z", re.IGNORECASE)


def rows_2018(body, _now):
    """From the list that /tests/insert takes."""
    return [_row_2018(event) for event in body]


def rows_2020(body, now):
    """From a list of events, or of [2, "insert", event] messages, or one such message. What is older
    than its retention is left out; KeyError where a group_id is missing."""
    messages = [body] if isinstance(body, list) and body[:2] == [2, "insert"] else body
    events = [message[2] if isinstance(message, list) else message for message in messages]
    rows = [_row_2020(event) for event in events]
    return [row for row in rows
            if datetime.fromisoformat(row["timestamp"]) >= now - timedelta(days=row["retention_days"])]


def json_lines(rows):
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode(errors="replace")


def _row_2018(event):
    """The promoted tags are columns, and no tags any more; a few tags are columns by another name."""
    data = event["data"]
    tags = {key: text for key, text in _tags(data).items() if text}
    promoted = {name: tags.pop({"release": "sentry:release", "dist": "sentry:dist",
                                "user": "sentry:user"}.get(name, DOTTED.get(name, name)), None)
                for name in PROMOTED}
    promoted["os_rooted"] = _flag(promoted["os_rooted"])
    return {**_common(event, tags), **_user(data.get("sentry.interfaces.User")), **promoted}


def _row_2020(event):
    """What is a column may be empty; among the tags nothing is."""
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
        # Whole seconds: the column has no more.
        "timestamp": event["datetime"][:19].replace("T", " "),
        "received": received and f"{datetime.fromtimestamp(received, timezone.utc):%Y-%m-%d %H:%M:%S}",
        "tags.key": sorted(tags), "tags.value": [tags[key] for key in sorted(tags)],
    }


def _digest(text):
    """What is no MD5 already becomes one."""
    return text if HASH.match(text) else hashlib.md5(text.encode()).hexdigest()


def _tags(data):
    """Keys with text, which may be empty."""
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
    """`events` synthetic events straight into the table, some millions in seconds: the tag `key` has
    `values` values, `user-1000000@example.com` and on, spread over the `seconds` from `since`
    (UTC; by default so that they end now). The issue is `group`, in 2018 by its hash `digest`."""
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
