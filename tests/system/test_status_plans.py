# SPDX-License-Identifier: Apache-2.0
"""How PostgreSQL lists exports among a million: from the end of an index, with each filter. And how it finds the
exports of a purge."""
import contextlib
import json

import pytest

from support.plans import nodes_of, pages_of, plans_while, rows_read, write_plans
from support.program import Exportd

EXPORTS, LIMIT = 1_010_000, 20  # a million of them are also in sentry_exporteddata
DATABASE = "status_plans"
pytestmark = pytest.mark.xdist_group(DATABASE)  # the million rows are inserted once
FILL = f"""
    SET session_replication_role = replica;
    INSERT INTO sentry_organization (id, name, slug, status, date_added, default_role, flags)
    SELECT n, '', 'org-' || n, 0, now(), 'member', 0 FROM generate_series(1, 101) AS n;
    INSERT INTO auth_user (id, password, username, first_name, email, is_staff, is_active, is_superuser,
        is_managed, is_password_expired, date_joined)
    SELECT n, '!', 'user' || n, '', 'user' || n || '@example.com', false, true, false, false, false, now()
    FROM generate_series(1, 1000) AS n;
    -- org-101 has asked for ten exports, long ago; a hundredth of all has failed, but none of org-1
    CREATE TEMP TABLE made AS
    SELECT n AS id, now() - ({EXPORTS} - n) * interval '10 seconds' AS date_added,
        CASE WHEN n <= 10 THEN 101 ELSE 1 + n % 100 END AS organization_id, 1 + n % 1000 AS user_id,
        CASE WHEN n % 500 = 7 THEN 1 ELSE 0 END AS query_type,
        CASE WHEN n > {EXPORTS} - 10 THEN 'running' WHEN n > {EXPORTS} - 100 THEN 'waiting'
             WHEN n % 100 = 50 THEN 'failed' WHEN n % 10000 = 1 THEN 'cancelled' ELSE 'valid' END AS state
    FROM generate_series(1, {EXPORTS}) AS n;
    INSERT INTO sentry_exporteddata (id, date_added, date_finished, date_expired, query_type, query_info,
        organization_id, user_id)
    SELECT id, date_added, CASE WHEN state = 'valid' THEN date_added END,
        CASE WHEN state = 'valid' THEN date_added + interval '28 days' END, query_type, '{{}}',
        organization_id, user_id
    FROM made WHERE state NOT IN ('failed', 'cancelled');
    INSERT INTO exportd.export (data_export_id, date_added, organization_id, user_id, query_type, query_info,
        state, attempt, failures, rows, bytes, pages)
    SELECT id, date_added, organization_id, user_id, query_type, '{{}}', state, 1, 0, 0, 0, 0 FROM made;
    DROP TABLE made"""


@pytest.fixture(scope="module")
def many(postgres, template, tmp_path_factory):
    """The program with these exports; the server logs plans."""
    postgres.create_database(DATABASE, template)
    program = Exportd(tmp_path_factory.mktemp("plans"), {"DATABASE_URL": postgres.url(DATABASE)})
    connection = postgres.connect(DATABASE)
    with connection.cursor() as cursor:
        cursor.execute(FILL)
        for table in ("sentry_exporteddata", "exportd.export"):
            cursor.execute(f"VACUUM ANALYZE {table}")
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone()[0] >= 999_000
        cursor.execute("ANALYZE")
        write_plans(cursor, DATABASE)
    connection.close()
    yield program
    postgres.drop_database(DATABASE)


