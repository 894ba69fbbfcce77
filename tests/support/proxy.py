# SPDX-License-Identifier: Apache-2.0
"""TCP proxies that break connections at a chosen moment."""
import contextlib
import random
import socket
import threading
import time


class Listener:
    """Listens on a loopback port. Each connection has a thread, which runs serve(client)."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, contextlib.suppress(OSError):
            self.serve(client)

    def serve(self, client):
        raise NotImplementedError


def pass_on(client, server, hear=lambda data: data):
    """Passes bytes both ways until one side closes. `hear` gets the server's bytes and returns those to pass
    on; if it returns fewer, the connections end after them."""
    def up():
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)
        end(client, server)

    for connection in (client, server):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=up, daemon=True).start()
    with contextlib.suppress(OSError):
        while data := server.recv(65536):
            heard = hear(data)
            if heard:
                client.sendall(heard)
            if heard != data:
                break
    end(client, server)


def end(*connections):
    for connection in connections:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


class Watched:
    """A connection that calls `sent` with the bytes of each send."""

    def __init__(self, connection, sent):
        self._connection, self._sent = connection, sent

    def recv(self, size):
        data = self._connection.recv(size)
        self._sent(data)
        return data

    def __getattr__(self, name):
        return getattr(self._connection, name)


class Proxy(Listener):
    """Stands before a server on a loopback port and loses an answer: the first connection that has sent
    `before` and then sends `last` gets no answer. For a while after that, no connection works."""

    def __init__(self, server_port, before, last, away_seconds):
        self.answers_lost = 0
        self._server_port = server_port
        self._before, self._last = before, last
        self._away_seconds = away_seconds
        self._away_until = 0
        super().__init__()

    def serve(self, client):
        if time.monotonic() < self._away_until:
            return
        sent = bytearray()
        deaf = threading.Event()

        def note(data):
            sent.extend(data)
            _, found, behind = bytes(sent).rpartition(self._before)
            if found and self._last in behind and not self.answers_lost:
                deaf.set()

        def hear(data):
            if not deaf.is_set():
                return data
            self._away_until = time.monotonic() + self._away_seconds
            self.answers_lost += 1
            return b""

        with socket.create_connection(("127.0.0.1", self._server_port)) as server:
            pass_on(Watched(client, note), server, hear)


class Slow(Listener):
    """Stands before a server on a loopback port, and limits the bytes per second of its answers."""

    def __init__(self, server_port, bytes_a_second):
        self._server_port = server_port
        self._bytes_a_second = bytes_a_second
        super().__init__()

    def serve(self, client):
        def hear(data):
            time.sleep(len(data) / self._bytes_a_second)
            return data

        with socket.create_connection(("127.0.0.1", self._server_port)) as server:
            pass_on(client, server, hear)


class Cutter(Listener):
    """Stands before a server on a loopback port. While `cutting`, each connection breaks after a random
    number of bytes of the server's answers."""

    def __init__(self, server_port, seed):
        self.cutting = False
        self.cuts = 0
        self._random = random.Random(seed)
        self._server_port = server_port
        super().__init__()

    def serve(self, client):
        budget = int(self._random.expovariate(1 / 3000))
        passed = 0

        def hear(data):
            nonlocal passed
            passed += len(data)
            if not self.cutting or passed <= budget:
                return data
            self.cuts += 1
            return data[:max(0, len(data) - (passed - budget))]

        with socket.create_connection(("127.0.0.1", self._server_port)) as server:
            pass_on(client, server, hear)


class Gate(Listener):
    """Stands before a server on a loopback port. While it is shut, it closes all connections, old and new."""

    def __init__(self, server_port):
        self._server_port = server_port
        self._open = True
        self._clients = []
        super().__init__()

    def shut(self):
        self._open = False
        end(*self._clients)

    def open(self):
        self._open = True

    def serve(self, client):
        self._clients.append(client)
        if self._open:
            with socket.create_connection(("127.0.0.1", self._server_port)) as server:
                pass_on(client, server)
