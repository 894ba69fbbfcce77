# SPDX-License-Identifier: Apache-2.0
"""`exportd enqueue`: what it refuses at once, and how it waits for the end."""
import datetime
import os
import pty
import re
import subprocess

import pytest

from support.events import event, group_of
from support.tagstore_backends import BACKENDS, open_backend

WHO = ["--organization", "acme", "--user", "ann@example.com"]


def words(project=1, group=1, key="color", **more):
    more = {"project": project, "group": group, "key": key, **more}
    return ["enqueue", *WHO, *(word for name, value in more.items() for word in (f"--{name}", value))]


@pytest.fixture
def issue(exportd, sql):
    exportd.create(projects=(1, 2))
    exportd.create("other", ("eve@example.com",), (3,))
    exportd.ingest([event(tags={"color": "red", "environment": "prod"}), event(project=2)])
    return group_of(sql, "issue")


def exports(sql):
    sql.execute("SELECT (SELECT count(*) FROM sentry_exporteddata), (SELECT count(*) FROM exportd.export)")
    return sql.fetchone()


# ---- what is not there ----

@pytest.mark.parametrize("asked, sentence", [
    ({"project": 99}, "Requested project does not exist"),
    ({"project": 3}, "Requested project does not exist"),
    ({"project": "none"}, 'there is no project "none"'),
    ({"project": "project-3"}, 'there is no project "project-3"'),
    ({"group": 4711}, "Requested issue does not exist"),
    ({"project": 2}, "Requested issue does not exist"),
    ({"key": "shape"}, "Requested key does not exist"),
    ({"environment": "none"}, "Requested environment does not exist")])
def test_what_is_not_there_is_refused(exportd, sql, issue, asked, sentence):
    result = exportd.fails(*words(**{"group": issue, **asked}), status=3)
    assert sentence in result.err and result.out == ""
    assert exports(sql) == (0, 0)


@pytest.mark.parametrize("asked", [{"project": 99}, {"group": 4711}, {"key": "shape"}])
def test_force_leaves_it_to_the_worker(exportd, issue, asked):
    export = int(exportd.ok(*words(**{"group": issue, **asked}), "--force").out)
    exportd.drain()
    assert exportd.status(export)["status"] == "FAILED"


@pytest.mark.parametrize("name", sorted(BACKENDS))
def test_keys_over_every_backend(request, name):
    backend = open_backend(request, name)
    backend.setup()
    backend.insert([event(tags={"color": "red"}, when=datetime.datetime.utcnow())])
    group, settings = backend.issue("issue"), backend.settings()
    refused = backend.exportd.fails(*words(group=group, key="shape"), status=3, **settings)
    assert "Requested key does not exist" in refused.err
    assert backend.exportd.ok(*words(group=group), **settings).err == ""


def test_a_tagstore_that_is_away_refuses_nothing(exportd, sql, issue, tmp_path):
    away = {"TAGSTORE": "snuba", "SNUBA_URL": "http://127.0.0.1:1"}
    result = exportd.ok(*words(group=issue), **away)
    assert result.err.startswith("not checked whether project, issue and key exist: ")
    assert exports(sql) == (1, 1) and exportd.ok(*words(group=issue), "--force", **away).err == ""
    assert "issue does not exist" in exportd.fails(*words(group=4711), status=3, **away).err


def test_a_project_by_slug_is_the_same_request(exportd, issue):
    first = exportd.ok(*words(group=issue)).out
    assert exportd.ok(*words(group=issue, project="project-1"), "--force").out == first


# ---- --wait ----

def test_wait_ends_with_the_export(exportd, issue):
    with exportd.worker():
        result = exportd.ok(*words(group=issue), "--wait")
        assert result.out == "1\n"
        lines = result.err.splitlines()
        assert lines[-1].startswith("VALID  valid  1 row "), lines
        result = exportd.ok(*words(group=issue, key="environment"), "--wait", "--json")
        assert result.json_lines() == [{"id": 2, "created": True}]
        failed = exportd.fails(*words(group=issue, key="shape"), "--force", "--wait", status=1)
        assert failed.out == "3\n"
        assert "the export is FAILED: Requested key does not exist" in failed.err


def test_wait_for_an_export_that_is_cancelled(exportd, issue):
    done = subprocess.Popen([exportd.path, *map(str, words(group=issue)), "--wait"],
                            env=exportd.environment({}), cwd=exportd.folder, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.stdout.readline() == "1\n", "the id is there at once"
    exportd.ok("cancel", 1)
    _, err = done.communicate(timeout=30)
    assert done.returncode == 1 and "the export is CANCELLED" in err


def test_wait_draws_on_a_terminal(exportd, issue):
    control, terminal = pty.openpty()
    with exportd.worker():
        done = subprocess.run([exportd.path, *map(str, words(group=issue)), "--wait"],
                              env=exportd.environment({}), cwd=exportd.folder, timeout=60,
                              stdout=subprocess.PIPE, stderr=terminal)
    os.close(terminal)
    drawn = os.read(control, 65536).decode()
    os.close(control)
    assert done.returncode == 0 and done.stdout == b"1\n"
    assert re.search(r"\r\x1b\[K\[=+\] VALID  valid  1 row ", drawn), drawn
