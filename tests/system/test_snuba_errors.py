# SPDX-License-Identifier: Apache-2.0
"""A Snuba that fails: every row of the table of errors (common/snuba/verdict.c) and every kind of silence, both
in the check of the key and in the pages. The tests check the user's message, and whether the job is tried
again."""
import dataclasses
import html
import json
import os
import re
import time

import pytest

from support.jobs import insert_export, push
from support.program import text_part
from support.scripted_http import Answer, ScriptedHttp
from support.tagstore_rows import insert_group
from support.waiting import wait_until

QUERY_TIMEOUT = ("Query timeout. Please try again. If the problem persists try a smaller date range "
                 "or fewer projects.")
TRY_AGAIN = "Internal error. Please try again."
FAILED_TO_RUN = "Internal error. Your query failed to run."
WRONG_TYPE = "Invalid query. Argument to function is wrong type."
INTERNAL = "Internal processing failure"

# The decisions about a job: it fails at once with a mail; it is tried again and the failure counts; it waits,
# any number of times, until it has waited too long.
FAILS, COUNTS, WAITS = "fails", "counts", "waits"

EXISTS, PAGES = "tagstore.get_tag_key", "tagstore.get_group_tag_value_iter"
CSV = b"value,times_seen,last_seen,first_seen\r\nred,5,2026-03-01T12:00:01.000000Z," \
      b"2026-03-01T12:00:00.000000Z\r\n"
HTML = "<!doctype html>\n<title>secret</title>\n<h1>secret</h1>\n"


@dataclasses.dataclass
class Case:
    name: str
    answer: Answer
    sentence: str
    decision: str


def clickhouse(code, sentence, decision):
    error = {"type": "clickhouse", "code": code, "message": f"[{code}] DB::Exception: secret"}
    return Case(f"clickhouse {code}", Answer(500, {"error": error, "sql": "SELECT secret"}), sentence,
                decision)


def typed(status, kind, sentence, decision):
    return Case(f"{status} {kind}", Answer(status, {"error": {"type": kind, "message": "secret"}}),
                sentence, decision)


def page(status, sentence, decision):
    return Case(f"{status} page", Answer(status, HTML, "text/html"), sentence, decision)


def told(status, text, sentence, decision):
    return Case(f"{status} {text}", Answer(status, {"data": [], "meta": [], "error": text}), sentence,
                decision)


def good(request, value="red"):
    """The right answer to any query of an export: one row."""
    asked = request.json
    row = {alias: "2026-03-01T12:00:01+00:00" if function == "max" else
           "2026-03-01T12:00:00+00:00" if function == "min" else 5
           for function, _, alias in asked["aggregations"]}
    for column in asked.get("groupby", []):
        row[column] = value
    return {"data": [row], "meta": [{"name": name, "type": "Any"} for name in row]}


class Spoilt:
    """An answer made from the right one."""

    def __init__(self, spoil, manner="whole"):
        self.spoil, self.manner = spoil, manner

    def play(self, request):
        return Answer(200, self.spoil(good(request)), manner=self.manner)


def without(name):
    return lambda answer: {key: value for key, value in answer.items() if key != name}


def with_rows(change):
    return lambda answer: {**answer, "data": [change(row) for row in answer["data"]]}


