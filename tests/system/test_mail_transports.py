# SPDX-License-Identifier: Apache-2.0
"""Mail by real SMTP servers: each kind of connection, and each kind of refusal."""
import asyncio
import contextlib
import signal
import socket
import time

import pytest

from support.events import group_of, series
from support.mail_sink import MailSink
from support.program import text_part
from support.proxy import Listener, pass_on
from support.waiting import wait_until

LOGIN = ("mailer", "pass:word/@")
USER_INFO = "mailer:pass%3Aword%2F%40@"


@pytest.fixture
def group(exportd, sql):
    exportd.create()
    exportd.ingest(series(3))
    return group_of(sql, "issue")


@pytest.fixture
def export(exportd, group):
    """An export that waits in the queue."""
    return exportd.enqueue(group=group)


@pytest.fixture
def waiting(exportd, group, sql):
    """Six finished exports whose mails are due."""
    users = [f"user{n}@example.com" for n in range(6)]
    exportd.create(users=users, projects=())
    exports = [exportd.enqueue(group=group, user=user) for user in users]
    with exportd.worker(MAIL_URL="smtp://127.0.0.1:1") as worker:
        wait_until(lambda: states(sql) == ["waiting"] * 6, "all mails wait")
        assert worker.stop() == 0
    sql.execute("UPDATE exportd.outbox SET next_try_at = now(), tries = 0")
    return exports


def states(sql):
    sql.execute("SELECT state FROM exportd.outbox ORDER BY data_export_id")
    return [row[0] for row in sql.fetchall()]


def outbox(sql):
    sql.execute("SELECT state, tries FROM exportd.outbox")
    return sql.fetchone()


def check_received(exportd, sink, export, encrypted, user):
    received, = sink.mails
    assert received.sender == "exports@example.com"
    assert received.recipients == ["ann@example.com"]
    assert (received.encrypted, received.user) == (encrypted, user)
    assert f"/data-export/{export}/" in text_part(received.message)
    assert b"\n" not in received.bytes.replace(b"\r\n", b""), "bare line feeds"
    assert max(len(line) for line in received.bytes.split(b"\r\n")) <= 998
    assert exportd.status(export)["mail"] == "sent"


def test_plain(exportd, export):
    with MailSink() as sink:
        exportd.drain(MAIL_URL=f"smtp://127.0.0.1:{sink.port}")
        check_received(exportd, sink, export, False, None)


def test_plain_with_a_login_on_loopback(exportd, export):
    with MailSink(login=LOGIN) as sink:
        exportd.drain(MAIL_URL=f"smtp://{USER_INFO}127.0.0.1:{sink.port}")
        check_received(exportd, sink, export, False, "mailer")


@pytest.mark.parametrize("login", [None, LOGIN])
def test_starttls(exportd, export, certificates, login):
    with MailSink("starttls", certificates.right, login) as sink:
        exportd.drain(MAIL_URL=f"smtp://{USER_INFO if login else ''}localhost:{sink.port}"
                               f"?starttls=required&cafile={certificates.ca}")
        check_received(exportd, sink, export, True, login and "mailer")


@pytest.mark.parametrize("login", [None, LOGIN])
def test_tls(exportd, export, certificates, login):
    with MailSink("tls", certificates.right, login) as sink:
        exportd.drain(MAIL_URL=f"smtps://{USER_INFO if login else ''}localhost:{sink.port}"
                               f"?cafile={certificates.ca}")
        check_received(exportd, sink, export, True, login and "mailer")


def run_until_tried(exportd, sql, url):
    """Runs a worker until it has tried to send the mail once. The worker must not end by itself."""
    with exportd.worker(MAIL_URL=url) as worker:
        wait_until(lambda: (outbox(sql) or ("", 0))[1] > 0, "a first try to send the mail")
        assert worker.stop() == 0
        return worker.log_text()


def check_undelivered_then_sent(exportd, sql, export, url):
    log = run_until_tried(exportd, sql, url)
    assert "pass:word" not in log and "pass%3Aword" not in log
    status = exportd.status(export)
    assert (status["status"], status["mail"]) == ("VALID", "waiting")
    assert exportd.download(export).count(b"\r\n") == 4
    sql.execute("SELECT message_id, next_try_at > now() FROM exportd.outbox")
    identifier, later = sql.fetchone()
    assert later, "not at once again"
    sql.execute("UPDATE exportd.outbox SET next_try_at = now()")
    with MailSink() as sink:
        exportd.drain(MAIL_URL=f"smtp://127.0.0.1:{sink.port}")
        check_received(exportd, sink, export, False, None)
        assert sink.mails[0].message["Message-ID"] == identifier


