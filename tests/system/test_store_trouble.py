# SPDX-License-Identifier: Apache-2.0
"""A file store that fails, that is shared, or that cannot do everything that a local disk can."""
import errno
import os

import pytest

from support import preload
from support.events import group_of, series
from support.waiting import wait_until


@pytest.fixture
def issue(exportd, sql):
    exportd.create(users=("ann@example.com", "bob@example.com"))
    exportd.ingest(series(3))
    return group_of(sql, "issue")


@pytest.fixture
def failing(tmp_path):
    """A function that makes settings by which a system call of the program fails."""
    def make(call, number):
        path = tmp_path / "failing-calls"
        path.write_text(f"{call} {number}")
        return preload.settings(preload.library("fail_calls"), fail_calls_file=path)
    return make


# ---- a server that does not answer ----

@pytest.mark.parametrize("name", ["ESTALE", "ENOTCONN", "ETIMEDOUT", "EHOSTDOWN", "ENODEV"])
def test_a_store_on_a_server_that_is_gone_is_away(exportd, sql, issue, failing, tmp_path, name):
    """Only one failure is allowed: if this one counted, the export would end."""
    export = exportd.enqueue(group=issue)
    number = getattr(errno, name)
    with exportd.worker(MAX_FAILURES=1, **failing("pwrite", number)) as worker:
        wait_until(lambda: exportd.status(export)["state"] in ("delayed", "failed"), "its end")
        sql.execute("SELECT state, failures, message FROM exportd.export")
        state, failures, message = sql.fetchone()
        assert (state, failures) == ("delayed", 0) and os.strerror(number) in message, message
        (tmp_path / "failing-calls").unlink()
        exportd.ok("retry", export)
        wait_until(lambda: exportd.status(export)["status"] == "VALID", "a good end")
        assert worker.stop() == 0


# ---- a file system that cannot sync a folder ----

@pytest.mark.parametrize("name", ["EINVAL", "ENOTSUP", "ENOSYS"])
def test_a_file_system_that_syncs_no_folders(exportd, issue, failing, name):
    settings = failing("fsync_folder", getattr(errno, name))
    export = exportd.enqueue(group=issue)
    worker = exportd.drain(**settings)
    assert exportd.status(export)["status"] == "VALID"
    assert "storage.not-promised" in worker.err
    lines = exportd.ok("check", **settings).out.splitlines()
    assert [line for line in lines if "storage" in line and "cannot sync folders" in line
            and line.startswith("warning")], lines
    assert "warning storage" not in exportd.ok("check").out
    exportd.ok("delete", export, **settings)
    assert exportd.objects() == []


@pytest.mark.parametrize("name", ["EPERM", "ENOTSUP", "ENOSYS"])
def test_a_file_system_without_modes(exportd, issue, failing, name):
    """Whatever the umask leaves has to do."""
    settings = {**failing("fchmod", getattr(errno, name)), "STORAGE_MODE": "0660"}
    export = exportd.enqueue(group=issue)
    worker = exportd.drain(**settings)
    assert exportd.status(export)["status"] == "VALID"
    assert "storage.not-promised" in worker.err
    assert [line[:1] + [line[2][:34]] for line in storage_lines(exportd.ok("check", **settings))] == [
        ["warning", "the file system keeps no mode 0660"], ["ok", "can be written"]]
    assert [line[0] for line in storage_lines(exportd.ok("check", STORAGE_MODE="0660"))] == ["ok"]


# ---- a wrong folder ----

def storage_lines(result):
    return [line.split(maxsplit=2) for line in result.out.splitlines() if " storage " in line]


def test_check_makes_no_folder(exportd, tmp_path):
    """If the store does not exist yet, its parent must be a folder in which it can be made."""
    lines = storage_lines(exportd.ok("check"))
    assert [line[0] for line in lines] == ["warning", "ok"], lines
    assert lines[0][2].startswith(f"there is no folder {exportd.store} yet"), lines
    assert not os.path.exists(exportd.store)
    verdict, = storage_lines(exportd.fails("check", STORAGE_URL=f"file://{tmp_path}/data/flies"))
    assert verdict[0] == "failed" and f"there is no folder {tmp_path}/data/flies" in verdict[2]
    assert not (tmp_path / "data").exists()


def test_check_knows_a_wrong_folder_by_its_objects(exportd, issue, tmp_path):
    export = exportd.enqueue(group=issue)
    exportd.drain()
    assert [line[0] for line in storage_lines(exportd.ok("check"))] == ["ok"]
    misspelt = f"file://{tmp_path}/flies"
    verdict, = storage_lines(exportd.fails("check", STORAGE_URL=misspelt))
    assert verdict[0] == "failed" and "there is no folder" in verdict[2], verdict
    assert not (tmp_path / "flies").exists()
    (tmp_path / "flies").mkdir()
    verdict, = storage_lines(exportd.fails("check", STORAGE_URL=misspelt))
    assert verdict[0] == "failed" and "none of the newest objects" in verdict[2], verdict
    assert os.listdir(tmp_path / "flies") == []
    exportd.ok("delete", export)
    assert [line[0] for line in storage_lines(exportd.ok("check", STORAGE_URL=misspelt))] == ["ok"]


# ---- a store that is shared with another user ----

SENTRY = 12345


def give_to(exportd, user, group):
    for path in exportd.objects():
        os.chown(os.path.join(exportd.store, path), user, group)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_check_warns_when_the_owner_of_the_others_cannot_read_ours(exportd, issue):
    exportd.enqueue(group=issue)
    exportd.drain()
    ours = os.getegid()

    def warnings(**settings):
        return [line[2] for line in storage_lines(exportd.ok("check", **settings))
                if line[0] == "warning"]
    assert warnings() == []
    give_to(exportd, SENTRY, ours)
    warning, = warnings()
    assert f"user {SENTRY} (group {ours})" in warning and "with mode 0600" in warning
    assert warnings(STORAGE_MODE="0640") == warnings(STORAGE_MODE="0660") == []
    give_to(exportd, SENTRY, SENTRY)
    warning, = warnings(STORAGE_MODE="0660")
    assert f"user {SENTRY} (group {SENTRY})" in warning and "with mode 0660" in warning


@pytest.mark.parametrize("mode, folder_mode", [("0600", 0o700), ("0640", 0o750), ("0660", 0o770)])
def test_the_mode_of_what_is_made(exportd, issue, mode, folder_mode):
    exportd.enqueue(group=issue)
    exportd.drain(STORAGE_MODE=mode)
    path, = exportd.objects()
    path = os.path.join(exportd.store, path)
    assert os.stat(path).st_mode & 0o777 == int(mode, 8)
    while path != exportd.store:
        path = os.path.dirname(path)
        assert os.stat(path).st_mode & 0o777 == folder_mode, path
