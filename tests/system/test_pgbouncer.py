# SPDX-License-Identifier: Apache-2.0
"""All commands except `migrate` work the same through a pgbouncer in transaction mode."""
import pytest

from support.events import event, hash_of, series
from support.pgbouncer import PgBouncer
from support.program import Exportd


@pytest.fixture
def pooled(postgres, database, exportd, tmp_path):
    """As the fixture `exportd`, but through pgbouncer, with fewer server connections than the worker has
    threads."""
    pooler = PgBouncer(postgres)
    yield Exportd(tmp_path, {**exportd.settings, "DATABASE_URL": pooler.url(database),
                             "CONCURRENCY": 4})
    pooler.close()


def test_the_life_of_exports(exportd, pooled, sql):
    pooled.create(users=("ann@example.com", "bob@example.com"))
    events = series(30) + [event(tags={"shape": "round"}, user={"id": n}) for n in range(5)]
    pooled.ingest(events)
    assert pooled.ingest(events).out == "35 lines: 0 counted, 35 repeated, 0 bad\n"
    sql.execute("SELECT count(*), sum(times_seen) FROM sentry_groupedmessage")
    assert sql.fetchone() == (1, 35), "repeated events are not counted again"
    sql.execute("SELECT group_id FROM sentry_grouphash WHERE hash = %s", (hash_of("issue"),))
    group, = sql.fetchone()

    exports = [pooled.enqueue(group=group, key=key, user=user)
               for user in ("ann@example.com", "bob@example.com")
               for key in ("color", "shape", "user")]
    failing = pooled.enqueue(group=999)
    pooled.drain()
    for export in exports:
        assert pooled.status(export)["status"] == "VALID"
        assert pooled.status(export)["attempts"] == 1
    assert pooled.status(failing)["status"] == "FAILED"
    assert len(pooled.mails()) == len(exports) + 1
    for key in ("color", "shape", "user"):
        content = pooled.tag_export(group=group, key=key)
        assert content == exportd.tag_export(group=group, key=key)
        assert content.count(b"\r\n") > 1
    assert pooled.download(exports[0]) == exportd.tag_export(group=group)

    for method, *arguments in (("get_group_tag_keys", "--project", 1, "--group", group),
                               ("get_tag_keys", "--project", 1)):
        assert pooled.ok("tagstore", method, *arguments).out == \
            exportd.ok("tagstore", method, *arguments).out

    sql.execute("UPDATE sentry_exporteddata SET date_expired = now() - interval '1 hour'")
    pooled.ok("cleanup")
    sql.execute("SELECT (SELECT count(*) FROM sentry_file), (SELECT count(*) FROM sentry_fileblob),"
                " (SELECT count(*) FROM exportd.object)")
    assert sql.fetchone() == (0, 0, 0)
    sql.execute("SELECT (SELECT count(*) FROM exportd.worker), (SELECT intake FROM exportd.queue)")
    assert sql.fetchone() == (0, None), "the worker has signed off"


def test_many_small_jobs(pooled, sql):
    """Each thread repeats all statements so often that it would prepare them without a pooler."""
    pooled.create()
    pooled.ingest([event(f"issue {n}", tags={"color": f"c{n}"}) for n in range(40)])
    sql.execute("SELECT DISTINCT group_id FROM sentry_grouphash")
    groups = [row[0] for row in sql.fetchall()]
    exports = [pooled.enqueue(group=group) for group in groups]
    result = pooled.drain()
    assert "ERROR" not in result.err and '"error"' not in result.err
    sql.execute("SELECT state, attempt, count(*) FROM exportd.export GROUP BY 1, 2")
    assert sql.fetchall() == [("valid", 1, len(exports))]