@pytest.mark.parametrize("tls, scheme, query", [
    ("tls", "smtps", "?cafile={ca}"), ("starttls", "smtp", "?starttls=required&cafile={ca}")])
def test_a_certificate_of_another_host(exportd, sql, export, certificates, tls, scheme, query):
    with MailSink(tls, certificates.wrong_host) as sink:
        check_undelivered_then_sent(
            exportd, sql, export,
            f"{scheme}://localhost:{sink.port}{query.format(ca=certificates.ca)}")
        assert sink.mails == []


@pytest.mark.parametrize("tls, scheme, query", [("tls", "smtps", ""),
                                                ("starttls", "smtp", "?starttls=required")])
def test_an_unknown_authority(exportd, sql, export, certificates, tls, scheme, query):
    with MailSink(tls, certificates.right) as sink:
        check_undelivered_then_sent(exportd, sql, export,
                                    f"{scheme}://localhost:{sink.port}{query}")
        assert sink.mails == []


def test_starttls_is_not_dropped_silently(exportd, sql, export, certificates):
    with MailSink() as sink:
        check_undelivered_then_sent(
            exportd, sql, export,
            f"smtp://localhost:{sink.port}?starttls=required&cafile={certificates.ca}")
        assert sink.mails == []


def test_a_wrong_password(exportd, sql, export, certificates):
    with MailSink("tls", certificates.right, ("mailer", "another")) as sink:
        check_undelivered_then_sent(
            exportd, sql, export,
            f"smtps://{USER_INFO}localhost:{sink.port}?cafile={certificates.ca}")
        assert sink.mails == []


def test_no_server_at_all(exportd, sql, export):
    check_undelivered_then_sent(exportd, sql, export, "smtp://127.0.0.1:1")


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_says_later(exportd, sql, export, command):
    with MailSink() as sink:
        sink.refuse(command, "451 4.3.0 try again later", times=100)
        check_undelivered_then_sent(exportd, sql, export, f"smtp://127.0.0.1:{sink.port}")
        assert sink.mails == []


RECIPIENT_OR_MAIL = [
    *(("RCPT", f"550 {status} no such user")
      for status in ("5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")),
    ("DATA", "552 5.3.4 too big"), ("DATA", "554 5.6.0 not a mail"), ("DATA", "554 5.6.3 cannot convert")]
SETUP = [
    ("MAIL", "553 5.7.1 sender address rejected: not owned by user"),
    ("MAIL", "550 5.1.1 no such sender"),
    ("RCPT", "504 5.5.2 <shop>: Helo command rejected: need fully-qualified hostname"),
    ("RCPT", "554 5.7.1 Relay access denied"), ("RCPT", "550 relaying denied"),
    ("RCPT", "554 5.7.1 Client host rejected: Access denied"),
    ("RCPT", "550 5.4.5 Daily sending quota exceeded"),
    ("DATA", "550 5.7.1 rejected by policy"), ("DATA", "550 5.1.1 said too late"), ("DATA", "554 no")]


@pytest.mark.parametrize("command, answer", SETUP)
def test_a_refusal_because_of_the_setup(exportd, sql, export, command, answer):
    """Every mail would be refused. After an operator has corrected the setup, all are sent."""
    with MailSink() as sink:
        url = f"smtp://127.0.0.1:{sink.port}"
        sink.refuse(command, answer, times=100)
        if command != "DATA":
            checked = exportd.run("check", MAIL_URL=url)
            assert checked.status == 1 and answer in checked.out
        check_undelivered_then_sent(exportd, sql, export, url)
        assert sink.mails == []


def test_check_mails_nothing(exportd, export):
    with MailSink() as sink:
        sink.refuse("RCPT", "550 5.1.1 no such mailbox")
        exportd.ok("check", MAIL_URL=f"smtp://127.0.0.1:{sink.port}")
        assert sink.connections == 1 and sink.mails == []


