# SPDX-License-Identifier: Apache-2.0
"""The common parts of both dialects' servers: refusals, dates, literals and names in SQL."""
import re
from datetime import datetime

JSON = "application/json"
HTML = "text/html; charset=utf-8"
TEXT = "text/plain"

SAFE_NAME = re.compile(r"-?[a-zA-Z_][a-zA-Z0-9_]*\Z")
SAFE_COLUMN = re.compile(r"-?[a-zA-Z_][a-zA-Z0-9_.]*\Z")
NESTED = re.compile(r"([a-zA-Z0-9_.]+)\[([a-zA-Z0-9_.:-]+)\]\Z")
COLUMN_NAME = r"^-?[a-zA-Z0-9_.]+(\[[a-zA-Z0-9_.:-]+\])?$"
ISO_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.\d{1,6})?)?"
                      r"(Z|[+-]\d\d:?\d\d)?\Z")

# Tags with columns of their own. The names with a dot are tags of contexts.
PROMOTED = ("level", "logger", "server_name", "transaction", "environment", "release", "dist", "user",
            "site", "url", "app_device", "device", "device_family", "runtime", "runtime_name",
            "browser", "browser_name", "os", "os_name", "os_rooted")
DOTTED = {"app_device": "app.device", "device_family": "device.family",
          "runtime_name": "runtime.name", "browser_name": "browser.name", "os_name": "os.name",
          "os_rooted": "os.rooted"}

def column_type(name):
    """The type of a promoted tag's column."""
    return "Nullable(UInt8)" if name == "os_rooted" else "Nullable(String)"


PAGES = {
    400: ("Bad Request", "The browser (or proxy) sent a request that this server could not "
                         "understand."),
    404: ("Not Found", "The requested URL was not found on the server. If you entered the URL "
                       "manually please check your spelling and try again."),
    405: ("Method Not Allowed", "The method is not allowed for the requested URL."),
    500: ("Internal Server Error", "The server encountered an internal error and was unable to "
                                   "complete your request. Either the server is overloaded or there "
                                   "is an error in the application."),
}


class Refusal(Exception):
    """An answer that needs no ClickHouse, mostly an error."""

    def __init__(self, status, content_type, body):
        super().__init__(f"{status} {body}")
        self.status = status
        self.content_type = content_type
        self.body = body


def page(status):
    """A refusal as an HTML page, as the web framework writes it."""
    name, text = PAGES[status]
    return Refusal(status, HTML, f"<!doctype html>\n<html lang=en>\n<title>{status} {name}</title>\n"
                                 f"<h1>{name}</h1>\n<p>{text}</p>\n")


def parse_time(text):
    """The whole second and the zone (not applied) of an ISO time; else raises ValueError."""
    match = ISO_TIME.match(text)
    if not match:
        raise ValueError(f"no time: {text}")
    day, clock, zone = match.groups()
    return datetime.fromisoformat(f"{day}T{clock or '00:00:00'}"), zone


def sql_time(time):
    return f"toDateTime('{time:%Y-%m-%dT%H:%M:%S}')"


def quote_name(name, safe=SAFE_NAME):
    """A column or an alias in backticks, unless it needs none."""
    if not name or safe.match(name):
        return name
    return "`" + re.sub(r"([`\\])", r"\\\1", name) + "`"


def literal(value, specials):
    """A value as SQL. The characters in `specials` get a backslash in texts."""
    if isinstance(value, datetime):
        return sql_time(value)
    if isinstance(value, str):
        return "'" + re.sub(specials, r"\\\g<0>", value) + "'"
    if isinstance(value, (list, tuple)):
        return "(" + ", ".join(literal(item, specials) for item in value) + ")"
    return "" if value is None else str(value)


def is_condition(thing):
    """Whether it is a condition: three elements, the second an operator. Else it is a group of conditions."""
    return isinstance(thing, list) and len(thing) == 3 and isinstance(thing[1], str) \
        and isinstance(thing[0], (str, list))


def time_bucket(granularity):
    """The expression of the column `time`."""
    function = {60: "toStartOfMinute", 3600: "toStartOfHour", 86400: "toDate"}.get(granularity)
    if function:
        return f"{function}(timestamp)"
    return f"toDateTime(intDiv(toUInt32(timestamp), {granularity}) * {granularity})"


def cells(meta, row):
    """A row of JSONCompact as an object of the answer, with times in ISO form with their zone."""
    values = {}
    for column, value in zip(meta, row):
        if isinstance(value, str):
            kind = column["type"].removeprefix("Nullable(")
            if kind.startswith("DateTime"):
                value = value.replace(" ", "T") + "+00:00"
            elif kind.startswith("FixedString"):
                value = value.rstrip("\0")
        values[column["name"]] = value
    return values
