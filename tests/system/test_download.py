# SPDX-License-Identifier: Apache-2.0
"""`exportd download` gives the stored file, or a clear error, but never part of a file."""
import os
import stat
import subprocess

import pytest

from support.events import group_of, series


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    exportd.ingest(series(3))
    return group_of(sql, "issue")


@pytest.fixture
def export(exportd, issue):
    identifier = exportd.enqueue(group=issue)
    exportd.drain()
    return identifier


def leftovers(tmp_path):
    return [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_the_files_own_name_is_printed_and_private(exportd, export, tmp_path):
    name = exportd.status(export)["file_name"]
    assert exportd.ok("download", export).out == f"{name}\n"
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert (tmp_path / name).read_bytes() == exportd.download(export)
    assert leftovers(tmp_path) == []


def test_an_explicit_name_replaces_a_file(exportd, export, tmp_path):
    target = tmp_path / "report.csv"
    target.write_text("last month's")
    assert exportd.ok("download", export, "-o", target).out == f"{target}\n"
    assert target.read_bytes() == exportd.download(export)
    exportd.ok("download", "--output=relative.csv", export)
    assert (tmp_path / "relative.csv").read_bytes() == target.read_bytes()


def test_the_own_name_replaces_nothing(exportd, export, tmp_path):
    name = exportd.status(export)["file_name"]
    os.symlink("nowhere", tmp_path / name)
    assert name in exportd.fails("download", export).err
    assert os.readlink(tmp_path / name) == "nowhere"
    assert leftovers(tmp_path) == []


def test_only_regular_files_are_replaced(exportd, export, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for target in ("pipe", ""):
        exportd.fails("download", export, "-o", target)
    exportd.fails("download", export, "-o", "none/report.csv", status=3)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert "regular" in exportd.fails("download", export, "-o", "/dev/null").err
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("name,used", [("some/folder/report.csv", "report.csv"),
                                       ("../report.csv", "report.csv"), ("folder/..", None),
                                       ("", None), ("folder/", None), ("a\nb", None)])
def test_a_name_from_the_database_stays_in_the_folder(exportd, export, sql, tmp_path, name, used):
    sql.execute("UPDATE sentry_file SET name = %s", (name,))
    if used is None:
        assert "-o" in exportd.fails("download", export).err
    else:
        assert exportd.ok("download", export).out == f"{used}\n"
        assert (tmp_path / used).read_bytes() == exportd.download(export)


def test_why_there_is_no_file(exportd, issue, sql):
    assert "no export 999" in exportd.fails("download", 999, status=3).err
    early = exportd.enqueue(group=issue)
    assert "not finished" in exportd.fails("download", early, status=3).err
    exportd.drain()
    failed = exportd.enqueue(group=issue, key="nothing")
    exportd.drain()
    message = exportd.status(failed)["message"]
    assert message and f"has failed: {message}" in exportd.fails("download", failed, status=3).err
    sql.execute("UPDATE sentry_exporteddata SET date_expired = now() - interval '1 hour'")
    content = exportd.download(early)
    assert content.startswith(b"value,"), "expired, but not cleaned up yet"
    exportd.ok("cleanup")
    assert "expired" in exportd.fails("download", early, status=3).err
    sql.execute("DROP SCHEMA exportd CASCADE")
    assert f"no export {failed}" in exportd.fails("download", failed, status=3).err


def test_bytes_that_are_not_the_stored_ones(exportd, export, sql, tmp_path):
    content = exportd.download(export)
    sql.execute("SELECT path FROM sentry_fileblob")
    path = os.path.join(exportd.store, sql.fetchone()[0])
    for damaged in (content[:-1], content + b"x", b"V" + content[1:], b""):
        with open(path, "wb") as file:
            file.write(damaged)
        assert exportd.fails("download", export, "-o", "-").out == "", "no unchecked byte gets out"
        exportd.fails("download", export, "-o", tmp_path / "report.csv")
    os.unlink(path)
    assert "No such file" in exportd.fails("download", export, "-o", tmp_path / "report.csv").err
    assert not (tmp_path / "report.csv").exists() and leftovers(tmp_path) == []


@pytest.mark.parametrize("change", ["size = size + 1", "checksum = repeat('0', 40)", "size = NULL",
                                    "checksum = NULL"])
def test_a_file_row_that_does_not_fit_its_blobs(exportd, export, sql, tmp_path, change):
    sql.execute(f"UPDATE sentry_file SET {change}")
    exportd.fails("download", export, "-o", "-")
    exportd.fails("download", export)
    assert list(tmp_path.glob("*.csv")) == [] and leftovers(tmp_path) == []


def test_a_blob_of_another_program(exportd, export, sql):
    """Blobs of other sizes, and with old forms of paths, can be read."""
    sql.execute("SELECT path FROM sentry_fileblob")
    old = os.path.join(exportd.store, sql.fetchone()[0])
    content = exportd.download(export)
    new = "16800/43210/0123456789abcdef0123456789abcdef"
    os.makedirs(os.path.join(exportd.store, os.path.dirname(new)))
    os.rename(old, os.path.join(exportd.store, new))
    os.chmod(os.path.join(exportd.store, new), 0o644)
    sql.execute("UPDATE sentry_fileblob SET path = %s", (new,))
    assert exportd.download(export) == content


def test_a_reader_that_goes_away(exportd, export):
    """A closed pipe makes the write fail; no signal ends the program."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([exportd.path, "download", str(export), "-o", "-"], stdout=write,
                          stderr=subprocess.PIPE, env=exportd.environment({}))
    os.close(write)
    assert done.returncode == 1 and b"Broken pipe" in done.stderr


# ---- -o FOLDER/ ----

@pytest.mark.parametrize("folder", ["reports/", "reports", "./reports/"])
def test_into_a_folder(exportd, export, tmp_path, folder):
    (tmp_path / "reports").mkdir()
    name = exportd.status(export)["file_name"]
    path = f"{folder.rstrip('/')}/{name}"
    assert exportd.ok("download", export, "-o", folder).out == f"{path}\n"
    assert (tmp_path / path).read_bytes() == exportd.download(export)
    (tmp_path / path).write_text("mine")
    assert "exists already" in exportd.fails("download", export, "-o", folder).err
    assert (tmp_path / path).read_text() == "mine" and leftovers(tmp_path / "reports") == []


def test_into_a_folder_that_is_not_there(exportd, export, tmp_path):
    exportd.fails("download", export, "-o", "none/", status=3)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("stored, name", [("/etc/passwd", "passwd"), ("../../up.csv", "up.csv"),
                                          ("a/..", None), ("..", None), ("a/", None), ("a\nb", None)])
def test_a_stored_name_leads_out_of_no_folder(exportd, sql, export, tmp_path, stored, name):
    (tmp_path / "reports").mkdir()
    sql.execute("UPDATE sentry_file SET name = %s", (stored,))
    if name is None:
        assert "cannot be used" in exportd.fails("download", export, "-o", "reports/").err
    else:
        assert exportd.ok("download", export, "-o", "reports/").out == f"reports/{name}\n"
    assert [path.name for path in (tmp_path / "reports").iterdir()] == ([name] if name else [])


def test_json(exportd, export, tmp_path):
    line, = exportd.ok("download", export, "-o", "report.csv", "--json").json_lines()
    assert line == {"id": export, "file": "report.csv", "size": (tmp_path / "report.csv").stat().st_size}
    exportd.fails("download", export, "-o", "-", "--json", status=2)