def half(answer):
    text = json.dumps(answer)
    return text[:len(text) // 2]


def other_numbers(row):
    return {name: "many" if value == 5 else value for name, value in row.items()}


def other_column(answer):
    return {**answer, "meta": answer["meta"][:-1] + [{"name": "other", "type": "Any"}]}


NO_ANSWERS = [
    Case("page instead of JSON", Answer(200, HTML, "text/html"), TRY_AGAIN, COUNTS),
    Case("10 MB of garbage", Answer(200, b"\xff{[\"" * 2500000), TRY_AGAIN, COUNTS),
    Case("empty", Answer(200, b""), TRY_AGAIN, COUNTS),
    Case("half of the JSON", Spoilt(half), TRY_AGAIN, COUNTS),
    Case("cut", Spoilt(lambda answer: answer, "cut"), TRY_AGAIN, COUNTS),
    Case("closed", Answer(manner="none"), TRY_AGAIN, COUNTS),
    Case("silent", Answer(manner="silent"), TRY_AGAIN, COUNTS),
    Case("header, then nothing", Answer(body=b"x", manner="hang"), TRY_AGAIN, COUNTS),
    Case("a byte a second", Spoilt(lambda answer: answer, "drip"), TRY_AGAIN, COUNTS),
    Case("no data", Spoilt(without("data")), INTERNAL, COUNTS),
    Case("no meta", Spoilt(without("meta")), INTERNAL, COUNTS),
    Case("nothing in it", Answer(200, {}), INTERNAL, COUNTS),
    Case("another column", Spoilt(other_column), INTERNAL, COUNTS),
    Case("empty row", Spoilt(with_rows(lambda row: {})), INTERNAL, COUNTS),
    Case("no number", Spoilt(with_rows(other_numbers)), INTERNAL, COUNTS),
    Case("too many rows", Spoilt(lambda answer: {**answer, "data": answer["data"] * 51}), INTERNAL,
         COUNTS),
]

CASES = {
    "2020": NO_ANSWERS + [
        page(500, TRY_AGAIN, WAITS),
        page(502, TRY_AGAIN, WAITS),
        page(404, TRY_AGAIN, WAITS),
        page(400, TRY_AGAIN, FAILS),
        typed(429, "rate-limited", QUERY_TIMEOUT, WAITS),
        typed(429, "unknown", QUERY_TIMEOUT, WAITS),
        typed(400, "schema", FAILED_TO_RUN, FAILS),
        clickhouse(43, WRONG_TYPE, FAILS),
        clickhouse(241, QUERY_TIMEOUT, COUNTS),
        clickhouse(202, QUERY_TIMEOUT, WAITS),
        clickhouse(159, QUERY_TIMEOUT, COUNTS),
        clickhouse(160, QUERY_TIMEOUT, COUNTS),
        clickhouse(210, TRY_AGAIN, WAITS),
        clickhouse(216, TRY_AGAIN, WAITS),
        clickhouse(279, TRY_AGAIN, WAITS),
        clickhouse(46, FAILED_TO_RUN, FAILS),
        clickhouse(47, FAILED_TO_RUN, FAILS),
        clickhouse(53, FAILED_TO_RUN, FAILS),
        clickhouse(62, FAILED_TO_RUN, FAILS),
        clickhouse(131, FAILED_TO_RUN, FAILS),
        clickhouse(179, FAILED_TO_RUN, FAILS),
        clickhouse(60, FAILED_TO_RUN, COUNTS),
        clickhouse(99999, FAILED_TO_RUN, COUNTS),
        typed(400, "json", TRY_AGAIN, FAILS),
        typed(400, "request", TRY_AGAIN, FAILS),
        typed(404, "dataset", TRY_AGAIN, FAILS),
        typed(500, "unknown", TRY_AGAIN, WAITS),
        Case("503 without error", Answer(503, {"detail": "secret"}), TRY_AGAIN, WAITS),
        Case("400 without error", Answer(400, {"detail": "secret"}), TRY_AGAIN, FAILS),
        Case("error without type", Answer(500, {"error": {"message": "secret"}}), INTERNAL, COUNTS),
        Case("clickhouse without code", Answer(500, {"error": {"type": "clickhouse"}}), INTERNAL,
             COUNTS),
    ],
    "2018": NO_ANSWERS + [
        page(500, TRY_AGAIN, WAITS),
        page(400, FAILED_TO_RUN, FAILS),
        told(200, "Code: 43.\nDB::Exception: Illegal type String: secret", WRONG_TYPE, FAILS),
        told(500, "Code: 43.\nDB::Exception: Illegal type String: secret", WRONG_TYPE, FAILS),
        told(200, "Code: 47.\nDB::Exception: Unknown identifier: secret", FAILED_TO_RUN, FAILS),
        told(500, "Code: 62.\nDB::Exception: Syntax error: secret", FAILED_TO_RUN, FAILS),
        told(200, "Code: 241.\nDB::Exception: secret", QUERY_TIMEOUT, COUNTS),
        told(200, "Code: 159.\nDB::Exception: secret", QUERY_TIMEOUT, COUNTS),
        told(200, "Code: 202.\nDB::Exception: secret", QUERY_TIMEOUT, WAITS),
        told(500, "Code: 210. Connection refused (127.0.0.1:9000) secret", TRY_AGAIN, WAITS),
        told(200, "Code: 99999.\nsecret", FAILED_TO_RUN, COUNTS),
        told(200, "Unexpected EOF while reading secret bytes", TRY_AGAIN, WAITS),
    ],
}


@pytest.fixture
def acme(exportd, sql):
    """Organization acme with project 1 and its issue 1, which has one hash."""
    exportd.create()
    insert_group(sql, 1)
    sql.execute("INSERT INTO sentry_grouphash (project_id, hash, group_id) VALUES (1, %s, 1)",
                ("1" * 32,))
    exportd.settings.update(TAGSTORE="snuba", CONCURRENCY=8)
    return exportd


def key_asked_for(request):
    """The tag key of a query. Each case has its own."""
    return re.search(r"tags\[(\w+)\]", request.body.decode()) or \
        re.search(r'\["tags[_.]key","(?:=|IN)",\[?"(\w+)"', request.body.decode())


def play(cases, where):
    """The server's script: a query of key `k3` at the place under test gets the answer of case 3."""
    def answer(request):
        case = cases[int(key_asked_for(request).group(1)[1:])]
        if request.referer != where:
            return Answer(200, good(request))
        return case.answer.play(request) if isinstance(case.answer, Spoilt) else case.answer
    return answer


def sentence_of(mail):
    """The reason in a failure mail."""
    lines = text_part(mail).splitlines()
    return next(line.strip() for line in lines if line.startswith("    "))


def exports_by_case(exportd, sql, cases):
    """For each case, its export's state, attempts and failures."""
    sql.execute("SELECT query_info, state, attempt, failures FROM exportd.export")
    found = {json.loads(info)["key"]: rest for info, *rest in sql.fetchall()}
    return {case.name: found.get(f"k{number}") for number, case in enumerate(cases)}


def mails_by_case(exportd, cases):
    found = {}
    for mail in exportd.mails():
        number = int(re.search(r'"key": "k(\d+)"', html.unescape(text_part(mail))).group(1))
        assert cases[number].name not in found, "one mail each"
        found[cases[number].name] = sentence_of(mail)
    return found


def is_settled(exportd, sql, cases):
    """Every export has failed, or has been tried at least three times."""
    exports = exports_by_case(exportd, sql, cases)
    return all(exports[case.name] and (exports[case.name][0] == "failed" or
                                       (case.decision == WAITS and exports[case.name][1] > 2))
               for case in cases)


def check_decisions(exportd, sql, cases):
    """Checks the decisions, with two failures allowed."""
    exports = exports_by_case(exportd, sql, cases)
    for case in cases:
        state, attempt, failures = exports[case.name]
        if case.decision == WAITS:
            assert state != "failed" and failures == 0, (case.name, state, failures)
        else:
            expected = ("failed", 1 if case.decision == FAILS else 2)
            assert (state, attempt) == expected, (case.name, state, attempt)


def let_them_have_waited_too_long(sql):
    sql.execute("UPDATE exportd.export SET first_claimed_at = now() - interval '25 hours'"
                " WHERE state <> 'failed'")


def check_log(worker, where):
    errors = worker.events("snuba.error")
    assert {line["referrer"] for line in errors} == {where}
    assert {241, 47, 43} <= {line["clickhouse"] for line in errors}
    assert "secret" not in worker.log_text()


@pytest.mark.parametrize("where", [EXISTS, PAGES])
@pytest.mark.parametrize("dialect", ["2020", "2018"])
def test_every_row_of_the_error_table(acme, sql, queue, dialect, where):
    cases = CASES[dialect]
    for number in range(len(cases)):
        push(queue, insert_export(sql, {"project_id": 1, "group_id": 1, "key": f"k{number}"}))
    with ScriptedHttp(play(cases, where)) as server:
        # A page of the smallest size is not halved.
        with acme.worker(SNUBA_URL=f"{server.url}?timeout=2", SNUBA_DIALECT=dialect, PAGE_SIZE=50,
                         MAX_FAILURES=2) as worker:
            wait_until(lambda: is_settled(acme, sql, cases), "every job failed, or waits", 120, 0.5)
            check_decisions(acme, sql, cases)
            let_them_have_waited_too_long(sql)
            wait_until(lambda: len(acme.mails()) == len(cases), "a mail for each", 60, 0.5)
            assert worker.stop() == 0
            check_log(worker, where)
    assert mails_by_case(acme, cases) == {case.name: case.sentence for case in cases}
    assert queue.llen("data_export") == 0


def test_an_answer_without_end(acme, sql, queue):
    """The answer is larger than any page may be. exportd asks for smaller pages; in the end the export fails."""
    export = insert_export(sql, {"project_id": 1, "group_id": 1, "key": "color"})
    push(queue, export)

    def answer(request):
        if request.referer != PAGES:
            return Answer(200, good(request))
        return Answer(200, b"{\"data\": [", manner="flood")

    with ScriptedHttp(answer) as server:
        acme.drain(SNUBA_URL=server.url, MAX_FAILURES=1)
        limits = [request.json["limit"] for request in server.requests if request.referer == PAGES]
    assert limits == [1000, 500, 250, 125, 62]
    assert [sentence_of(mail) for mail in acme.mails()] == [QUERY_TIMEOUT]


def wait_for_state(exportd, export, state):
    wait_until(lambda: exportd.status(export)["state"] == state, f"it is {state}", 30, 0.2)


def test_a_socket_that_is_away_and_comes_back(acme, tmp_path):
    """First there is no server, then one that closes each connection, then one that works."""
    export = acme.enqueue(key="color")
    path = os.path.join(tmp_path, "http.socket")
    with acme.worker(SNUBA_URL=path) as worker:
        wait_for_state(acme, export, "delayed")
        with ScriptedHttp(lambda request: Answer(503, HTML, "text/html", "close"),
                          folder=tmp_path) as server:
            assert server.url == path
            wait_until(lambda: server.requests, "it asks again")
            assert server.requests[0].headers["host"] == "localhost"
            wait_for_state(acme, export, "delayed")
        os.unlink(path)
        with ScriptedHttp(lambda request: Answer(200, good(request)), folder=tmp_path):
            wait_for_state(acme, export, "valid")
        assert worker.stop() == 0
    status = acme.status(export)
    assert (status["status"], status["failures"]) == ("VALID", 0)
    assert acme.download(export) == CSV


@pytest.mark.parametrize("manner", ["whole", "close"])
def test_connections_are_kept_where_the_server_keeps_them(acme, manner):
    def answer(request):
        return Answer(200, good(request), manner=manner)

    with ScriptedHttp(answer) as server:
        assert acme.tag_export(SNUBA_URL=server.url) == CSV
        assert [request.referer for request in server.requests] == [EXISTS, PAGES]
        assert all(request.path == "/query" for request in server.requests)
        assert all(request.headers["content-type"] == "application/json"
                   for request in server.requests)
        assert server.connections == (1 if manner == "whole" else 2)


def test_no_proxy_of_the_environment(acme):
    with ScriptedHttp(lambda request: Answer(200, good(request))) as server:
        assert acme.tag_export(SNUBA_URL=server.url, all_proxy="http://127.0.0.1:1") == CSV


def test_no_redirect_is_followed(acme):
    class Redirect(Answer):
        def head(self):
            return b"HTTP/1.1 307 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"

    with ScriptedHttp(lambda request: Redirect()) as server:
        acme.fails("tag-export", "--organization", "acme", "--project", 1, "--group", 1, "--key",
                   "color", SNUBA_URL=server.url, status=4)
        assert [request.path for request in server.requests] == ["/query"]


@pytest.mark.parametrize("trusted", [True, False])
def test_certificates_are_checked(acme, certificates, trusted):
    context = certificates.right if trusted else certificates.wrong_host
    with ScriptedHttp(lambda request: Answer(200, good(request)), context=context) as server:
        url = f"{server.url}?cafile={certificates.ca}"
        if trusted:
            assert acme.tag_export(SNUBA_URL=url) == CSV
            return
        export = acme.enqueue(key="color")
        with acme.worker(SNUBA_URL=url) as worker:
            wait_for_state(acme, export, "delayed")
            assert worker.stop() == 0
        assert acme.status(export)["failures"] == 0
        assert server.requests == []


def test_a_slow_server_is_not_a_stuck_worker(acme):
    """The key and the first page together take longer than the watchdog allows for other steps."""
    export = acme.enqueue(key="color")

    def answer(request):
        time.sleep(13)
        return Answer(200, good(request))

    with ScriptedHttp(answer) as server:
        with acme.worker(SNUBA_URL=f"{server.url}?timeout=20", STUCK_SECONDS=20) as worker:
            wait_until(lambda: acme.status(export)["status"] == "VALID", "the export", 60, 0.5)
            assert worker.stop() == 0
    assert acme.status(export)["attempts"] == 1


def test_a_stop_does_not_wait_for_a_silent_server(acme):
    export = acme.enqueue(key="color")
    with ScriptedHttp(lambda request: Answer(manner="silent")) as server:
        with acme.worker(SNUBA_URL=server.url, STOP_SECONDS=1) as worker:
            wait_until(lambda: server.requests, "it has asked")
            assert worker.stop(seconds=15) == 0
    status = acme.status(export)
    assert (status["state"], status["failures"], status["crashes"]) == ("waiting", 0, 0)
