# SPDX-License-Identifier: Apache-2.0
"""The Debian package: built, examined by lintian, installed in a bare Debian of its own (debootstrap), where
it runs an export with the command line of its unit, and purged."""
import os
import re
import shutil
import subprocess

import pytest

from support.program import ROOT

TOOLS = ["dpkg-buildpackage", "dh", "debootstrap", "unshare", "chroot"]
SOURCES = ["CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "SECURITY.md", "cli",
           "cmake", "common", "debian", "docs", "migrations", "packaging", "worker"]

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.getuid() != 0, reason="debootstrap needs root"),
    pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason=f"not installed: one of {TOOLS}"),
]


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    assert done.returncode == 0, done.stdout[-6000:]
    return done.stdout


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    source = folder / "exportd"
    source.mkdir()
    for name in SOURCES:
        copy = shutil.copytree if os.path.isdir(os.path.join(ROOT, name)) else shutil.copy
        copy(os.path.join(ROOT, name), source / name)
    run("dpkg-buildpackage", "-us", "-uc", "-b", cwd=source,
        env={**os.environ, "DEB_BUILD_OPTIONS": f"parallel={os.cpu_count()}"})
    path, = folder.glob("exportd_*.deb")
    return path


def test_lintian(package):
    if shutil.which("lintian") is None:
        pytest.skip("lintian is not installed")
    changes, = package.parent.glob("*.changes")
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", changes],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def mirror():
    """That of this machine."""
    uris = run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages")
    return next(uri for uri in uris.split() if re.search(r"/debian/?$", uri))


@pytest.fixture(scope="module")
def debian(tmp_path_factory, package):
    """A bare Debian 12 with the package in it; `debian(script)` runs a script there."""
    root = tmp_path_factory.mktemp("debian") / "root"
    run("unshare", "--mount", "debootstrap", "--variant=minbase", "bookworm", root, mirror())
    for name in os.listdir("/etc/apt/apt.conf.d"):  # a proxy, perhaps
        shutil.copy(os.path.join("/etc/apt/apt.conf.d", name), root / "etc/apt/apt.conf.d")
    shutil.copy(package, root / "root/exportd.deb")
    shutil.copy(os.path.join(ROOT, "docs/examples/sample-events.ndjson"), root / "root/events")
    (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (root / "usr/sbin/policy-rc.d").chmod(0o755)
    # Each script has a mount and process namespace of its own. So no mount is seen outside, where a clean-up
    # of temporary folders would delete through it, and no process outlives a script. /dev has the nodes that
    # debootstrap makes; the machine's own is never mounted there.
    enter = ('mount -t proc proc "$1/proc" && exec chroot "$1" /usr/bin/env -i'
             ' PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8'
             ' DEBIAN_FRONTEND=noninteractive bash -euc "cd /; $2"')
    yield lambda script: run("unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-c",
                             enter, "enter", root, script)
    shutil.rmtree(root)


LEFT = "find / -xdev -name '*exportd*' -not -path '/root/*' -not -path '/proc/*' -not -path '/var/log/*'"

EXPORT = """
pg_ctlcluster 15 main start
trap 'pg_ctlcluster 15 main stop' EXIT
runuser -u postgres -- createuser exportd
runuser -u postgres -- createdb -O exportd exportd
cat >/etc/exportd/exportd.env <<END
EXPORTD_DATABASE_URL="host=/var/run/postgresql dbname=exportd"
EXPORTD_REDIS_URL=none
EXPORTD_MAIL_URL=file:///var/lib/exportd/mail
END
as_exportd="setpriv --reuid=exportd --regid=exportd --init-groups"
install -d -o exportd -g exportd -m 750 /var/lib/exportd   # StateDirectory= of the unit
$as_exportd exportd migrate --standalone
$as_exportd exportd create organization shop
$as_exportd exportd create user ann@example.com --organization shop
$as_exportd exportd create project web --organization shop --id 1
$as_exportd exportd ingest - <root/events >&2
id=$($as_exportd exportd enqueue --organization shop --user ann@example.com --project 1 --group 1 --key city)
$as_exportd $(sed -n 's/^ExecStart=//p' /lib/systemd/system/exportd.service) &
worker=$!
trap 'kill $worker; wait $worker; pg_ctlcluster 15 main stop' EXIT
$as_exportd exportd status "$id" --watch >&2
$as_exportd exportd download "$id" -o -
"""


def test_installed_run_and_purged(debian):
    debian("apt-get update -q; apt-get install -qy --no-install-recommends postgresql")
    debian("apt-get install -qy --no-install-recommends /root/exportd.deb")
    assert debian("stat -c '%a %U %G' /etc/exportd/exportd.env").split() == \
        ["640", "root", "exportd"]
    assert "value,times_seen,last_seen,first_seen" in debian(EXPORT)
    debian("apt-get purge -qy exportd")
    assert debian(LEFT) == ""
    assert "exportd" in debian("getent passwd exportd"), "its number is not given to another"