def test_given_up_after_a_day_and_resent(exportd, sql, export):
    with MailSink() as sink:
        url = f"smtp://127.0.0.1:{sink.port}"
        sink.refuse("RCPT", "554 5.7.1 <ann@example.com>: Relay access denied", times=2)
        with exportd.worker(MAIL_URL=url) as worker:
            worker.wait_for_event("mail.delayed")
            waiting, = exportd.ok("mail", "list", "--json").json_lines()
            sql.execute("UPDATE exportd.outbox SET next_try_at = now(),"
                        " first_try_at = first_try_at - interval '1 day'")
            worker.wait_for_event("mail.given-up")
            assert worker.stop() == 0
            assert "ann@example.com" not in worker.log_text()
        assert (waiting["id"], waiting["state"], waiting["tries"]) == (export, "waiting", 1)
        given_up, = exportd.ok("mail", "list", "--state", "given-up", "--json").json_lines()
        assert (given_up["tries"], given_up["next_try_at"]) == (2, None)
        assert given_up["recipient"] == "ann@example.com" and given_up["organization"] == "acme"
        assert "554 5.7.1 <*>: Relay access denied" in given_up["message"]
        assert exportd.status(export)["mail_message"] == given_up["message"]
        assert "Relay access denied" in exportd.ok("mail", "list").out
        assert exportd.ok("mail", "resend", "--all").out == f"resent {export}\n"
        assert outbox(sql) == ("waiting", 0)
        exportd.drain(MAIL_URL=url)
        assert len(sink.mails) == 1
        exportd.ok("mail", "resend", str(export))
        exportd.drain(MAIL_URL=url)
        assert len(set(identities(sink))) == 1 and len(sink.mails) == 2
    assert exportd.ok("mail", "list").out == ""
    assert exportd.run("mail", "resend", "999").status == 3
    sql.execute("SELECT count(*) FROM exportd.audit WHERE action = 'resend' AND data_export_id = %s",
                (export,))
    assert sql.fetchone() == (2,)


def test_the_name_that_the_server_is_greeted_with(exportd, export):
    with MailSink() as sink:
        exportd.drain(MAIL_URL=f"smtp://127.0.0.1:{sink.port}", MAIL_HELO="exports.example.com")
        assert sink.hello == "exports.example.com" and len(sink.mails) == 1
    exportd.fails("check", status=2, MAIL_HELO="a b")


@pytest.mark.parametrize("command, answer", RECIPIENT_OR_MAIL)
def test_a_server_that_says_never(exportd, sql, export, command, answer):
    """The mail is given up, and log and status say so. The export stays valid and delays nothing."""
    with MailSink() as sink:
        sink.refuse(command, answer, times=100)
        log = exportd.drain(MAIL_URL=f"smtp://127.0.0.1:{sink.port}").err
        assert sink.mails == []
    assert '"level":"error"' in log.replace('": "', '":"')
    assert outbox(sql) == ("given-up", 1)
    status = exportd.status(export)
    assert (status["status"], status["mail"]) == ("VALID", "given-up")
    assert status["message"]
    exportd.drain()


def test_a_mail_is_sent_once(exportd, export, sql):
    with MailSink() as sink:
        exportd.drain(MAIL_URL=f"smtp://127.0.0.1:{sink.port}")
        exportd.drain(MAIL_URL=f"smtp://127.0.0.1:{sink.port}")
        assert len(sink.mails) == 1
    assert outbox(sql) == ("sent", 1)


def test_a_mail_whose_success_is_not_noted_goes_out_again_as_the_same(exportd, export, sql):
    """Mail programs recognize the copy by its Message-ID."""
    with MailSink() as sink:
        url = f"smtp://127.0.0.1:{sink.port}"
        with exportd.worker(MAIL_URL=url, FAULT="after_smtp:kill") as worker:
            assert worker.process.wait(20) == -signal.SIGKILL
        assert len(sink.mails) == 1 and outbox(sql) == ("waiting", 1)
        sql.execute("SELECT next_try_at - now() FROM exportd.outbox")
        assert sql.fetchone()[0].total_seconds() > 60, "held back from other mailers"
        sql.execute("UPDATE exportd.outbox SET next_try_at = now()")
        exportd.drain(MAIL_URL=url)
        first, second = sink.mails
        assert first.bytes == second.bytes
    assert outbox(sql) == ("sent", 2)


