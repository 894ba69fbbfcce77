# SPDX-License-Identifier: Apache-2.0
"""What a worker says over HTTP: its probes, and metrics that agree with what the test did."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from support.events import group_of, series
from support.freezing import frozen
from support.jobs import insert_export, push
from support.program import ROOT
from support.scrape import Listener, receive
from support.tagstore_backends import BACKENDS
from support.waiting import wait_until

promtool = pytest.mark.skipif(shutil.which("promtool") is None,
                              reason="no promtool here (Debian's prometheus)")


@pytest.fixture
def listener(tmp_path):
    return Listener(tmp_path)


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    exportd.ingest(series(60))
    return group_of(sql, "issue")


def wait_for_answer(listener, path, answer, seconds=30):
    def answers():
        try:
            return listener.get(path) == answer
        except OSError:  # it does not listen yet
            return False
    wait_until(answers, f"{path} answers {answer}", seconds, 0.1)


def wait_for_state(exportd, export, state, seconds=30):
    wait_until(lambda: exportd.status(export)["state"] == state, f"export {export} is {state}",
               seconds, 0.2)


# ---- probes ----

def test_probes_of_a_worker_whose_servers_come_and_go(exportd, listener, redis_server):
    with exportd.worker(**listener.settings) as worker:
        wait_for_answer(listener, "/readyz", (200, "ok\n"))
        assert listener.get("/healthz") == (200, "ok\n")
        assert [line["address"] for line in worker.events("metrics.listening")] == [listener.path]
        redis_server.stop()
        try:
            wait_for_answer(listener, "/readyz", (503, "away: redis\n"))
            assert listener.get("/healthz") == (200, "ok\n"), "a restart would not help"
        finally:
            redis_server.start()
        wait_for_answer(listener, "/readyz", (200, "ok\n"))
        assert worker.stop() == 0
    assert not os.path.exists(listener.path)


def test_probes_while_postgresql_is_away_from_the_start(exportd, listener, postgres):
    postgres.stop()
    try:
        with exportd.worker(**listener.settings) as worker:
            wait_for_answer(listener, "/readyz", (503, "away: postgres\n"))
            assert listener.get("/healthz") == (200, "ok\n")
            assert "exportd_workers" not in listener.metrics()
            postgres.start()
            wait_for_answer(listener, "/readyz", (200, "ok\n"))
            assert worker.stop() == 0
    finally:
        if postgres.process.poll() is not None:
            postgres.start()


def test_a_store_that_is_gone_makes_the_worker_unready(exportd, listener, issue):
    """After the first export: before it, the worker makes a store that is missing."""
    export = exportd.enqueue(group=issue)
    with exportd.worker(**listener.settings) as worker:
        wait_for_state(exportd, export, "valid")
        wait_for_answer(listener, "/readyz", (200, "ok\n"))
        os.rename(exportd.store, exportd.store + ".away")
        wait_for_answer(listener, "/readyz", (503, "away: storage\n"))
        os.rename(exportd.store + ".away", exportd.store)
        wait_for_answer(listener, "/readyz", (200, "ok\n"))
        assert worker.stop() == 0


def test_a_thread_that_hangs_makes_the_worker_unwell(exportd, listener, issue):
    """The probe says so until the process is aborted, which gives the other threads a moment."""
    exportd.enqueue(group=issue)
    with exportd.worker(STUCK_SECONDS=20, FAULT="object_write:delay=600000",
                        **listener.settings) as worker:
        worker.wait_for_event("metrics.listening")
        seen = set()
        while worker.process.poll() is None:
            try:
                seen.add(listener.get("/healthz"))
            except (OSError, IndexError):
                pass
            time.sleep(0.01)
        assert worker.process.returncode == -signal.SIGABRT
    assert seen == {(200, "ok\n"), (503, "a thread is stuck\n")}


def test_no_scrape_waits_for_a_server_that_is_frozen(exportd, listener, postgres):
    with exportd.worker(**listener.settings) as worker:
        wait_until(lambda: listener_has(listener, "exportd_workers"), "the figures are read")
        with frozen(postgres):
            until = time.monotonic() + 14
            while time.monotonic() < until:
                began = time.monotonic()
                metrics = listener.metrics()
                assert time.monotonic() - began < 1
                time.sleep(0.2)
            assert "exportd_workers" not in metrics, "it is not known any more"
            assert listener.get("/healthz") == (200, "ok\n")
        wait_until(lambda: listener_has(listener, "exportd_workers"), "the figures are read again")
        assert worker.stop() == 0


def listener_has(listener, name):
    return os.path.exists(listener.path) and name in listener.metrics()


# ---- the listener ----

def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_a_port_alone_is_on_loopback(exportd):
    port = free_port()
    with exportd.worker(METRICS_LISTEN=port) as worker:
        worker.wait_for_event("metrics.listening")
        with open("/proc/net/tcp", encoding="ascii") as table:
            listening = [line.split()[1] for line in table if line.split()[3] == "0A"]
        assert [address for address in listening if address.endswith(f":{port:04X}")] == \
            [f"0100007F:{port:04X}"]
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n")
            assert receive(connection).endswith(b"\r\n\r\nok\n")
        assert worker.stop() == 0


def test_without_the_setting_nothing_listens(exportd):
    with exportd.worker() as worker:
        worker.wait_for_event("worker.registered")
        links = [os.readlink(f"/proc/{worker.process.pid}/fd/{fd}")
                 for fd in os.listdir(f"/proc/{worker.process.pid}/fd")]
        own = {link[8:-1] for link in links if link.startswith("socket:")}
        with open("/proc/net/tcp", encoding="ascii") as table:
            assert not [line for line in table
                        if line.split()[3] == "0A" and line.split()[9] in own]
        assert worker.events("metrics.listening") == []
        assert worker.stop() == 0


@pytest.mark.parametrize("address", [":9108", "example.com:9108", "0", "1.2.3.4", "x" * 10])
def test_an_address_that_is_none_is_refused(exportd, address):
    result = exportd.fails("worker", status=2, METRICS_LISTEN=address)
    assert result.err.startswith("exportd worker: EXPORTD_METRICS_LISTEN: not of the form "), result


def test_an_address_in_use_ends_the_start(exportd, listener):
    with exportd.worker(**listener.settings) as worker:
        worker.wait_for_event("metrics.listening")
        result = exportd.fails("worker", **listener.settings)
        assert "EXPORTD_METRICS_LISTEN: cannot listen: Address already in use" in result.err, result
        assert listener.get("/healthz") == (200, "ok\n")
        assert worker.kill() == -signal.SIGKILL
    with exportd.worker(**listener.settings) as worker:  # replaces the socket of the dead one
        wait_for_answer(listener, "/readyz", (200, "ok\n"))
        assert worker.stop() == 0


def test_bad_clients_do_no_harm(exportd, sql, listener, issue):
    """Garbage, huge requests, slow ones, and many connections at once, while exports are made."""
    with exportd.worker(**listener.settings) as worker:
        wait_for_answer(listener, "/readyz", (200, "ok\n"))
        slow = [listener.connect() for _ in range(40)]
        for connection in slow[::2]:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost")
        for request in (b"\x00\xff" * 1000 + b"\r\n\r\n", b"GET\r\n\r\n", b"GET /metrics\r\n\r\n",
                        b"GET /" + b"x" * 100000, b"POST /metrics HTTP/1.1\r\nHost: x\r\n"
                        b"Content-Length: 99999999999\r\n\r\n" + b"x" * 1000):
            try:
                answer = listener.exchange(request)
            except OSError:
                answer = b""
            assert b"200 OK" not in answer.partition(b"\r\n")[0], request[:40]
        export = exportd.enqueue(group=issue)
        wait_for_state(exportd, export, "valid")
        assert listener.get("/nowhere")[0] == 404
        assert listener.get("/metrics?x=1")[0] == 200
        assert listener.metrics()["process_open_fds"] < 100
        for connection in slow:
            connection.close()
        assert worker.stop() == 0


# ---- metrics ----

def wait_for_value(listener, name, value, seconds=20):
    wait_until(lambda: listener.metrics().get(name) == value, f"{name} is {value}", seconds, 0.2)


def ask(sql, queue, issue, key="color", limit=None):
    """As Celery's producers do, who may ask for the same twice."""
    export = insert_export(sql, {"project_id": 1, "group_id": issue, "key": key})
    push(queue, export, limit=limit)
    return export


