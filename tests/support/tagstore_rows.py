# SPDX-License-Identifier: Apache-2.0
"""Inserts rows by SQL: rows of another program, or a large history."""


def insert_group(cursor, group, project=1, message="made by a test"):
    """A row of sentry_groupedmessage with only its NOT NULL columns set."""
    cursor.execute(
        """INSERT INTO sentry_groupedmessage
           (id, project_id, logger, level, message, num_comments, platform, status, times_seen,
            last_seen, first_seen, time_spent_total, time_spent_count, score, is_public)
           VALUES (%s, %s, '', 40, %s, 0, 'python', 0, 1, now(), now(), 0, 0, 0, false)""",
        (group, project, message))


def insert_tag_values(cursor, count, key="color", group=1, project=1, environment=0,
                      value="'value ' || n", first_seen="timestamptz '2026-03-01 12:00:00+00'"
                                                        " + n * interval '1 second'"):
    """`count` distinct values of one tag, in the tables of the tagstore's second version. `value` and
    `first_seen` are SQL expressions over n = 1 ... count."""
    cursor.execute(
        """INSERT INTO tagstore_tagkey (project_id, environment_id, key, values_seen, status)
           VALUES (%s, %s, %s, %s, 0) RETURNING id""", (project, environment, key, count))
    key_id = cursor.fetchone()[0]
    cursor.execute(
        """INSERT INTO tagstore_grouptagkey (project_id, group_id, key_id, values_seen)
           VALUES (%s, %s, %s, %s)""", (project, group, key_id, count))
    cursor.execute(
        f"""WITH made AS (
                SELECT n, {value} AS value, {first_seen} AS seen FROM generate_series(1, %s) AS n),
            stored AS (
                INSERT INTO tagstore_tagvalue
                    (project_id, key_id, value, data, times_seen, last_seen, first_seen)
                SELECT %s, %s, value, NULL, 1, seen + interval '1 hour', seen FROM made
                RETURNING id, times_seen, last_seen, first_seen)
            INSERT INTO tagstore_grouptagvalue
                (project_id, group_id, key_id, value_id, times_seen, last_seen, first_seen)
            SELECT %s, %s, %s, id, times_seen, last_seen, first_seen FROM stored""",
        (count, project, key_id, project, group, key_id))
    return key_id


def insert_small_issues(cursor, count, rows=10):
    """Issues 1 ... `count` of project 1, each with `rows` values of the tag `color`. No two issues share a
    value, so no two exports have equal files."""
    cursor.execute("SET session_replication_role = replica")  # no look for what rows refer to
    for statement in (
            """INSERT INTO sentry_groupedmessage (id, project_id, logger, level, message,
                 num_comments, platform, status, times_seen, last_seen, first_seen,
                 time_spent_total, time_spent_count, score, is_public)
               SELECT n, 1, '', 40, '', 0, 'python', 0, 1, now(), now(), 0, 0, 0, false
               FROM generate_series(1, %(count)s) AS n""",
            """INSERT INTO tagstore_tagkey (id, project_id, environment_id, key, values_seen, status)
               VALUES (1, 1, 0, 'color', 0, 0)""",
            """INSERT INTO tagstore_tagvalue (id, project_id, key_id, value, data, times_seen,
                 last_seen, first_seen)
               SELECT n, 1, 1, 'value ' || n, NULL, 1, now(), now() - n * interval '1 second'
               FROM generate_series(1, %(count)s * %(rows)s) AS n""",
            """INSERT INTO tagstore_grouptagvalue (project_id, group_id, key_id, value_id,
                 times_seen, last_seen, first_seen)
               SELECT 1, (id - 1) / %(rows)s + 1, key_id, id, times_seen, last_seen, first_seen
               FROM tagstore_tagvalue""",
            """INSERT INTO tagstore_grouptagkey (project_id, group_id, key_id, values_seen)
               SELECT 1, n, 1, %(rows)s FROM generate_series(1, %(count)s) AS n"""):
        cursor.execute(statement, {"count": count, "rows": rows})
    cursor.execute("RESET session_replication_role")
    cursor.execute("VACUUM ANALYZE")