@pytest.mark.parametrize("arguments, count", [
    ([], LIMIT),
    (["--before", 500000], LIMIT),
    (["--organization", "org-1"], LIMIT),
    (["--organization", "org-101"], 10),
    (["--user", 7], LIMIT),
    (["--user", 7, "--organization", "org-7"], LIMIT),
    (["--state", "valid"], LIMIT),
    (["--state", "failed"], LIMIT),
    (["--state", "cancelled"], LIMIT),
    (["--state", "waiting"], LIMIT),
    (["--state", "running"], 10),
    (["--state", "delayed"], 0),
    (["--state", "failed", "--before", 3000], LIMIT),
    (["--state", "valid", "--organization", "org-101"], 9),
    (["--state", "failed", "--organization", "org-1"], 0),
    (["--state", "cancelled", "--organization", "org-2"], LIMIT),
    (["--state", "delayed", "--type", "discover"], 0),
], ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "")
def test_a_page_costs_little(many, postgres, arguments, count):
    result, plans = plans_while(
        postgres, lambda: many.ok("status", "--json", "--limit", LIMIT, *arguments))
    assert len(result.json_lines()) == count
    listing, = [plan for plan in plans
                if any(node.get("Relation Name") == "export" for node in nodes_of(plan))]
    # Members of one organization: PostgreSQL assumes independent columns, and reads all exports of the user.
    bound = EXPORTS // 1000 if {"--organization", "--user"} <= set(arguments) else 2 * LIMIT
    for node in nodes_of(listing):
        what = f"{node['Node Type']} of {node.get('Relation Name')}: {json.dumps(node)[:1500]}"
        if node.get("Relation Name") in ("export", "sentry_exporteddata"):
            assert node["Node Type"] != "Seq Scan", what
        if node.get("Relation Name") == "export":
            assert rows_read(node) <= bound, what
    # Sentry's own table has no index for an organization, so a page of it costs more there.
    sentrys_index = {"--organization", "--user"} & set(arguments) and "--state" not in arguments
    assert pages_of(listing) <= (8 * EXPORTS // 1000 if sentrys_index else 40 * LIMIT), \
        json.dumps(listing)[:3000]


def test_the_count_ends_early(many, postgres):
    result, plans = plans_while(postgres, lambda: many.ok("status", "--limit", LIMIT))
    assert f"{LIMIT} of more than 10000 exports" in result.err
    counting = [plan for plan in plans if plan["Node Type"] == "Aggregate"]
    for plan in counting:
        for node in nodes_of(plan):
            if "Relation Name" in node:
                assert rows_read(node) <= 10001, json.dumps(node)[:1500]
    assert counting


PURGED = """
    INSERT INTO sentry_organization (id, name, slug, status, date_added, default_role, flags)
    VALUES (200, '', 'purged', 0, now(), 'member', 0);
    INSERT INTO auth_user (id, password, username, first_name, email, is_staff, is_active, is_superuser,
        is_managed, is_password_expired, date_joined)
    VALUES (2000, '!', 'user2000', '', 'user2000@example.com', false, true, false, false, false, now());
    INSERT INTO exportd.export (data_export_id, date_added, organization_id, user_id, query_type, query_info,
        state, attempt, failures, rows, bytes, pages)
    SELECT 5000000 + n, '2020-03-25', 200, 2000, 0, '{}', CASE WHEN n % 3 = 0 THEN 'failed' ELSE 'valid' END,
        1, 0, 0, 0, 0 FROM generate_series(1, 900) AS n;
    INSERT INTO sentry_exporteddata (id, date_added, date_finished, date_expired, query_type, query_info,
        organization_id, user_id)
    SELECT data_export_id, date_added, now(), now(), 0, '{}', 200, 2000 FROM exportd.export
    WHERE organization_id = 200 AND state = 'valid'"""


@pytest.mark.parametrize("owner", [["--organization", "purged"], ["--user", 2000]], ids=["organization", "user"])
def test_a_purge_reads_what_it_deletes(many, postgres, redis_server, owner):
    """Each page of a hundred exports costs the same, from the first page to the last."""
    with contextlib.closing(postgres.connect(DATABASE)) as connection, connection.cursor() as sql:
        sql.execute("SET auto_explain.log_min_duration = -1")
        sql.execute(PURGED)
        result, plans = plans_while(postgres, lambda: many.ok(
            "purge", *owner, REDIS_URL=redis_server.url, STORAGE_URL=f"file://{many.folder}/files"))
        sql.execute("DELETE FROM sentry_organization WHERE id = 200")
        sql.execute("DELETE FROM auth_user WHERE id = 2000")
    assert result.out.startswith("removed 900 exports")
    listings = [plan for plan in plans if plan["Node Type"] == "Limit" and
                {"export", "sentry_exporteddata"} <= {node.get("Relation Name") for node in nodes_of(plan)}]
    assert len(listings) >= 10
    for plan in listings[:-1]:  # the last one finds nothing, but reads the rows that were just deleted
        assert pages_of(plan) <= 1500, json.dumps(plan)[:3000]