def jobs(outcome, type_="issues-by-tag"):
    return f'exportd_jobs_total{{type="{type_}",outcome="{outcome}"}}'


def test_metrics_agree_with_what_was_done(exportd, sql, listener, queue, issue):
    """Valid, truncated, failed and delayed exports, their rows, bytes and mails; then another worker."""
    exportd.ingest(series(7, key="shape"))
    exportd.ok("queue", "pause")
    fine = [ask(sql, queue, issue) for _ in range(3)] + [ask(sql, queue, issue, "shape", limit=5)]
    bad = [ask(sql, queue, issue, "nothing has it") for _ in range(2)]
    discover = insert_export(sql, {"any": "query"}, query_type=1)
    push(queue, discover)
    with exportd.worker(**listener.settings) as worker:
        worker.wait_for_event("metrics.listening")
        wait_for_value(listener, 'exportd_jobs_queued{state="waiting"}', 7)
        assert 0 < listener.metrics()["exportd_queue_oldest_seconds"] < 600
        assert listener.metrics()["exportd_workers"] == 1
        exportd.ok("queue", "resume")
        for export in fine:
            wait_for_state(exportd, export, "valid")
        for export in bad + [discover]:
            wait_for_state(exportd, export, "failed")
        wait_for_value(listener, 'exportd_mails_total{kind="success",result="sent"}', 4)
        wait_for_value(listener, 'exportd_mails_total{kind="failure",result="sent"}', 3)
        wait_for_value(listener, 'exportd_jobs_queued{state="waiting"}', 0)
        metrics = listener.metrics()
        assert worker.stop() == 0
    assert metrics[jobs("valid")] == 4 and metrics[jobs("failed")] == 2
    assert metrics[jobs("failed", "discover")] == 1
    assert sum(value for name, value in metrics.items()
               if name.startswith("exportd_jobs_total")) == 7
    assert metrics["exportd_jobs_running"] == 0
    assert metrics["exportd_queue_oldest_seconds"] == 0
    sizes = [exportd.status(export)["size"] for export in fine]
    for name, total in (("rows", 3 * 60 + 5), ("bytes", sum(sizes))):
        assert metrics[f"exportd_job_{name}_count"] == 4
        assert metrics[f"exportd_job_{name}_sum"] == total
    assert metrics["exportd_job_duration_seconds_count"] == 4
    assert 0 < metrics["exportd_job_duration_seconds_sum"] < 60
    assert metrics['exportd_job_rows_bucket{le="10"}'] == 1
    assert metrics['exportd_job_rows_bucket{le="100"}'] == 4
    assert metrics["exportd_truncated_total"] == 1
    assert metrics['exportd_source_requests_total{backend="postgres",result="ok"}'] == \
        metrics["exportd_source_seconds_count"] > 4
    objects = exportd.objects()
    assert metrics['exportd_storage_seconds_count{op="put"}'] == len(objects) == 2
    assert metrics['exportd_storage_bytes_total{op="put"}'] == sizes[0] + sizes[3]
    assert metrics["exportd_leases_lost_total"] == metrics["exportd_log_lines_lost_total"] == 0