def test_a_mail_whose_success_could_not_be_noted_at_once(exportd, export, sql):
    """A worker that stops records the success before it ends."""
    with MailSink() as sink:
        url = f"smtp://127.0.0.1:{sink.port}"
        with exportd.worker(MAIL_URL=url, FAULT="after_smtp:error") as worker:
            wait_until(lambda: len(sink.mails) == 1, "the mail is sent")
            assert worker.stop() == 0
            assert len(worker.events("mail.sent")) == 1
        assert len(sink.mails) == 1 and outbox(sql) == ("sent", 1)


def identities(sink):
    return [mail.message["Message-ID"] for mail in sink.mails]


def test_several_mails_at_once(exportd, sql, waiting):
    with MailSink() as sink:
        exportd.drain(MAIL_URL=f"smtp://127.0.0.1:{sink.port}")
        assert len(set(identities(sink))) == len(sink.mails) == 6
        assert {export for export in waiting for mail in sink.mails
                if f"/data-export/{export}/" in text_part(mail.message)} == set(waiting)
    assert states(sql) == ["sent"] * 6


def test_one_of_several_mails_is_refused_and_one_put_off(exportd, sql, waiting):
    with MailSink() as sink:
        sink.refuse("RCPT", "550 5.1.1 no such user")
        sink.refuse("DATA", "451 4.3.0 later")
        url = f"smtp://127.0.0.1:{sink.port}"
        with exportd.worker(MAIL_URL=url) as worker:
            wait_until(lambda: states(sql).count("sent") == 4, "four mails are sent")
            assert worker.stop() == 0
        assert sorted(states(sql)) == ["given-up"] + ["sent"] * 4 + ["waiting"]
        sql.execute("SELECT tries, next_try_at - now() FROM exportd.outbox WHERE state = 'waiting'")
        tries, pause = sql.fetchone()
        assert tries == 1 and 0 < pause.total_seconds() <= 10
        assert len(set(identities(sink))) == len(sink.mails) == 4


def test_a_worker_dies_with_several_mails_in_hand(exportd, sql, waiting):
    """Mails that it had sent are sent again, with the same Message-ID; the others are sent for the first time."""
    with MailSink() as sink:
        url = f"smtp://127.0.0.1:{sink.port}"
        with exportd.worker(MAIL_URL=url, FAULT="after_smtp:kill:3") as worker:
            assert worker.process.wait(20) == -signal.SIGKILL
        assert len(set(identities(sink))) == len(sink.mails) == 3
        sql.execute("UPDATE exportd.outbox SET next_try_at = now()")  # the end of their hold
        exportd.drain(MAIL_URL=url)
        assert len(set(identities(sink))) == 6 and len(sink.mails) <= 9
    assert states(sql) == ["sent"] * 6


class SecondMailHangs(MailSink):
    hanging = False

    async def handle_DATA(self, server, session, envelope):
        if self.mails:
            self.hanging = True
            await asyncio.sleep(60)
        return await super().handle_DATA(server, session, envelope)


def test_a_worker_stops_with_several_mails_in_hand(exportd, sql, waiting):
    """A mail that it has not begun is due at once for another worker, and counts as not tried. A mail whose body
    the server has may be sent."""
    with SecondMailHangs() as sink:
        url = f"smtp://127.0.0.1:{sink.port}"
        with exportd.worker(MAIL_URL=url, STOP_SECONDS=1) as worker:
            wait_until(lambda: sink.hanging, "a mail hangs")
            assert worker.stop() == 0
        assert sorted(states(sql)) == ["sent"] + ["waiting"] * 5
        sql.execute("SELECT tries, next_try_at <= now() FROM exportd.outbox"
                    " WHERE state = 'waiting' ORDER BY tries")
        assert sql.fetchall() == [(0, True)] * 4 + [(1, False)]
        sql.execute("SELECT perhaps_sent, message FROM exportd.outbox WHERE tries = 1 AND state = 'waiting'")
        perhaps_sent, message = sql.fetchone()
        assert perhaps_sent == 1 and message.startswith("perhaps sent: ")


class SlowMailSink(MailSink):
    """Answers slowly after the final dot."""
    seconds = 0

    async def handle_DATA(self, server, session, envelope):
        answer = await super().handle_DATA(server, session, envelope)
        await asyncio.sleep(self.seconds)
        return answer


