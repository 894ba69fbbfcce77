# SPDX-License-Identifier: Apache-2.0
"""A real SMTP server that keeps the mails it gets. It speaks plain SMTP, STARTTLS or TLS, with or
without login, and can refuse commands."""
import email
import email.policy
import os
import ssl
import subprocess
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from support.servers import free_port


class Certificates:
    """Made by openssl in `folder`: a certificate authority (`ca`), and servers signed by it for
    localhost and for another host."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.ca = self._path("ca.pem")
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                      "-nodes", "-days", "2", "-subj", "/CN=test authority",
                      "-keyout", self._path("ca.key"), "-out", self.ca)
        self.right = self._server("right", "DNS:localhost,IP:127.0.0.1")
        self.wrong_host = self._server("wrong-host", "DNS:mail.example.org")

    def _path(self, name):
        return os.path.join(self.folder, name)

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, stdin=subprocess.DEVNULL,
                       capture_output=True)

    def _server(self, name, alternatives):
        key, request, certificate = (self._path(f"{name}.{end}") for end in ("key", "csr", "pem"))
        extensions = self._path(f"{name}.ext")
        with open(extensions, "w") as file:
            file.write(f"subjectAltName={alternatives}\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                      "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey",
                      self._path("ca.key"), "-CAcreateserial", "-days", "2", "-extfile", extensions,
                      "-out", certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context


class Received:
    """A mail as it was received."""

    def __init__(self, envelope, session, encrypted):
        self.sender = envelope.mail_from
        self.recipients = list(envelope.rcpt_tos)
        self.bytes = envelope.original_content
        self.encrypted = encrypted
        self.received_at = time.time()
        self.user = session.auth_data.login.decode() if session.auth_data else None
        self.message = email.message_from_bytes(self.bytes, policy=email.policy.default)


class MailSink:
    """Use as a context manager. `tls` is None, "starttls" or "tls". `login` is a (user, password) pair
    that clients must give. refuse("RCPT", "450 later", times=1) scripts answers to MAIL, RCPT and DATA."""

    def __init__(self, tls=None, context=None, login=None):
        self.mails = []
        self.connections = 0
        self.hello = None
        self._tls = tls
        self._refusals = {}
        self._login = login
        self.port = free_port()
        options = {}
        if tls == "starttls":
            options.update(tls_context=context, require_starttls=True)
        if login:
            options.update(authenticator=self._authenticate, auth_required=True,
                           auth_require_tls=tls == "starttls")
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port,
                                      ssl_context=context if tls == "tls" else None, **options)

    def __enter__(self):
        self._controller.start()
        return self

    def __exit__(self, *_):
        self._controller.stop()

    def refuse(self, command, answer, times=1):
        self._refusals[command] = [answer] * times

    def _refusal(self, command):
        answers = self._refusals.get(command)
        return answers.pop(0) if answers else None

    def _authenticate(self, _server, _session, _envelope, _mechanism, data):
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        right = (data.login.decode(), data.password.decode()) == self._login
        return AuthResult(success=right, handled=False, auth_data=data)

    # The methods that aiosmtpd calls.

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses):
        self.connections += 1
        session.host_name = self.hello = hostname
        return responses

    async def handle_MAIL(self, _server, _session, envelope, address, options):
        refusal = self._refusal("MAIL")
        if refusal:
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _server, _session, envelope, address, options):
        refusal = self._refusal("RCPT")
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _server, session, envelope):
        refusal = self._refusal("DATA")
        if refusal:
            return refusal
        encrypted = self._tls == "tls" or session.ssl is not None
        self.mails.append(Received(envelope, session, encrypted))
        return "250 OK"