def test_no_label_says_what_is_exported(exportd, listener, issue):
    export = exportd.enqueue(group=issue)
    with exportd.worker(**listener.settings) as worker:
        wait_for_state(exportd, export, "valid")
        page = listener.get("/metrics")[1]
        assert worker.stop() == 0
    labels = set(re.findall(r'[{,](\w+)=', page))
    assert labels == {"type", "outcome", "state", "backend", "result", "op", "kind", "le"}
    assert "acme" not in page and "color" not in page and "ann" not in page


def test_a_job_that_waits_for_its_mail_server(exportd, listener, issue):
    export = exportd.enqueue(group=issue)
    with exportd.worker(MAIL_URL=f"smtp://127.0.0.1:{free_port()}", **listener.settings) as worker:
        wait_for_state(exportd, export, "valid")
        wait_until(lambda: listener.metrics()[
            'exportd_mails_total{kind="success",result="delayed"}'] >= 1, "a mail is delayed")
        assert worker.stop() == 0


def test_a_cancelled_job_is_lost(exportd, listener, issue):
    export = exportd.enqueue(group=issue)
    with exportd.worker(PAGE_SIZE=1, FAULT="page:delay=200", **listener.settings) as worker:
        wait_for_state(exportd, export, "running")
        wait_until(lambda: listener.metrics()["exportd_jobs_running"] == 1, "it runs")
        exportd.ok("cancel", export)
        wait_for_value(listener, jobs("lost"), 1)
        assert listener.metrics()["exportd_job_rows_count"] == 0
        assert worker.stop() == 0


