# SPDX-License-Identifier: Apache-2.0
"""A simple client for the tests of the query server."""
import http.client
import json
import socket
from dataclasses import dataclass


@dataclass
class Answer:
    status: int
    content_type: str
    text: str

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def data(self):
        return self.json["data"]


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def connect(server):
    """A connection that stays open for several requests."""
    if server.unix_socket:
        return _UnixConnection(server.unix_socket)
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)


def ask(server, body=None, method="POST", path=None, content_type="application/json", connection=None):
    """The Answer to a request. `body` is text, or a value to be printed as JSON. The default path is that of
    queries."""
    path = path or ("/events/query" if server.dialect.name == "2020" else "/query")
    raw = body if isinstance(body, str) else json.dumps(body)
    headers = {"Content-Type": content_type} if content_type else {}
    own = connection or connect(server)
    try:
        own.request(method, path, raw.encode(), headers)
        response = own.getresponse()
        return Answer(response.status, response.headers["Content-Type"], response.read().decode())
    finally:
        if not connection:
            own.close()
