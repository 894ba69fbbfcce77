# SPDX-License-Identifier: Apache-2.0
"""The Snuba of April 2018: a request becomes one SELECT. The versions of 17 and 19 April differ in a few
points, which are members."""
from datetime import timedelta

from support.clickhouse import ClickHouseError
from support.snuba import schema
from support.snuba.common import (DOTTED, JSON, NESTED, PROMOTED, SAFE_COLUMN, Refusal, cells,
                                  column_type, is_condition, literal, page, parse_time, quote_name,
                                  time_bucket)

TABLE = "sentry"
CREATE_TABLE = f"""CREATE TABLE {TABLE} (
    event_id FixedString(32), timestamp DateTime, project_id UInt64, primary_hash FixedString(32),
    deleted UInt8, platform Nullable(String), message Nullable(String), received Nullable(DateTime),
    user_id Nullable(String), username Nullable(String), email Nullable(String),
    ip_address Nullable(String),
    {', '.join(f'{name} {column_type(name)}' for name in PROMOTED)},
    tags Nested (key String, value String)
) ENGINE = MergeTree PARTITION BY toMonday(timestamp) ORDER BY (project_id, event_id)"""

PROMOTED_TAGS = {**{name: name for name in PROMOTED},
                 **{dotted: name for name, dotted in DOTTED.items()}}
ONLY_QUOTES = r"'"
ISSUES_OF_PYTHON = 950


class April17:
    """exportd's dialect `2018`."""

    name = "2018apr17"
    table, create_table = TABLE, CREATE_TABLE
    schema = schema.SCHEMA_2018_APRIL_17
    error_status = 200
    has_having = False
    query_paths = ("/query",)
    insert_paths = ("/tests/insert",)
    drop_paths = ("/tests/drop",)

    def check(self, _path, body, _now):
        """Returns the body, or raises a Refusal."""
        if body is None or schema.violation(self.schema, body):
            raise page(400)
        return body

    def unreadable(self, _error):
        return page(400)

    def other(self, method, path):
        """The answer to a request that is neither a query nor one of the tests' own."""
        return page(404)

    def query(self, body, now):
        return _Query(self, body, now).sql()

    def function(self, name, argument):
        return f"{name}({argument})"

    def answer(self, _body, _sql, meta, rows, _totals):
        return Refusal(200, JSON, {"data": [cells(meta, row) for row in rows], "meta": meta,
                                   "error": None})

    def failure(self, _sql, error):
        text = str(error)
        if isinstance(error, ClickHouseError):
            text = f"Code: {error.code}.\n{error.text}. Stack trace:\n"
        return Refusal(self.error_status, JSON, {"data": [], "meta": [], "error": text})

    def rate_limited(self, _sql, _detail):
        raise AssertionError("the Snuba of 2018 has no rate limiter")


class April19(April17):
    name = "2018apr19"
    schema = schema.SCHEMA_2018_APRIL_19
    error_status = 500
    has_having = True

    def function(self, name, argument):
        return f"{name}({argument})" if argument else name


def _literal(value):
    """Python 2 mixes bytes and text here: a text that is not ASCII is an exception that is not caught."""
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str) and not text.isascii():
            raise page(500)
    return literal(value, ONLY_QUOTES)


