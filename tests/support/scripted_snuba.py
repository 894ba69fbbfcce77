# SPDX-License-Identifier: Apache-2.0
"""A scripted Snuba, for answers that a real one gives only in trouble, or about data that cannot be
inserted into it."""
import json
import re

from support.scripted_http import Answer, ScriptedHttp


def error(code, text="DB::Exception: what it says"):
    """An error of ClickHouse, as the Snuba of 2020 reports it."""
    return 500, json.dumps({"error": {"type": "clickhouse", "message": f"[{code}] {text}",
                                      "code": code}}).encode()


class ScriptedSnuba(ScriptedHttp):
    """`answer(body, server)` returns (status, bytes of JSON) for each query."""

    def __init__(self, answer):
        super().__init__(lambda request: Answer(*answer(request.json, self)))

    @property
    def pages(self):
        """The bodies of the requests for values."""
        return [request.json for request in self.requests if request.json["groupby"]]


class Values:
    """Answers queries about one key as a Snuba over ClickHouse does, for values of any bytes. `rows` is a
    list of (value, times_seen, first_seen). `spell` writes a value for the answer. `escaped`: the literals
    of queries have ClickHouse's escapes (2018)."""

    def __init__(self, rows, spell=None, escaped=False):
        self.rows = sorted(rows, key=lambda row: row[0])
        self.spell = spell or spell_raw
        self.escaped = escaped

    def __call__(self, body, _server):
        if not body["groupby"]:
            names = [alias for _, _, alias in body["aggregations"]]
            return answer(names, [{name: b"%d" % len(self.rows) for name in names}])
        column, = body["groupby"]
        rows = self.behind(self.rows, column, body["conditions"])
        if isinstance(body.get("orderby"), list) and body["orderby"][0] == "-first_seen":
            rows = sorted(rows, key=lambda row: row[2], reverse=True)
        rows = rows[body.get("offset", 0):][:body.get("limit", len(rows))]
        return answer([column, *(alias for _, _, alias in body["aggregations"])],
                      [self.cells(column, row, body["aggregations"]) for row in rows])

    def behind(self, rows, column, conditions):
        for name, operator, literal in conditions:
            if name != column:
                continue
            bound = literal.encode("utf-8", "surrogatepass")
            if self.escaped:
                assert bound.isascii()
                bound = re.sub(rb"\\(?:x(..)|(\\))", lambda found: bytes.fromhex(
                    found[1].decode()) if found[1] else found[2], bound)
            rows = [row for row in rows if row[0] > bound or (operator == ">=" and row[0] == bound)]
        return rows

    def cells(self, column, row, aggregations):
        value, times_seen, first_seen = row
        cells = {column: self.spell(value)}
        for function, over, alias in aggregations:
            seen = first_seen if function == "min" else first_seen + 1
            cells[alias] = (b"%d" % times_seen if function.startswith("count") else
                            b'"2026-03-01T12:%02d:%02d+00:00"' % divmod(seen, 60)
                            if over == "timestamp" else self.spell(value))
        return cells


def answer(names, rows):
    """A whole answer. The cells are given as bytes of JSON."""
    meta = json.dumps([{"name": name, "type": "String"} for name in names]).encode()
    data = b",".join(b"{" + b",".join(json.dumps(name).encode() + b":" + cell
                                      for name, cell in row.items()) + b"}" for row in rows)
    return 200, b'{"data":[' + data + b'],"meta":' + meta + b',"error":null}'


def spell_raw(value):
    """The value's bytes unchanged, in quotes."""
    for byte, escape in ((b"\\", b"\\\\"), (b'"', b'\\"'), (b"\n", b"\\n"), (b"\t", b"\\t"),
                         (b"\0", b"\\u0000")):
        value = value.replace(byte, escape)
    return b'"' + value + b'"'


def spell_escaped(value):
    """As Python's json writes a value: \\uXXXX for all but ASCII, and a lone surrogate for a bad byte."""
    return json.dumps(value.decode("utf-8", "surrogateescape")).encode()
