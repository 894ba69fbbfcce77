# SPDX-License-Identifier: Apache-2.0
"""The Snuba of March 2020, dataset events: turns a request into the same SELECT as the original does."""
import re
from datetime import timedelta

from support.clickhouse import ClickHouseError
from support.snuba.common import (DOTTED, HTML, JSON, NESTED, PROMOTED, SAFE_COLUMN, SAFE_NAME, Refusal,
                                  cells, column_type, is_condition, literal, page, parse_time, quote_name,
                                  time_bucket)
from support.snuba.schema import schema_2020, violation, with_defaults

TABLE = "test_sentry_local"
# The columns of promoted tags. Some have the tag's own name.
COLUMNS = tuple({"release": "sentry:release", "dist": "sentry:dist", "user": "sentry:user"}.get(name, name)
                for name in PROMOTED)
PROMOTED_TAGS = {DOTTED.get(name, name): name for name in COLUMNS}
_STACK = "Nested (type Nullable(String), value Nullable(String))"
CREATE_TABLE = f"""CREATE TABLE {TABLE} (
    event_id FixedString(32), project_id UInt64, group_id UInt64, timestamp DateTime, deleted UInt8,
    retention_days UInt16, platform Nullable(String), message Nullable(String),
    search_message Nullable(String), primary_hash Nullable(FixedString(32)),
    received Nullable(DateTime), user_id Nullable(String), username Nullable(String),
    email Nullable(String), ip_address Nullable(String),
    {', '.join(f'`{name}` {column_type(name)}' for name in COLUMNS)},
    tags Nested (key String, value String), contexts Nested (key String, value String),
    exception_stacks {_STACK}
) ENGINE = MergeTree PARTITION BY (toMonday(timestamp), if(equals(retention_days, 30), 30, 90))
ORDER BY (project_id, toStartOfDay(timestamp), cityHash64(toString(event_id)))
SAMPLE BY cityHash64(toString(event_id))"""

ARRAYS = ("tags.key", "tags.value", "contexts.key", "contexts.value", "exception_stacks.type",
          "exception_stacks.value")
NEGATIVE = ("!=", "NOT IN", "NOT LIKE", "IS NULL")
# The condition that is read before the others (PREWHERE): on the first of these columns in the request.
PREWHERE = ("event_id", "group_id", "tags[sentry:release]", "message", "environment", "project_id")
TURBO_SAMPLE = 0.1
TOP = re.compile(r"top([1-9]\d*)\Z")
# The dot matches no newline.
QUOTED = re.compile(r"'.*'\Z")
QUOTES_AND_BACKSLASHES = r"['\\]"

QUERY_PAGE = "<html>\n  <body>\n    <h2>Query</h2>\n  </body>\n</html>\n"
REDIRECT_PAGE = ("<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 3.2 Final//EN\">\n"
                 "<title>Redirecting...</title>\n<h1>Redirecting...</h1>\n")


class March2020:
    """exportd's dialect `2020`."""

    name = "2020"
    table, create_table = TABLE, CREATE_TABLE
    query_paths = ("/query", "/events/query")
    insert_paths = ("/tests/events/insert", "/tests/events/eventstream")
    drop_paths = ("/tests/events/drop",)

    def check(self, path, body, now):
        if not isinstance(body, dict):
            raise page(500)
        if path == "/query":
            body = dict(body)
            dataset = body.pop("dataset", "events")
            if dataset != "events":
                raise Refusal(404, JSON, {"error": {"message": f"dataset '{dataset}' does not exist",
                                                    "type": "dataset"}})
        schema = schema_2020((now - timedelta(days=5)).isoformat(), now.isoformat())
        wrong = violation(schema, body)
        if wrong is not None:
            # If the whole body is wrong, the original fails when it formats its message.
            if not wrong.absolute_path:
                raise page(500)
            raise Refusal(400, JSON, {"error": {"type": "schema", "message": wrong.message,
                                                "path": list(wrong.absolute_path),
                                                "schema": wrong.schema}})
        return with_defaults(schema, body)

    def unreadable(self, error):
        return Refusal(400, JSON, {"error": {"type": "json", "message": str(error)}})

    def other(self, method, path):
        if method == "GET":
            if path == "/query":
                return Refusal(302, HTML, REDIRECT_PAGE)
            return Refusal(200, HTML, QUERY_PAGE) if path in self.query_paths else page(404)
        if method == "POST" and re.fullmatch(r"/[^/]+/query", path):
            return page(500)
        return page(405)

    def query(self, body, now):
        return _Query(body).sql()

    def answer(self, _body, sql, meta, rows, totals):
        answer = {"data": [cells(meta, row) for row in rows], "meta": meta}
        if totals is not None:
            answer["totals"] = cells(meta, totals)
        return Refusal(200, JSON, {**answer, **_extra(sql)})

    def failure(self, sql, error):
        if isinstance(error, ClickHouseError):
            code, message = error.code, f"[{error.code}] {error.text}. Stack trace:\n"
        else:
            code, message = 210, str(error).replace("Code: 210.", "[210]")
        return Refusal(500, JSON, {"error": {"type": "clickhouse", "message": message, "code": code},
                                   **_extra(sql)})

    def rate_limited(self, sql, detail):
        return Refusal(429, JSON, {"error": {"type": "rate-limited", "message": "rate limit exceeded",
                                             "detail": detail}, **_extra(sql)})