class _Query:
    """A request. `aliases` maps each expression that has an alias to that alias."""

    def __init__(self, version, body, now):
        self.version = version
        self.body = body
        self.now = now
        self.aliases = {}

    def sql(self):
        body = self.body
        groupby = body.get("groupby", "time")
        groupby = groupby if isinstance(groupby, list) else [groupby]
        default = [["count" if self.version.name == April17.name else "count()", "", "aggregate"]]
        # The aggregates come first, because columns may use their aliases.
        aggregates = [self._column(column, alias, function)
                      for function, column, alias in body.get("aggregations", default)]
        columns = [self._column(column) for column in groupby]
        parts = [f"SELECT {', '.join(columns + aggregates)} FROM {TABLE}"]
        if "arrayjoin" in body:
            parts.append(f"ARRAY JOIN {body['arrayjoin']}")
        parts.append(f"WHERE {self._conditions(self._where())}")
        if groupby:
            parts.append(f"GROUP BY ({', '.join(self._column(column) for column in groupby)})")
        if self.version.has_having and body.get("having"):
            if not groupby:
                raise page(500)
            parts.append(f"HAVING {self._conditions(body['having'])}")
        parts += self._order() + self._limit()
        return " ".join(parts)

    def _where(self):
        try:
            since, since_zone = self._date("from_date", self.now - timedelta(days=5))
            until, until_zone = self._date("to_date", self.now)
        except ValueError:
            raise page(500) from None
        # The original fails: it compares a time with a zone to one without, or asserts.
        if (since_zone is None) != (until_zone is None) or since > until:
            raise page(500)
        project = self.body["project"]
        projects = project if isinstance(project, list) else [project]
        return self.body.get("conditions", []) + [["timestamp", ">=", since], ["timestamp", "<=", until],
                                                  ["project_id", "IN", projects]]

    def _date(self, name, default):
        if name not in self.body:
            other = self.body.get("to_date" if name == "from_date" else "from_date")
            return default, parse_time(other)[1] if other else None
        return parse_time(self.body[name])

    def _conditions(self, conditions, word=" AND "):
        texts = []
        for condition in conditions:
            if is_condition(condition):
                column, operator, value = condition
                texts.append(f"{self._column(column)} {operator} {_literal(value)}")
            elif isinstance(condition, list):
                group = self._conditions(condition, " OR ")
                if group:
                    texts.append(f"({group})" if len(condition) > 1 else group)
        return word.join(dict.fromkeys(texts))

    def _order(self):
        orderby = self.body.get("orderby")
        if not orderby:
            return []
        alias = quote_name(orderby.lstrip("-"))
        # A column without an alias is ignored, as in the original.
        if alias not in self.aliases.values():
            return []
        return [f"ORDER BY {alias} {'DESC' if orderby.startswith('-') else 'ASC'}"]

    def _limit(self):
        if "limit" not in self.body:
            return []
        return [f"LIMIT {self.body.get('offset', 0)}, {self.body['limit']}"]

    def _column(self, name, alias=None, function=None):
        if name == "issue":
            expression = self._issue()
        elif name == "time":
            expression = time_bucket(self.body.get("granularity", 3600))
        elif name in ("tags_key", "tags_value"):
            expression = self._all_tags(1 if name == "tags_key" else 2)
        elif name and NESTED.match(name):
            expression = self._tag(*NESTED.match(name).groups())
        else:
            expression = quote_name(name or "", SAFE_COLUMN)
        if function:
            if not (name or alias):
                raise page(500)
            expression = self.version.function(function, expression)
        return self._alias(expression, quote_name(alias or name, SAFE_COLUMN))

    def _alias(self, expression, alias):
        if expression == alias:
            return expression
        if expression in self.aliases:
            return self.aliases[expression]
        self.aliases[expression] = alias
        return f"({expression} AS {alias})"

    def _issue(self):
        """Nests an if() for each group. ClickHouse takes 497 levels; Python's recursion is limited, too."""
        issues = self.body.get("issues", [])
        if len(issues) >= ISSUES_OF_PYTHON:
            raise page(500)
        expression = "0"
        for issue, digests in reversed(issues):
            digests = [digests] if isinstance(digests, str) else digests
            if digests:
                expression = f"if(primary_hash IN {literal(digests, ONLY_QUOTES)}, {issue}, {expression})"
        return expression

    def _tag(self, column, key):
        if column == "tags" and key in PROMOTED_TAGS:
            return PROMOTED_TAGS[key]
        return f"{column}.value[indexOf({column}.key, {literal(key, ONLY_QUOTES)})]"

    def _all_tags(self, index):
        keys = ", ".join(f"'{name}'" for name in PROMOTED)
        values = ", ".join(f"toString({name})" for name in PROMOTED)
        pairs = self._alias("arrayJoin(arrayMap((x,y) -> [x,y], "
                            f"arrayConcat([{keys}], tags.key), arrayConcat([{values}], tags.value)))",
                            "all_tags")
        return f"{pairs}[{index}]"