class SlowGreeting(Listener):
    """Stands before a server, and delays its greeting."""

    def __init__(self, port, seconds):
        self._server, self._seconds = port, seconds
        super().__init__()

    def serve(self, client):
        time.sleep(self._seconds)
        with socket.create_connection(("127.0.0.1", self._server)) as server:
            pass_on(client, server)


def test_a_server_that_takes_35_seconds_over_a_mail(exportd, sql, export):
    """It gets the mail once. A thread that waits for it does not count as hanging."""
    with SlowMailSink() as sink:
        sink.seconds = 35
        exportd.drain(MAIL_URL=f"smtp://127.0.0.1:{sink.port}", STUCK_SECONDS=20)
        assert len(sink.mails) == 1
    assert outbox(sql) == ("sent", 1)


def test_a_server_that_greets_after_15_seconds(exportd, sql, export):
    with MailSink() as sink, contextlib.closing(SlowGreeting(sink.port, 15)) as slow:
        exportd.drain(MAIL_URL=f"smtp://127.0.0.1:{slow.port}")
        assert len(sink.mails) == 1
        line = exportd.fails("check", status=4, MAIL_URL=f"smtp://127.0.0.1:{slow.port}").out  # it has no such patience
        assert "failed  mail         the mail server gave no answer to the connection within 10 s" in line
    assert outbox(sql) == ("sent", 1)


@pytest.mark.long
def test_no_other_worker_takes_a_mail_that_its_server_thinks_about(exportd, sql, export):
    with SlowMailSink() as sink:
        sink.seconds = 150
        url = f"smtp://127.0.0.1:{sink.port}"
        with exportd.worker(MAIL_URL=url) as worker, exportd.worker(MAIL_URL=url) as other:
            wait_until(lambda: states(sql) == ["sent"], "the mail is sent", 200)
            assert worker.stop() == 0 and other.stop() == 0
        assert len(sink.mails) == 1
    assert outbox(sql) == ("sent", 1)


def test_perhaps_sent_three_times(exportd, sql, export):
    """The server accepts each mail, and closes before it confirms that."""
    class Gone(MailSink):
        async def handle_DATA(self, server, session, envelope):
            await super().handle_DATA(server, session, envelope)
            server.transport.abort()
            await asyncio.sleep(60)

    with Gone() as sink:
        with exportd.worker(MAIL_URL=f"smtp://127.0.0.1:{sink.port}") as worker:
            for tries in (1, 2):
                worker.wait_for_event("mail.delayed", tries)
                mail, = exportd.ok("mail", "list", "--json").json_lines()
                assert mail["perhaps_sent"] == tries and mail["message"].startswith("perhaps sent: ")
                sql.execute("UPDATE exportd.outbox SET next_try_at = now()")
            worker.wait_for_event("mail.given-up")
            assert worker.stop() == 0
        assert len(sink.mails) == 3 and len(set(identities(sink))) == 1
    assert exportd.status(export)["mail_message"].startswith("perhaps sent: ")


def test_what_is_logged_of_a_mail(exportd, export, sql):
    with MailSink() as sink:
        sink.refuse("RCPT", "451 4.7.1 ann@example.com is greylisted")
        url = f"smtp://127.0.0.1:{sink.port}"
        with exportd.worker(MAIL_URL=url) as worker:
            worker.wait_for_event("mail.delayed")
            sql.execute("UPDATE exportd.outbox SET next_try_at = now()")
            worker.wait_for_event("mail.sent")
            assert worker.stop() == 0
            delayed, = worker.events("mail.delayed")
            sent, = worker.events("mail.sent")
            assert "ann@example.com" not in worker.log_text()
        received, = sink.mails
    assert (delayed["level"], delayed["data_export_id"], delayed["code"]) == (
        "warning", export, "away")
    assert 7 <= delayed["seconds"] <= 10
    assert (sent["level"], sent["data_export_id"]) == ("info", export)
    assert sent["message_id"] == received.message["Message-ID"]
    assert sent["size"] == len(received.bytes)


def test_files_are_whole_and_private(exportd, export, tmp_path):
    exportd.drain()
    names = [path.name for path in (tmp_path / "mail").iterdir()]
    assert len(names) == 1 and names[0].endswith(".eml")
    assert (tmp_path / "mail" / names[0]).stat().st_mode & 0o077 == 0
