# SPDX-License-Identifier: Apache-2.0
"""A project is named by its id or by its slug, which organizations may share."""
import pytest

from support.events import event, group_of, hash_of

WHO = ["--organization", "acme", "--user", "ann@example.com"]


@pytest.fixture
def issue(exportd, sql):
    """acme and other have a project "shop" each: 1 and 2."""
    for organization, user, number in ("acme", "ann@example.com", 1), ("other", "eve@example.com", 2):
        exportd.create(organization, (user,), ())
        exportd.ok("create", "project", "shop", "--organization", organization, "--id", number)
    exportd.ingest([event(tags={"color": "red"}), event(tags={"shape": "round"}, project=2)])
    return group_of(sql, "issue")


def test_an_export(exportd, issue):
    asked = ["--organization", "acme", "--group", issue, "--key", "color", "--project"]
    csv = exportd.ok("tag-export", *asked, 1).out
    assert "red" in csv and exportd.ok("tag-export", *asked, "shop").out == csv
    assert exportd.ok("estimate", *asked, "shop").out == exportd.ok("estimate", *asked, 1).out
    first = exportd.ok("enqueue", "--user", "ann@example.com", *asked, "shop").out
    assert exportd.ok("enqueue", "--user", "ann@example.com", *asked, 1).out == first
    for command in ("tag-export", "estimate"):
        assert 'no project "none"' in exportd.fails(command, *asked, "none", status=3).err
        assert "project does not exist" in exportd.fails(command, *asked, 2, status=3).err


def test_of_any_organization(exportd, issue):
    get = ["tagstore", "get_tag_keys", "--project"]
    refused = exportd.fails(*get, "shop", status=1)
    assert "several organizations have a project" in refused.err and "name the organization" in refused.err
    keys = [exportd.ok(*get, "shop", "--organization", name).json_lines()[0]["key"]
            for name in ("acme", "other")]
    assert keys == ["color", "shape"]
    assert exportd.ok(*get, 2).out == exportd.ok(*get, "shop", "--organization", "other").out
    exportd.fails(*get, 2, "--organization", "acme", status=3)
    exportd.fails(*get, "shop", "--organization", "none", status=3)
    exportd.fails(*get, "none", status=3)
    exportd.ok("create", "project", "blog", "--organization", "other")
    exportd.ok(*get, "blog")


def test_of_a_group_hash(exportd, issue):
    ask = ["grouphash", "last-processed", hash_of("issue"), "--project"]
    wanted = exportd.ok(*ask, 1, "--json").out
    assert exportd.ok(*ask, "shop", "--organization", "acme").out == wanted
    exportd.fails(*ask, "shop", status=1)
    exportd.fails(*ask, "none", status=3)