def _extra(sql):
    return {"sql": sql, "stats": {"clickhouse_table": TABLE}, "timing": {"duration_ms": 0}}


class _Query:
    """A request with its defaults. `aliases` are the aliases that the SQL has defined so far."""

    def __init__(self, body):
        self.body = body
        self.aliases = set()
        self.referenced = set(_names([body[name] for name in (
            "groupby", "selected_columns", "aggregations", "conditions", "having") if name in body]
            + [body.get("orderby"), body.get("arrayjoin")]))

    def sql(self):
        body = self.body
        groupby = _list(body["groupby"])
        aggregates = [self._column(column, alias, function)
                      for function, column, alias in body["aggregations"]]
        columns = [self._column(column) for column in groupby]
        selected = [self._column(column) for column in _list(body["selected_columns"])]
        parts = [f"SELECT {', '.join(columns + aggregates + selected)} FROM {TABLE}"]
        if "arrayjoin" in body:
            parts.append(f"ARRAY JOIN {body['arrayjoin']}")
        sample = body.get("sample", TURBO_SAMPLE if body["turbo"] else None)
        if sample:
            parts.append(f"SAMPLE {sample}")
        first, rest = self._split()
        if first:
            parts.append(f"PREWHERE {self._conditions(first)}")
        parts.append(f"WHERE {self._conditions(rest)}")
        parts += self._group(groupby) + self._order()
        if "limitby" in body:
            parts.append("LIMIT {} BY {}".format(*body["limitby"]))
        parts.append(f"LIMIT {body['offset']}, {body['limit']}")
        return " ".join(parts)

    def _group(self, groupby):
        having = self.body["having"]
        if not groupby:
            if having:
                raise page(500)
            return []
        parts = [f"GROUP BY ({', '.join(self._column(column) for column in groupby)})"]
        if self.body["totals"]:
            parts.append("WITH TOTALS")
        if having:
            parts.append(f"HAVING {self._conditions(having)}")
        return parts

    def _order(self):
        orderby = self.body.get("orderby") or []
        parts = []
        for column in [orderby] if isinstance(orderby, str) or _function(orderby) else orderby:
            down = (column if isinstance(column, str) else column[0]).startswith("-")
            if isinstance(column, str):
                column = column.lstrip("-")
            else:
                column = [column[0].lstrip("-"), *column[1:]]
            parts.append(f"{self._column(column)} {'DESC' if down else 'ASC'}")
        return [f"ORDER BY {', '.join(parts)}"] if parts else []

    def _split(self):
        """The conditions: a list with the one of PREWHERE, and the others."""
        try:
            since, until = (parse_time(self.body[name])[0] for name in ("from_date", "to_date"))
        except ValueError:
            raise page(500) from None
        if since > until:
            raise page(500)
        conditions = self.body["conditions"] + [
            ["project_id", "IN", _list(self.body["project"])], ["timestamp", ">=", since],
            ["timestamp", "<", until], ["deleted", "=", 0]]
        # A condition that is given twice counts once.
        conditions = [condition for index, condition in enumerate(conditions)
                      if condition not in conditions[:index]]
        ranked = sorted((PREWHERE.index(name), index) for index, condition in enumerate(conditions)
                        if is_condition(condition) for name in _names(condition[0])
                        if name in PREWHERE)
        if not ranked:
            return [], conditions
        chosen = ranked[0][1]
        return [conditions[chosen]], conditions[:chosen] + conditions[chosen + 1:]

    def _conditions(self, conditions, word=" AND "):
        texts = []
        for condition in conditions:
            if is_condition(condition):
                texts.append(self._condition(*condition))
            else:
                group = self._conditions(condition, " OR ")
                if group:
                    texts.append(f"({group})" if len(condition) > 1 else group)
        return word.join(dict.fromkeys(texts))

    def _condition(self, column, operator, value):
        if column in ("timestamp", "received") and isinstance(value, str):
            try:
                value = parse_time(value)[0]
            except ValueError:
                raise page(500) from None
        right = literal(value, QUOTES_AND_BACKSLASHES)
        left = self._column(column)
        if column in ARRAYS and self.body.get("arrayjoin") not in (column, column.split(".")[0]):
            function = "arrayAll" if operator in NEGATIVE else "arrayExists"
            return f"{function}(x -> assumeNotNull(x {operator} {right}), {left})"
        return f"{left} {operator} {right}"

    def _column(self, column, alias=None, function=None):
        if function and not (column or alias):
            raise page(500)
        if isinstance(column, list) and _function(column):
            expression, own = self._call(column)
            if not function:
                return self._alias(expression, quote_name(alias or own)) if alias or own else expression
        elif isinstance(column, list):
            expression = ", ".join(self._expression(item) for item in column)
        elif column and QUOTED.match(column):
            return literal(column[1:-1], QUOTES_AND_BACKSLASHES)
        else:
            expression = self._expression(column or "")
        if function:
            expression = _apply(function, expression)
        return self._alias(expression, quote_name(alias or column))

    def _expression(self, column):
        if column in ("tags_key", "tags_value"):
            return self._all_tags(column)
        nested = NESTED.match(column)
        if nested:
            return self._tag(*nested.groups())
        if column == "time":
            return time_bucket(self.body["granularity"])
        return {"group_id": "nullIf(group_id, 0)", "message": "coalesce(search_message, message)"} \
            .get(column) or quote_name(column, SAFE_COLUMN)

    def _alias(self, expression, alias):
        if expression == alias:
            return expression
        if alias in self.aliases:
            return alias
        self.aliases.add(alias)
        return f"({expression} AS {alias})"

    def _tag(self, column, key):
        if column == "tags" and key in PROMOTED_TAGS:
            return quote_name(PROMOTED_TAGS[key])
        return f"{column}.value[indexOf({column}.key, {literal(key, QUOTES_AND_BACKSLASHES)})]"

    def _all_tags(self, column):
        if not {"tags_key", "tags_value"} <= self.referenced:
            return f"arrayJoin(tags.{column.removeprefix('tags_')})"
        pairs = self._alias("arrayJoin(arrayMap((x,y) -> [x,y], tags.key, tags.value))", "all_tags")
        return f"({pairs})[{1 if column == 'tags_key' else 2}]"

    def _call(self, expression, depth=0):
        """A nested function, [name, [argument, …]], as SQL, and its alias or None. A name among the arguments
        that is followed by a list is also a function."""
        name, arguments = expression[:2]
        if not SAFE_NAME.match(name):
            raise page(500)
        texts = []
        index = 0
        while index < len(arguments):
            argument = arguments[index]
            if _function(arguments[index:index + 2]):
                texts.append(self._call(arguments[index:index + 2], depth + 1)[0])
                index += 1
            elif isinstance(argument, list):
                if not _function(argument):
                    raise page(500)
                texts.append(self._call(argument, depth + 1)[0])
            elif isinstance(argument, str):
                if not (QUOTED.match(argument) or SAFE_COLUMN.match(argument)
                        or NESTED.match(argument)):
                    raise page(500)
                texts.append(self._column(argument))
            else:
                texts.append(literal(argument, QUOTES_AND_BACKSLASHES))
            index += 1
        return _apply(name, ", ".join(texts)), expression[2] if len(expression) > 2 else None


def _apply(function, argument):
    if not argument and function.endswith(")"):
        return function
    top = TOP.match(function)
    if top:
        return f"topK({top[1]})({argument})"
    if function == "uniq":
        return f"ifNull(uniq({argument}), 0)"
    if function == "emptyIfNull":
        return f"ifNull({argument}, '')"
    return f"{function}({argument})"


def _function(thing):
    return isinstance(thing, list) and 2 <= len(thing) <= 3 and isinstance(thing[0], str) \
        and isinstance(thing[1], list)


def _list(thing):
    return thing if isinstance(thing, list) else [thing]


def _names(thing):
    """All texts in nested lists. Those that are columns are the columns of the request."""
    if isinstance(thing, str):
        yield thing.lstrip("-")
    elif isinstance(thing, list):
        for item in thing:
            yield from _names(item)
