# SPDX-License-Identifier: Apache-2.0
"""The queue by SQL: the statements of common/job/sql/ themselves, and thousands of rows."""
import contextlib
import os

from support.program import ROOT

QUEUE = "data_export"
NO_ISSUE = '{"project_id": "1", "group_id": "1", "key": "color"}'  # fails at once: a quick job


def statement(name):
    with open(os.path.join(ROOT, "common", "job", "sql", f"{name}.sql"), encoding="utf-8") as file:
        return file.read().rstrip().rstrip(";")


def insert_organizations(sql, count):
    """Returns their ids."""
    sql.execute("""INSERT INTO sentry_organization (name, slug, status, date_added, default_role, flags)
                   SELECT 'o' || n, 'o' || n, 0, now(), 'member', 0
                   FROM generate_series(1, %s) AS n RETURNING id""", (count,))
    return [row[0] for row in sql.fetchall()]


def enqueue(sql, organization, count=1):
    """Inserts `count` exports of the only user in an organization; returns their ids."""
    sql.execute("""INSERT INTO sentry_exporteddata (date_added, query_type, query_info,
                     organization_id, user_id)
                   SELECT now(), 0, %s, %s, (SELECT id FROM auth_user) FROM generate_series(1, %s)
                   RETURNING id""", (NO_ISSUE, organization, count))
    exports = [row[0] for row in sql.fetchall()]
    nulls, zeros = [None] * count, [0] * count
    sql.execute(f"PREPARE enqueue AS {statement('enqueue')}")
    sql.execute("EXECUTE enqueue (%s, 'cli', %s, %s, %s, %s, %s::timestamptz[], %s::timestamptz[],"
                " %s)", (QUEUE, exports, zeros, zeros, zeros, nulls, nulls, zeros))
    assert [row[0] for row in sql.fetchall()] == ["queued"] * count
    sql.execute("DEALLOCATE enqueue")
    return exports


def insert_export_rows(sql, state, first, last, organizations):
    """Inserts rows `first` ... `last` of exportd.export, of the organizations in turn, each with an attempt
    if it is not waiting. Triggers do not run, so the rows have no place in the queue."""
    sql.execute("SET session_replication_role = replica")
    sql.execute("""INSERT INTO exportd.export (data_export_id, date_added, organization_id, user_id,
                     query_type, query_info, queue, state, attempt, failures, rows, bytes, pages,
                     worker, run, turn, started_at, finished_at)
                   SELECT n, now(), 1 + n %% %s, 1, 0, %s, %s, %s, 1, 0, 0, 0, 0,
                     CASE WHEN %s = 'running' THEN 'other' END, 'other:' || n, n / %s, now(),
                     CASE WHEN %s = 'valid' THEN now() END
                   FROM generate_series(%s, %s) AS n""",
                (organizations, NO_ISSUE, QUEUE, state, state, organizations, state, first, last))
    if state != "waiting":
        sql.execute("""INSERT INTO exportd.attempt (data_export_id, attempt, worker, run, started_at,
                         ended_at, outcome)
                       SELECT data_export_id, attempt, 'other', run, started_at, finished_at,
                         nullif(state, 'running') FROM exportd.export
                       WHERE data_export_id BETWEEN %s AND %s""", (first, last))
    sql.execute("RESET session_replication_role")


def fill_queue(sql, finished=1_000_000, waiting=100_000, running=50, organizations=500):
    """A queue with a long history and many jobs. Finished rows have the first ids."""
    insert_export_rows(sql, "valid", 1, finished, organizations)
    insert_export_rows(sql, "waiting", finished + 1, finished + waiting, organizations)
    insert_export_rows(sql, "running", finished + waiting + 1, finished + waiting + running,
                       organizations)
    sql.execute("""INSERT INTO exportd.flow (queue, organization_id, big, pass)
                   SELECT DISTINCT queue, organization_id, big, 0 FROM exportd.export
                   WHERE state = 'waiting'""")
    sql.execute("""INSERT INTO exportd.worker (instance, name, queue, version, threads, started_at,
                     beat_at) VALUES ('other', 'other', %s, '1', 50, now(), now() + '1 s')""",
                (QUEUE,))
    sql.execute("VACUUM ANALYZE")


def prepare(sql):
    """Prepares the statements claim and "end" as the program does. Calling it twice is harmless."""
    sql.execute("DEALLOCATE ALL")
    sql.execute(f"PREPARE claim AS {statement('claim')}")
    sql.execute(f"""PREPARE "end" AS {statement('end')}""")


CLAIM = "EXECUTE claim ('" + QUEUE + "', 'w', '{run}', 1000, '{{f,t}}')"
END = ("""EXECUTE "end" ({job}, '{run}', 'valid', 'valid', NULL, NULL, 0, NULL, 1, 1, 1, NULL,"""
       " NULL, NULL, NULL)")


def claim_next(sql, run):
    """Claims the next job and returns its id; None: there is none. Needs prepare()."""
    sql.execute(CLAIM.format(run=run))
    row = sql.fetchone()
    return row and row[0]


def end_job(sql, job, run):
    sql.execute(END.format(job=job, run=run))
    assert sql.fetchone() == (1,)


def work_in_server(sql, jobs):
    """Claims and ends `jobs` jobs without round trips, each job in its own transactions."""
    prepare(sql)
    claim, end = CLAIM.format(run="%1$s"), END.format(job="%1$s", run="%2$s")
    sql.execute(f"""DO $do$
        DECLARE
            job bigint;
            run text;
        BEGIN
            FOR n IN 1 .. {jobs:d} LOOP
                run := clock_timestamp();
                EXECUTE format($sql${claim}$sql$, run) INTO job;
                COMMIT;
                EXECUTE format($sql${end}$sql$, job, run);
                COMMIT;
            END LOOP;
        END $do$""")


def explain_claim(sql):
    """How many pages a claim reads, and its milliseconds. The claim is rolled back."""
    prepare(sql)
    sql.execute("BEGIN")
    sql.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {CLAIM.format(run='none')}")
    plan = sql.fetchone()[0][0]
    sql.execute("ROLLBACK")
    return (plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"],
            plan["Execution Time"])


@contextlib.contextmanager
def hold_snapshot(connection):
    """Holds a snapshot as pg_dump does, on `connection`, which is closed at the end."""
    connection.set_session(isolation_level="REPEATABLE READ", autocommit=False)
    with contextlib.closing(connection), connection.cursor() as sql:
        sql.execute("SELECT count(*) FROM exportd.queue")
        yield
