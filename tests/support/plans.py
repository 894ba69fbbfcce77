# SPDX-License-Identifier: Apache-2.0
"""The plans by which PostgreSQL has executed the statements of a command. The server logs them
(auto_explain)."""
import contextlib
import json
import os
import re


def write_plans(cursor, database, nested=False):
    """Connections made from now on log the plans of all statements in this database; `nested`: also of
    statements in functions."""
    for name, value in [("session_preload_libraries", "auto_explain"),
                        ("auto_explain.log_min_duration", "0"),
                        ("auto_explain.log_format", "json"),
                        ("auto_explain.log_analyze", "on"),
                        ("auto_explain.log_buffers", "on"),
                        ("auto_explain.log_nested_statements", "on" if nested else "off"),
                        ("auto_explain.log_timing", "off")]:
        cursor.execute(f"ALTER DATABASE {database} SET {name} = '{value}'")


def follow_plans(postgres):
    """Returns a function that returns the statements executed since this call: text and plan (a tree) of each."""
    path = os.path.join(postgres.folder, "log")
    before = os.path.getsize(path)

    def read():
        with open(path, errors="replace") as log:
            log.seek(before)
            text = log.read()
        found = []
        for match in re.finditer(r"duration: [\d.]+ ms  plan:\s*", text):
            with contextlib.suppress(json.JSONDecodeError):  # the last line is still being written
                plan = json.JSONDecoder().raw_decode(text, match.end())[0]
                found.append((plan["Query Text"], plan["Plan"]))
        return found

    return read


def plans_while(postgres, call):
    """The result of `call`, and the plans of the statements that it has caused."""
    read = follow_plans(postgres)
    result = call()
    return result, [plan for _, plan in read()]


def nodes_of(plan):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes_of(child)


def rows_read(node):
    """The rows that a scan has read, including those that it has discarded."""
    removed = sum(node.get(f"Rows Removed by {why}", 0)
                  for why in ("Filter", "Index Recheck", "Join Filter"))
    return (node["Actual Rows"] + removed) * node["Actual Loops"]


def pages_of(plan):
    """How many page accesses the plan has made."""
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