def fill_tagstore(cursor, values, keys=10, groups=100):
    """Project 1 gets `keys` keys with `values` values each, as if each event had a value of every key:
    event n, of user n % 1000, is the only one with `value n` and belongs to group 1 + n % groups. All rows
    exist twice, for environment 1 and for all environments (0). Key 1 is sentry:release. Other projects have
    keys without values. The tables are analyzed at the end."""
    cursor.execute("SET session_replication_role = replica")  # no look for what rows refer to
    for statement in (
            """INSERT INTO tagstore_tagkey (project_id, environment_id, key, values_seen, status)
               SELECT 1, environment, CASE k WHEN 1 THEN 'sentry:release' ELSE 'key-' || k END,
                 %(values)s, 0
               FROM generate_series(0, 1) AS environment, generate_series(1, %(keys)s) AS k""",
            """INSERT INTO tagstore_tagkey (project_id, environment_id, key, values_seen, status)
               SELECT project, 0, 'key-' || k, 0, 0
               FROM generate_series(2, 2001) AS project, generate_series(1, 10) AS k""",
            """INSERT INTO tagstore_tagvalue
                 (project_id, key_id, value, data, times_seen, last_seen, first_seen)
               SELECT 1, k.id, 'value ' || n, NULL, 1 + n %% 7, t + interval '1 hour', t
               FROM tagstore_tagkey k, generate_series(1, %(values)s) AS n,
                 LATERAL (SELECT timestamptz '2026-03-01' + n * interval '1 second' AS t) seen
               WHERE k.project_id = 1""",
            """INSERT INTO tagstore_grouptagvalue
                 (project_id, group_id, key_id, value_id, times_seen, last_seen, first_seen)
               SELECT 1, 1 + substr(value, 7)::integer %% %(groups)s, key_id, id, times_seen,
                 last_seen, first_seen FROM tagstore_tagvalue""",
            """INSERT INTO tagstore_grouptagkey (project_id, group_id, key_id, values_seen)
               SELECT 1, group_id, key_id, count(*) FROM tagstore_grouptagvalue GROUP BY 2, 3""",
            """INSERT INTO sentry_message (id, group_id, message_id, project_id, message, datetime)
               SELECT n, 1 + n %% %(groups)s, md5(n::text), 1, '',
                 timestamptz '2026-03-01' + n * interval '1 second'
               FROM generate_series(1, %(values)s) AS n""",
            """INSERT INTO tagstore_eventtag
                 (project_id, group_id, event_id, key_id, value_id, date_added)
               SELECT 1, 1 + n %% %(groups)s, n, v.key_id, v.id, v.first_seen
               FROM tagstore_tagvalue v JOIN tagstore_tagkey k ON k.id = v.key_id,
                 LATERAL (SELECT substr(v.value, 7)::integer AS n) number
               WHERE k.environment_id = 1""",
            """INSERT INTO exportd.event_user_attributes (event_id, project_id, group_id,
                 environment_id, seen, ident, email, username, ip_address)
               SELECT id, 1, group_id, 1, datetime, 'user ' || id %% 1000,
                 'user' || id %% 1000 || '@example.com', NULL, '10.0.0.0'::inet + id %% 1000
               FROM sentry_message"""):
        cursor.execute(statement, {"values": values, "keys": keys, "groups": groups})
    cursor.execute("RESET session_replication_role")
    cursor.execute("VACUUM ANALYZE")


def insert_environment(cursor, number=1, name="prod"):
    """Inserts an environment of the only organization."""
    cursor.execute("INSERT INTO sentry_environment (id, organization_id, name, date_added)"
                   " SELECT %s, id, %s, now() FROM sentry_organization", (number, name))
