# SPDX-License-Identifier: Apache-2.0
"""How PostgreSQL executes the read methods with 1,000,000 values in the tables: by index, and without reading
other rows than needed."""
import json
import re

import pytest

from support.plans import nodes_of, plans_while, rows_read, write_plans
from support.program import Exportd
from support.tagstore_rows import fill_tagstore, insert_environment, insert_group

KEYS, VALUES, GROUPS = 10, 50_000, 100  # in two environments: 1,000,000 values
PER_GROUP = VALUES // GROUPS
DATABASE = "plans"
TABLES = {"tagstore_tagkey", "tagstore_tagvalue", "tagstore_grouptagkey", "tagstore_grouptagvalue",
          "tagstore_eventtag", "event_user_attributes", "sentry_message"}


@pytest.fixture(scope="module")
def big(postgres, template, tmp_path_factory):
    """The program with these rows; the server logs plans."""
    postgres.create_database(DATABASE, template)
    program = Exportd(tmp_path_factory.mktemp("plans"), {"DATABASE_URL": postgres.url(DATABASE)})
    program.create()
    connection = postgres.connect(DATABASE)
    with connection.cursor() as cursor:
        insert_environment(cursor)
        fill_tagstore(cursor, VALUES, KEYS, GROUPS)
        insert_group(cursor, 7)
        cursor.execute("SELECT count(*) FROM tagstore_tagvalue")
        assert cursor.fetchone() == (1_000_000,)
        write_plans(cursor, DATABASE)
    connection.close()
    yield program
    postgres.drop_database(DATABASE)


def asked(big, postgres, *words):
    """Runs the command; returns the scans of tables with their plans."""
    result, plans = plans_while(postgres, lambda: big.ok(*words))
    scans = [node for plan in plans for node in nodes_of(plan)
             if node.get("Relation Name") in TABLES]
    assert scans, "the server has written down no plan"
    return result, scans


ENVIRONMENT = ["--environment", "prod"]
GROUP = ["--group", 7]
ONE = ["--key", "key-2", "--value", "value 106"]  # of group 7
MANY = [word for number in range(1, 21) for word in ("--group", number)]
USERS = ["--ident", "user 3", "--email", "user5@example.com", "--username", "nobody",
         "--ip", "10.0.0.9"]
# The maximum number of rows for a method, with some room for the rows of keys.
QUESTIONS = {
    "get_tag_key": (["--key", "key-2"], VALUES),
    "get_tag_keys": ([], KEYS * VALUES),
    "get_tag_value": (ONE, 1),
    "get_tag_values": (["--key", "key-2"], VALUES),
    "get_group_tag_key": ([*GROUP, "--key", "key-2"], PER_GROUP),
    "get_group_tag_keys": (GROUP, KEYS * PER_GROUP),
    "get_group_tag_value": ([*GROUP, *ONE], 1),
    "get_group_tag_values": ([*GROUP, "--key", "key-2"], PER_GROUP),
    "get_group_list_tag_value": ([*MANY, *ONE], len(MANY)),
    "get_group_tag_value_count": ([*GROUP, "--key", "key-2"], PER_GROUP),
    "get_top_group_tag_values": ([*GROUP, "--key", "key-2"], PER_GROUP),
    "get_group_tag_keys_and_top_values": (GROUP, KEYS * PER_GROUP),
    "get_first_release": (GROUP, PER_GROUP),
    "get_last_release": ([], VALUES),
    "get_release_tags": (["--version", "value 1", "--version", "value 2"], 2),
    "get_group_event_ids": ([*GROUP, "--tag", "key-2=value 106", "--tag", "key-3=value 206"], 2),
    "get_group_ids_for_search_filter": (
        ["--tag", "key-2=value 106", "--tag", "key-3=value 106", "--any", "key-4"], 10),
    "get_group_ids_for_users": (USERS, 3 * VALUES // 1000),
    "get_group_tag_values_for_users": (USERS, 3 * VALUES // 1000),
    "get_groups_user_counts": (MANY, 20 * PER_GROUP),
}


def test_all_methods_are_asked(big):
    methods = re.findall(r"(?m)^get_\w+", big.ok("tagstore", "help").out)
    assert sorted(QUESTIONS) == sorted(methods)


@pytest.mark.parametrize("environment", [[], ENVIRONMENT], ids=["all", "prod"])
@pytest.mark.parametrize("method", QUESTIONS)
def test_no_table_is_read_as_a_whole(big, postgres, method, environment):
    arguments, rows = QUESTIONS[method]
    if method in ("get_first_release", "get_last_release", "get_group_ids_for_users",
                  "get_group_tag_values_for_users"):
        environment = []  # these take none
    result, scans = asked(big, postgres, "tagstore", method, "--project", 1, *arguments,
                          *environment)
    assert result.out
    for node in scans:
        what = f"{node['Node Type']} of {node['Relation Name']}: {json.dumps(node)[:1500]}"
        assert node["Node Type"] != "Seq Scan", what
        assert rows_read(node) <= rows + 2 * KEYS, what


def test_conditions_that_many_events_meet(big, postgres):
    """One event per group is enough, so a condition that all groups meet costs one look-up per group."""
    result, scans = asked(big, postgres, "tagstore", "get_group_ids_for_search_filter",
                          "--project", 1, "--any", "key-2", "--any", "key-3")
    assert len(result.out.splitlines()) == GROUPS
    for node in scans:
        assert node["Node Type"] != "Seq Scan"
        assert rows_read(node) <= 5 * GROUPS, json.dumps(node)[:1500]


@pytest.mark.parametrize("counted", [True, False])
def test_an_estimate_reads_a_counter_or_one_index(big, postgres, counted):
    connection = postgres.connect(DATABASE)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tagstore_grouptagkey SET values_seen = %s WHERE group_id = 7",
                       (PER_GROUP if counted else 0,))
    connection.close()
    result, scans = asked(big, postgres, "estimate", "--organization", "acme", "--project", 1, *GROUP,
                          "--key", "key-2", "--json")
    assert result.json_lines()[0]["rows"] == PER_GROUP
    for node in scans:
        assert node["Node Type"] != "Seq Scan"
        assert rows_read(node) <= (1 if counted else PER_GROUP), json.dumps(node)[:1500]
