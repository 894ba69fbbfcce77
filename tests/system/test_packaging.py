# SPDX-License-Identifier: Apache-2.0
"""What `cmake --install` puts on a machine, and the Debian package."""
import json
import os
import re
import shutil
import subprocess

import pytest

from support.program import ROOT, binary

BUILD = os.environ.get("TEST_BUILD") or os.path.join(ROOT, "build", "asan")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An installation below a folder."""
    folder = tmp_path_factory.mktemp("installed")
    install(folder)
    return folder


def install(folder):
    subprocess.run(["cmake", "--install", BUILD, "--prefix", "/usr"], check=True, capture_output=True,
                   env={**os.environ, "DESTDIR": str(folder)})


def command(*words, **environment):
    return subprocess.run([binary(), *map(str, words)], capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"], **environment})


def settings():
    """The names of all settings, in the order of the table."""
    return re.findall(r"^### (EXPORTD_\w+)$", command("help", "config", "--markdown").stdout,
                      re.MULTILINE)


def commands():
    return re.findall(r"^  (\S+) ", command("help").stdout, re.MULTILINE)


def test_the_files(installed):
    files = {str(path.relative_to(installed)) for path in installed.rglob("*") if path.is_file()}
    assert files == {
        "usr/bin/exportd", "etc/exportd/exportd.env", "usr/share/man/man1/exportd.1",
        "usr/share/man/man5/exportd.5", "usr/share/bash-completion/completions/exportd",
        "usr/share/zsh/vendor-completions/_exportd", "usr/lib/sysusers.d/exportd.conf",
        "usr/lib/systemd/system/exportd.service", "usr/lib/systemd/system/exportd-cleanup.service",
        "usr/lib/systemd/system/exportd-cleanup.timer", "usr/share/exportd/alerts.yml",
        "usr/share/exportd/grafana-dashboard.json"}
    mode = (installed / "etc/exportd/exportd.env").stat().st_mode & 0o777
    assert mode == 0o640, "it may hold passwords"


def test_settings_that_are_there_are_kept(tmp_path):
    own = tmp_path / "etc/exportd/exportd.env"
    own.parent.mkdir(parents=True)
    own.write_text("EXPORTD_QUEUE=mine\n")
    install(tmp_path)
    assert own.read_text() == "EXPORTD_QUEUE=mine\n"


def test_the_settings_file_has_all_settings_with_their_defaults(installed, tmp_path):
    text = (installed / "etc/exportd/exportd.env").read_text()
    assert re.findall(r"^#(EXPORTD_\w+)=", text, re.MULTILINE) == settings()
    in_force = tmp_path / "all.env"
    in_force.write_text(re.sub(r"^#(EXPORTD_)", r"\1", text, flags=re.MULTILINE))
    shown = command("--config", in_force, "config", "show", "--json")
    defaults = command("--config", "/dev/null", "config", "show", "--json")
    assert shown.returncode == defaults.returncode == 0, shown.stderr + defaults.stderr

    def values(output):
        return {line["name"]: line["value"] for line in map(json.loads, output.splitlines())
                if not line["secret"]}
    assert values(shown.stdout) == values(defaults.stdout)


@pytest.mark.parametrize("page, names", [("man1/exportd.1", commands), ("man5/exportd.5", settings)])
def test_the_manual(installed, page, names):
    path = installed / "usr/share/man" / page
    text = path.read_text().replace("\\-", "-")
    assert [name for name in names() if not re.search(rf"\b{name}\b", text)] == []
    if shutil.which("man") is None:
        pytest.skip("man is not installed")
    done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", path],
                          capture_output=True, text=True, env={**os.environ, "MANWIDTH": "80"})
    assert done.returncode == 0 and done.stderr == ""


@pytest.mark.parametrize("typed, offered", [
    (["st"], ["status"]), (["--c"], ["--config"]),
    (["queue", "re"], ["retry", "resume"]), (["worker", "--dr"], ["--drain"])])
def test_completion_for_bash(installed, typed, offered):
    script = installed / "usr/share/bash-completion/completions/exportd"
    words = " ".join(["exportd", *typed])
    done = subprocess.run(["bash", "-c", f"""
        source {script}
        COMP_WORDS=({words}); COMP_CWORD={len(typed)}
        _exportd; printf '%s\\n' "${{COMPREPLY[@]}}" """], capture_output=True, text=True)
    assert done.stderr == "" and done.stdout.split() == offered


def test_completion_for_zsh(installed):
    script = installed / "usr/share/zsh/vendor-completions/_exportd"
    text = script.read_text()
    assert text.startswith("#compdef exportd\n")
    assert [name for name in commands() if f'"{name}:' not in text] == []
    if shutil.which("zsh") is None:
        pytest.skip("zsh is not installed")
    done = subprocess.run(["zsh", "-n", script], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == ""


def test_the_units(installed, tmp_path):
    """With the path of the program that is really there."""
    units = sorted((installed / "usr/lib/systemd/system").iterdir())
    for unit in units:
        text = unit.read_text()
        if unit.suffix == ".service":
            assert "\nLimitCORE=0\n" in text and "\nUMask=0007\n" in text
            path, = re.findall(r"^ExecStart=(\S+)", text, re.MULTILINE)
            assert path.endswith("/bin/exportd") and "@CMAKE" not in text
            text = text.replace(path, str(installed / "usr/bin/exportd"))
        (tmp_path / unit.name).write_text(text)
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
                           *map(str, sorted(tmp_path.glob("exportd*.*")))],
                          capture_output=True, text=True)
    ours = [line for line in done.stderr.splitlines() if "exportd" in line]
    assert done.returncode == 0 and ours == [], done.stderr


# ---- examples for containers, and the checks on GitHub: read, not run ----

def load(path):
    yaml = pytest.importorskip("yaml", reason="python3-yaml is not installed")
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return list(yaml.safe_load_all(file))


def test_docker_compose():
    services = load("docker-compose.yml")[0]["services"]
    worker = services["worker"]
    assert worker["init"] and worker["command"] == ["worker"]
    assert "queue workers" in worker["healthcheck"]["test"][1]
    names = {name for service in services.values() for name in service.get("environment", {})
             if name.startswith("EXPORTD_")}
    assert len(names) > 5 and names <= set(settings())


def test_kubernetes():
    config, worker, cleanup = load("packaging/kubernetes.yaml")
    assert [part["kind"] for part in (config, worker, cleanup)] == \
        ["ConfigMap", "Deployment", "CronJob"]
    assert {name.removesuffix("_FILE") for name in config["data"]} <= set(settings())
    container, = worker["spec"]["template"]["spec"]["containers"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert f":{container['ports'][0]['containerPort']}" in config["data"]["EXPORTD_METRICS_LISTEN"]
    job = cleanup["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    assert job["args"] == ["cleanup"]


def test_github_runs_every_check():
    job = load(".github/workflows/ci.yml")[0]["jobs"]["checks"]
    assert job["strategy"]["matrix"]["image"] == ["debian:12", "debian:13"]
    assert ".ci/run" in [step.get("run") for step in job["steps"]]