def test_a_worker_that_died_is_a_lost_lease(exportd, listener, issue):
    export = exportd.enqueue(group=issue)
    with exportd.worker(FAULT="after_claim:kill", LEASE_SECONDS=2) as first:
        assert first.process.wait(30) == -signal.SIGKILL
    with exportd.worker(LEASE_SECONDS=2, **listener.settings) as worker:
        wait_for_state(exportd, export, "valid")
        assert listener.metrics()["exportd_leases_lost_total"] == 1
        assert worker.stop() == 0


def test_requests_of_a_snuba(exportd, sql, listener, snuba):
    server = snuba("2020")
    backend = BACKENDS["snuba-2020"](exportd, sql, lambda _: server)
    backend.setup()
    backend.insert(series(60))
    export = exportd.enqueue(group=backend.issue("issue"))
    with exportd.worker(**backend.settings(), **listener.settings) as worker:
        wait_for_state(exportd, export, "valid")
        metrics = listener.metrics()
        assert metrics['exportd_source_requests_total{backend="snuba",result="ok"}'] == \
            metrics["exportd_source_seconds_count"] == len(server.queries) > 0
        assert metrics['exportd_source_requests_total{backend="postgres",result="ok"}'] == 0
        assert worker.stop() == 0


@pytest.mark.pool
def test_scrapes_while_jobs_run(exportd, sql, queue, listener, issue):
    """Many at a time, from the start to the end, for the thread sanitizer."""
    exports = [ask(sql, queue, issue) for _ in range(8)]
    with exportd.worker(**listener.settings) as worker:
        worker.wait_for_event("metrics.listening")

        def all_are_valid():
            for path in ("/metrics", "/healthz", "/readyz"):
                listener.get(path)
            return listener.metrics()[jobs("valid")] == len(exports)
        wait_until(all_are_valid, "all are valid", 60, 0.02)
        assert worker.stop() == 0


