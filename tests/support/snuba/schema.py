# SPDX-License-Identifier: Apache-2.0
"""The JSON schemas of requests, as strict as in each version. jsonschema (draft 4) checks them in the order
of the schema; an answer reports the first violation."""
import jsonschema

from support.snuba.common import COLUMN_NAME

NAME = {"$ref": "#/definitions/column_name"}
HASH = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
LITERAL = {"anyOf": [{"type": ["string", "number", "null"]},
                     {"type": "array", "items": {"type": ["string", "number"]}}]}
GROUPBY = [NAME, {"$ref": "#/definitions/column_list"}, {"type": "array", "maxItems": 0}]


def _schema_2018(functions, **more):
    """`functions` is the schema of an aggregation's function."""
    project = {"type": "integer"}
    operators = [">", "<", ">=", "<=", "=", "!=", "IN", "IS NULL", "IS NOT NULL"]
    return {
        "type": "object",
        "properties": {
            "conditions": {"type": "array", "items": {"anyOf": [
                {"$ref": "#/definitions/condition"},
                {"type": "array", "items": {"$ref": "#/definitions/condition"}}]}},
            "from_date": {"type": "string"},
            "to_date": {"type": "string"},
            "granularity": {"type": "number"},
            "issues": {"type": "array", "items": {"type": "array", "minItems": 2, "maxItems": 2, "items": [
                {"type": "number"},
                {"anyOf": [HASH, {"type": "array", "items": HASH}]}]}},
            "project": {"anyOf": [project, {"type": "array", "items": project, "minItems": 1}]},
            "groupby": {"anyOf": GROUPBY},
            "aggregations": {"type": "array", "items": {
                "type": "array", "minItems": 3, "maxItems": 3,
                "items": [functions, {"anyOf": [NAME, {"enum": [""]}, {"type": "null"}]},
                          {"type": ["string", "null"]}]}},
            "arrayjoin": NAME,
            "orderby": NAME,
            "limit": {"type": "number"},
            "offset": {"type": "number"},
            **more,
        },
        "required": ["project"],
        "dependencies": {"offset": ["limit"]},
        "definitions": {
            "column_name": {"type": "string", "pattern": COLUMN_NAME},
            "column_list": {"type": "array", "items": NAME, "minItems": 1},
            "condition": {"type": "array", "items": [NAME, {"type": "string", "enum": operators},
                                                     LITERAL], "maxItems": 3},
        },
    }


SCHEMA_2018_APRIL_17 = _schema_2018({"anyOf": [{"enum": ["count", "uniq", "min", "max"]},
                                               {"type": "string", "pattern": r"^topK\(\d+\)$"}]})
# Here an OR group is no condition, because its first element is no column.
SCHEMA_2018_APRIL_19 = _schema_2018(
    {"type": "string"},
    having={"type": "array", "items": {"$ref": "#/definitions/condition"}})

_OPERATORS = [">", "<", ">=", "<=", "=", "!=", "IN", "NOT IN", "IS NULL", "IS NOT NULL", "LIKE",
              "NOT LIKE"]
_PROJECT = {"type": "integer", "minimum": 1}
_NESTED = {"$ref": "#/definitions/nested_expr"}
_CONDITION = {"type": "array", "items": [{"anyOf": [NAME, _NESTED]},
                                         {"type": "string", "enum": _OPERATORS}, LITERAL],
              "minItems": 3, "maxItems": 3}


def schema_2020(from_date, to_date):
    """`from_date` and `to_date` are the current defaults."""
    return {
        "type": "object",
        "properties": {
            "selected_columns": {"anyOf": [NAME, {"$ref": "#/definitions/column_list"},
                                           {"type": "array", "maxItems": 0}], "default": []},
            "aggregations": {"type": "array", "items": {"$ref": "#/definitions/aggregation"},
                             "default": []},
            "arrayjoin": NAME,
            "sample": {"type": "number", "minimum": 0},
            "groupby": {"anyOf": GROUPBY, "default": []},
            "totals": {"type": "boolean", "default": False},
            "conditions": {"type": "array", "items": {"anyOf": [
                {"$ref": "#/definitions/condition"},
                {"type": "array", "items": {"$ref": "#/definitions/condition"}}]}, "default": []},
            "having": {"type": "array", "items": {"$ref": "#/definitions/condition"}, "default": []},
            "orderby": {"anyOf": [NAME, _NESTED, {"type": "array", "items": {"anyOf": [NAME, _NESTED]}}]},
            "limit": {"type": "integer", "default": 1000, "minimum": 0, "maximum": 10000},
            "offset": {"type": "integer", "default": 0, "minimum": 0},
            "limitby": {"type": "array", "items": [{"type": "number"}, {"type": "string"}],
                        "minItems": 2, "maxItems": 2},
            "turbo": {"type": "boolean", "default": False},
            "consistent": {"type": "boolean", "default": False},
            "debug": {"type": "boolean"},
            "from_date": {"type": "string", "format": "date-time", "default": from_date},
            "to_date": {"type": "string", "format": "date-time", "default": to_date},
            "granularity": {"type": "number", "default": 3600},
            "project": {"anyOf": [_PROJECT, {"type": "array", "items": _PROJECT, "minItems": 1}]},
        },
        "required": ["project"],
        "additionalProperties": False,
        "dependencies": {"totals": ["groupby"]},
        "definitions": {
            "column_name": {"type": "string", "pattern": COLUMN_NAME},
            "column_list": {"type": "array", "items": {"anyOf": [NAME, _NESTED]}, "minItems": 1},
            "nested_expr": {"type": "array", "items": {"anyOf": [
                {"type": ["string", "number", "null"]}, _NESTED]}},
            "aggregation": {"type": "array", "items": [
                {"type": "string"},
                {"anyOf": [{"$ref": "#/definitions/column_list"}, NAME, {"enum": [""]},
                           {"type": "null"}]},
                {"type": ["string", "null"]}], "minItems": 3, "maxItems": 3},
            "condition": _CONDITION,
        },
    }


def violation(schema, body):
    """The first violation, a jsonschema.ValidationError, or None."""
    return next(jsonschema.Draft4Validator(schema).iter_errors(body), None)


def with_defaults(schema, body):
    defaults = {name: rule["default"] for name, rule in schema["properties"].items()
                if "default" in rule}
    return {**defaults, **body}
