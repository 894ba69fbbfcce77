# SPDX-License-Identifier: Apache-2.0
"""A scripted HTTP server: good and bad answers, slow answers, silence, cut connections."""
import json
import os
import socket
import threading


class Answer:
    """The answer to a request. `body` is text, bytes, or a value to be printed as JSON. `manner`:
    whole; close: closes after the body; cut: closes within the body; drip: a byte per second; hang: only
    the header; none: closes without an answer; silent: neither answers nor closes; flood: garbage after
    the body until the client closes."""

    def __init__(self, status=200, body=b"", content_type="application/json", manner="whole"):
        if not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        self.status = status
        self.body = body.encode() if isinstance(body, str) else body
        self.content_type = content_type
        self.manner = manner

    def head(self):
        length = "" if self.manner == "flood" else f"Content-Length: {len(self.body)}\r\n"
        return (f"HTTP/1.1 {self.status} Scripted\r\nContent-Type: {self.content_type}\r\n"
                f"{length}\r\n").encode()


class Request:
    """A request as it was received. `json` is its parsed body."""

    def __init__(self, path, headers, body):
        self.path = path
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def referer(self):
        return self.headers.get("referer", "")


class ScriptedHttp:
    """Use as a context manager. `answer(request)` is called for each request, in the connection's thread,
    and returns an Answer. With `folder`, the server listens on a Unix socket there, and `url` is its path.
    With `context` (an SSLContext), it speaks TLS."""

    def __init__(self, answer, folder=None, context=None):
        self.answer = answer
        self.requests = []
        self.connections = 0
        self._context = context
        self._ended = threading.Event()
        if folder is not None:
            self.url = os.path.join(str(folder), "http.socket")
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(self.url)
            self._listener.listen()
        else:
            self._listener = socket.create_server(("127.0.0.1", 0))
            port = self._listener.getsockname()[1]
            self.url = f"{'https' if context else 'http'}://127.0.0.1:{port}"

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as stream:
                while request := read_request(stream):
                    self.requests.append(request)
                    if not self._play(connection, self.answer(request)):
                        return
        except OSError:
            pass  # the client has closed, or has refused our certificate

    def _play(self, connection, answer):
        """Returns whether the connection stays open."""
        if answer.manner == "none":
            return False
        if answer.manner == "silent":
            self._ended.wait(600)
            return False
        connection.sendall(answer.head())
        if answer.manner == "cut":
            connection.sendall(answer.body[:len(answer.body) // 2])
        elif answer.manner == "drip":
            for byte in answer.body:
                connection.sendall(bytes([byte]))
                if self._ended.wait(1):
                    return False
        elif answer.manner == "hang":
            self._ended.wait(600)
        else:
            connection.sendall(answer.body)
        while answer.manner == "flood":
            connection.sendall(b"x" * 65536)
        return answer.manner in ("whole", "drip")


def read_request(stream):
    """Returns a Request, or None at the end of the connection."""
    line = stream.readline()
    if not line:
        return None
    headers = {}
    while (field := stream.readline()) not in (b"\r\n", b"\n", b""):
        name, _, value = field.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    return Request(line.split()[1].decode("latin-1"), headers, body)
