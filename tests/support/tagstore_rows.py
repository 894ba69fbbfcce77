"""Rows put straight into the tables by SQL, as another program or a large history would."""


def insert_group(cursor, group, project=1, message="made by a test"):
    """A bare row of sentry_groupedmessage with every NOT NULL column."""
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
