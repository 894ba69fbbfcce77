# SPDX-License-Identifier: Apache-2.0
"""Where settings come from: the environment, the settings file, files and credentials with secrets."""
import os

import pytest

from support.program import Exportd


@pytest.fixture
def program(tmp_path):
    """Without any setting."""
    return Exportd(tmp_path, {})


def show(program, *options, **settings):
    lines = program.ok(*options, "config", "show", "--json", **settings).json_lines()
    return {line["name"]: (line["value"], line["origin"]) for line in lines}


@pytest.fixture
def settings_file(tmp_path):
    def write(text):
        path = tmp_path / "exportd.env"
        path.write_text(text)
        return "--config", path
    return write


def test_defaults(program):
    shown = show(program, "--config", "/dev/null")
    assert len(shown) > 30
    assert {origin for _, origin in shown.values()} == {"default"}
    assert shown["EXPORTD_QUEUE"] == ("data_export", "default")


def test_the_environment_counts_before_the_file(program, settings_file):
    option = settings_file('# mine\nEXPORTD_QUEUE="from file"\nEXPORTD_PAGE_SIZE=7\n')
    shown = show(program, *option, QUEUE="from environment")
    assert shown["EXPORTD_QUEUE"] == ("from environment", "environment")
    assert shown["EXPORTD_PAGE_SIZE"] == ("7", str(option[1]))
    assert show(program, *option)["EXPORTD_QUEUE"] == ("from file", str(option[1]))
    assert show(program, *option, QUEUE="")["EXPORTD_QUEUE"][0] == "from file"


def test_secrets(program, settings_file, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("host=/hunter2\n")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "EXPORTD_MAIL_URL").write_text("smtp://u:hunter2@localhost\n")
    option = settings_file(f"EXPORTD_DATABASE_URL_FILE={secret}\n")
    shown = show(program, *option, REDIS_URL="redis://:hunter2@localhost",
                 credentials_directory=str(credentials))
    assert shown["EXPORTD_DATABASE_URL"] == (None, str(secret))
    assert shown["EXPORTD_MAIL_URL"] == (None, "credential")
    assert shown["EXPORTD_REDIS_URL"] == (None, "environment")
    text = program.ok(*option, "config", "show", REDIS_URL="redis://:hunter2@localhost").out
    assert f"EXPORTD_DATABASE_URL=(hidden)  ({secret})\n" in text
    assert "hunter2" not in text


def refused(program, *options, **settings):
    result = program.run(*options, "config", "show", **settings)
    assert result.status == 2 and result.out == ""
    return result.err.removeprefix("exportd config: ").strip()


def test_misspelt_names(program, settings_file):
    assert refused(program, QUEU="x") == "EXPORTD_QUEU: no such setting; is EXPORTD_QUEUE meant?"
    assert refused(program, MAX_RUNING=3) == \
        "EXPORTD_MAX_RUNING: no such setting; is EXPORTD_MAX_RUNNING meant?"
    assert refused(program, SOMETHING="x") == \
        "EXPORTD_SOMETHING: no such setting; see `exportd help config`"
    option = settings_file("EXPORTD_QUEU=x\n")
    assert refused(program, *option) == \
        f"{option[1]}: EXPORTD_QUEU: no such setting; is EXPORTD_QUEUE meant?"


def test_files_that_are_refused(program, settings_file, tmp_path):
    assert refused(program, "--config", tmp_path / "none") == \
        f"{tmp_path}/none: cannot open the file: No such file or directory"
    for text, message in (("PATH=/x\n", "PATH does not begin with EXPORTD_"),
                          ("EXPORTD_QUEUE\n", "line 1: not NAME=value"),
                          ("\nEXPORTD_QUEUE='x\n", "line 3: a quote ' is not closed")):
        option = settings_file(text)
        assert refused(program, *option) == f"{option[1]}: {message}"
    (tmp_path / "binary").write_bytes(b"EXPORTD_QUEUE=a\0b\n")
    assert refused(program, "--config", tmp_path / "binary") == f"{tmp_path}/binary: not a text"
    (tmp_path / "large").write_bytes(b"#" * (1 << 20))
    assert "less than 1048576 bytes" in refused(program, "--config", tmp_path / "large")


def test_a_secret_given_twice(program, settings_file, tmp_path):
    secret = tmp_path / "EXPORTD_DATABASE_URL"
    secret.write_text("host=/hunter2\n")
    option = settings_file(f"EXPORTD_DATABASE_URL=host=/x\nEXPORTD_DATABASE_URL_FILE={secret}\n")
    assert "which one counts?" in refused(program, *option)
    assert "which one counts?" in refused(program, DATABASE_URL="host=/x",
                                          credentials_directory=str(tmp_path))


def test_config_wants_a_file(program):
    for words in (["--config"], ["--config="], ["--config", ""]):
        result = program.run(*words)
        assert result.status == 2 and result.err.startswith("usage: exportd [--config FILE]")


def test_another_users_file(program, settings_file):
    """As root everything can be read: then this cannot be tried."""
    if os.getuid() == 0:
        pytest.skip("root may read every file")
    option = settings_file("EXPORTD_QUEUE=x\n")
    option[1].chmod(0)
    assert "Permission denied" in refused(program, *option)