@promtool
def test_promtool_accepts_the_metrics(exportd, listener, issue):
    export = exportd.enqueue(group=issue)
    with exportd.worker(**listener.settings) as worker:
        wait_for_state(exportd, export, "valid")
        wait_until(lambda: listener_has(listener, "exportd_workers"), "the figures are read")
        page = listener.get("/metrics")[1]
        assert worker.stop() == 0
    done = subprocess.run(["promtool", "check", "metrics"], input=page, text=True,
                          capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# ---- what documents and files say of the metrics ----

@pytest.fixture
def page(exportd, listener):
    with exportd.worker(**listener.settings) as worker:
        wait_until(lambda: listener_has(listener, "exportd_workers"), "the figures are read")
        text = listener.get("/metrics")[1]
        assert worker.stop() == 0
    return text


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def table_rows(page):
    """As they are in the documents."""
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", page, re.MULTILINE))
    for name, meaning in re.findall(r"^# HELP (\S+) (.*)$", page, re.MULTILINE):
        sample = re.search(rf"^{name}(?:_bucket)?(?:{{(.*)}})? ", page, re.MULTILINE)
        labels = [label for label in re.findall(r'(\w+)="', sample[1] or "") if label != "le"]
        shown = name + (f"{{{','.join(labels)}}}" if labels else "")
        yield f"| `{shown}` | {types[name]} | {meaning} |"


def test_the_documents_have_every_metric(page):
    section = read("docs/operations.md").partition("## Metrics and probes")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(?:exportd|process)_.*$", section, re.MULTILINE)
    assert rows == list(table_rows(page)) and len(rows) >= 20


def names_in(expressions):
    return {name for text in expressions
            for name in re.findall(r"\b((?:exportd|process)_\w+)", text)}


def names_of(page):
    """With those of the parts of a histogram."""
    return {re.split("[{ ]", line)[0] for line in page.splitlines() if not line.startswith("#")}


def test_the_dashboard_shows_metrics_that_exist(page):
    board = json.loads(read("packaging/grafana-dashboard.json"))
    panels = board["panels"]
    named = names_in(target["expr"] for panel in panels for target in panel["targets"])
    assert named <= names_of(page) and len(named) > 15
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [(x, y) for place in (panel["gridPos"] for panel in panels)
             for x in range(place["x"], place["x"] + place["w"])
             for y in range(place["y"], place["y"] + place["h"])]
    assert len(cells) == len(set(cells)) and max(x for x, _ in cells) < 24, "no panel is over another"
    assert {template["name"] for template in board["templating"]["list"]} == {"datasource", "job"}


@promtool
def test_the_dashboard_asks_what_prometheus_understands(tmp_path):
    board = json.loads(read("packaging/grafana-dashboard.json"))
    asked = [target["expr"].replace("$__rate_interval", "5m").replace("$__range", "6h")
             for panel in board["panels"] for target in panel["targets"]]
    path = tmp_path / "rules.yml"
    path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": [
        {"record": f"asked:{n}", "expr": text} for n, text in enumerate(asked)]}]}))
    done = subprocess.run(["promtool", "check", "rules", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_alerts_are_about_metrics_that_exist(page):
    expressions = re.findall(r"^ +expr: (?:>-\n)?((?:.+\n)(?: {10}.+\n)*)", read("packaging/alerts.yml"),
                             re.MULTILINE)
    named = names_in(expressions)
    assert named <= names_of(page) and len(named) >= 8
    assert {"exportd_workers", "exportd_queue_oldest_seconds", "exportd_leases_lost_total",
            "exportd_log_lines_lost_total", "exportd_jobs_total"} <= named


WELL = {"exportd_jobs_running": "0x200", "exportd_workers": "1x200",
        "exportd_queue_oldest_seconds": "5x200", 'exportd_jobs_queued{state="delayed"}': "0x200",
        'exportd_jobs_total{outcome="valid"}': "0+1x200", 'exportd_jobs_total{outcome="failed"}': "0x200",
        'exportd_mails_total{result="sent"}': "0+1x200", 'exportd_mails_total{result="delayed"}': "0x200",
        'exportd_mails_total{result="given-up"}': "0x200", "exportd_leases_lost_total": "0x200",
        "exportd_log_lines_lost_total": "0x200"}
FIRES = {  # the alert, and the series with which it fires
    None: {},
    "ExportdNoWorker": {"exportd_jobs_running": "_x200"},
    "ExportdQueueNotRead": {"exportd_workers": "_x200"},
    "ExportdOldestJobWaitsLong": {"exportd_queue_oldest_seconds": "0+60x200"},
    "ExportdJobsDelayed": {'exportd_jobs_queued{state="delayed"}': "1x200"},
    "ExportdManyFailures": {'exportd_jobs_total{outcome="failed"}': "0+1x200"},
    "ExportdMailsGivenUp": {'exportd_mails_total{result="given-up"}': "0x170 1x30"},
    "ExportdMailsDelayed": {'exportd_mails_total{result="sent"}': "5x200",
                            'exportd_mails_total{result="delayed"}': "0+1x200"},
    "ExportdLeasesLost": {"exportd_leases_lost_total": "0x170 2x30"},
    "ExportdLogLinesLost": {"exportd_log_lines_lost_total": "0x170 500x30"},
}


@promtool
def test_each_alert_fires_when_it_should_and_no_other_does(tmp_path):
    rules = os.path.join(ROOT, "packaging/alerts.yml")
    done = subprocess.run(["promtool", "check", "rules", rules], capture_output=True, text=True)
    assert done.returncode == 0, done
    alerts = re.findall(r"alert: (\w+)", read("packaging/alerts.yml"))
    assert alerts == [alert for alert in FIRES if alert]
    for alert, series_of_it in FIRES.items():
        values = {**WELL, **series_of_it}
        expression = "count by (alertname) (ALERTS{alertstate='firing'})"
        expected = [{"labels": f'{{alertname="{alert}"}}', "value": 1}] if alert else []
        test = {"rule_files": [rules], "evaluation_interval": "1m", "tests": [{
            "interval": "1m", "input_series": [{"series": name, "values": values[name]}
                                               for name in values],
            "promql_expr_test": [{"expr": expression, "eval_time": "190m", "exp_samples": expected}]}]}
        path = tmp_path / "test.yml"
        path.write_text(json.dumps(test))
        done = subprocess.run(["promtool", "test", "rules", path], capture_output=True, text=True)
        assert done.returncode == 0, (alert, done.stdout, done.stderr)


# ---- StatsD ----

class Statsd:
    """Collects datagrams on a Unix socket."""

    def __init__(self, folder):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(f"{folder}/statsd")
        self.socket.setblocking(False)
        self.url = f"unixgram://{folder}/statsd"

    def read(self):
        """{name with type and tags: [numbers]}"""
        found = {}
        with contextlib.suppress(BlockingIOError):
            while True:
                name, _, rest = self.socket.recv(4096).decode().partition(":")
                number, _, kind = rest.partition("|")
                found.setdefault(f"{name}|{kind}", []).append(int(number))
        return found


@pytest.fixture
def statsd(tmp_path):
    server = Statsd(tmp_path)
    yield server
    server.socket.close()


def make_some_exports(exportd, sql, queue, issue, **settings):
    """One that is made by a command and downloaded, one of Celery's that fails, and a wrong command."""
    export = exportd.enqueue(group=issue, **settings)
    assert exportd.enqueue(group=issue, **settings) == export, "the same again"
    ask(sql, queue, issue, "nothing has it")
    exportd.fails("enqueue", "--organization", "acme", "--project", 1, "--group", issue, "--key",
                  "\udcff", "--user", "ann@example.com", **settings)  # no UTF-8
    exportd.drain(**settings)
    exportd.ok("download", export, "-o", "-", **settings)
    return export


def test_a_statsd_gets_the_names_of_the_original(exportd, sql, queue, issue, statsd):
    export = make_some_exports(exportd, sql, queue, issue, STATSD_URL=statsd.url)
    got = statsd.read()
    assert 0 <= got.pop("sentry.dataexport.duration|ms")[0] < 60000
    assert got == {
        "sentry.dataexport.enqueue|c": [1], "sentry.dataexport.invalid|c": [1],
        "sentry.dataexport.start|c": [1, 1], "sentry.dataexport.end.success|c": [1],
        "sentry.dataexport.end.failure|c": [1], "sentry.dataexport.error.export|c": [1],
        "sentry.dataexport.row_count|ms": [60],
        "sentry.dataexport.file_size|ms": [exportd.status(export)["size"]],
        "sentry.dataexport.download|c": [1]}


def test_a_dogstatsd_gets_tags(exportd, sql, queue, issue, statsd):
    make_some_exports(exportd, sql, queue, issue, STATSD_URL=f"{statsd.url}?tags=datadog")
    assert set(statsd.read()) == {
        "sentry.dataexport.enqueue|c|#query_type:Issues-by-Tag",
        "sentry.dataexport.invalid|c|#query_type:Issues-by-Tag", "sentry.dataexport.start|c",
        "sentry.dataexport.end|c|#instance:success", "sentry.dataexport.end|c|#instance:failure",
        "sentry.dataexport.error|c|#instance:export", "sentry.dataexport.duration|ms",
        "sentry.dataexport.row_count|ms", "sentry.dataexport.file_size|ms",
        "sentry.dataexport.download|c"}


@pytest.mark.parametrize("url", ["unixgram:///nowhere/at/all", "udp://127.0.0.1:9", "udp://host.invalid"])
def test_a_statsd_that_is_not_there_stops_nothing(exportd, sql, queue, issue, url):
    export = make_some_exports(exportd, sql, queue, issue, STATSD_URL=url)
    assert exportd.status(export)["state"] == "valid"


def test_the_documents_have_every_name_of_the_statsd(exportd, sql, queue, issue, statsd):
    section = read("docs/operations.md").partition("**StatsD.**")[2].partition("\n## ")[0]
    make_some_exports(exportd, sql, queue, issue, STATSD_URL=f"{statsd.url}?tags=datadog")
    assert set(re.findall(r"^\| `([a-z_.]+)`", section, re.MULTILINE)) == \
        {name.partition("|")[0] for name in statsd.read()}
