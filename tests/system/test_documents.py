# SPDX-License-Identifier: Apache-2.0
"""The documents say what the program has: commands, settings, fault points, log events, files."""
import glob
import os
import re
import subprocess

import pytest

from support.program import ROOT, binary

DOCUMENTS = sorted(
    os.path.relpath(path, ROOT)
    for pattern in ("*.md", "docs/**/*.md") for path in glob.glob(os.path.join(ROOT, pattern),
                                                                 recursive=True))


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def help_text(*arguments):
    return subprocess.run([binary(), "help", *arguments], capture_output=True, text=True,
                          check=True).stdout


def sources():
    return "".join(read(path) for folder in ("cli", "common", "worker")
                   for path in glob.glob(f"{folder}/**/*.[ch]", root_dir=ROOT, recursive=True))


def anchor(heading):
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(document):
    return {anchor(heading) for heading in re.findall(r"^#+ (.*)$", read(document), re.MULTILINE)}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_lines_are_short(document):
    assert [line for line in read(document).splitlines() if len(line) > 120] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)\s]+)\)", read(document)):
        if target.startswith("http"):
            continue
        path, _, part = target.partition("#")
        path = os.path.normpath(os.path.join(os.path.dirname(document), path)) if path else document
        assert os.path.exists(os.path.join(ROOT, path)), target
        assert not part or part in anchors(path), target


def test_settings_are_those_of_the_program():
    assert read("docs/configuration.md") == help_text("config", "--markdown")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_settings_that_are_named_exist(document):
    settings = set(re.findall(r"^### (EXPORTD_\w+)$", read("docs/configuration.md"), re.MULTILINE))
    assert len(settings) > 30
    settings |= {"EXPORTD_FAULT", "EXPORTD_FAULTS", "EXPORTD_MEMORY_FAIL"}  # of test builds
    if document != "CHANGELOG.md":  # it names those of other versions
        named = set(re.findall(r"EXPORTD_[A-Z][A-Z0-9_]*[A-Z0-9]", read(document)))
        assert {name.removesuffix("_FILE") for name in named} <= settings


def test_every_command_is_in_the_readme():
    listed = re.findall(r"^  (\S+) ", help_text(), re.MULTILINE)
    table = read("README.md").partition("## Commands")[2].partition("## Settings")[0]
    assert len(listed) > 20
    assert set(listed) - set(re.findall(r"`(?:exportd )?([a-z-]+)", table)) == {"version"}


def test_every_fault_point_is_explained():
    points = set(re.findall(r'FAULT\("(\w+)"', sources()))
    table = read("docs/job-life.md").partition("## Fault points")[2]
    named = {name for row in re.findall(r"^\| (`\w+`.*?) \|", table, re.MULTILINE)
             for name in re.findall(r"`(\w+)`", row)}
    assert points == named


def test_log_events_that_are_named_exist():
    text = sources()
    named = set(re.findall(r"`([a-z_]+\.[a-z-]+)`",
                           read("docs/operations.md") + read("docs/job-life.md")))
    named = {name for name in named if not name.endswith((".c", ".h", ".sql", ".md", ".yml",
                                                          ".attempt", ".timer", ".service"))}
    assert len(named) > 15
    assert {name for name in named if f'"{name}"' not in text} == set()
