"""A TCP proxy that loses an answer: it passes a message on, swallows what comes back, and is away for a
while, as a network is that breaks at the wrong moment."""
import socket
import threading
import time


class Proxy:
    """Stands before a server on a loopback port. The first connection that has sent `before` and then
    sends `last` does not hear the answer."""

    def __init__(self, server_port, before, last, away_seconds):
        self.answers_lost = 0
        self._server_port = server_port
        self._before, self._last = before, last
        self._away_seconds = away_seconds
        self._away_until = 0
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
            if time.monotonic() < self._away_until:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self._server_port))
            deaf = threading.Event()
            threading.Thread(target=self._requests, args=(client, server, deaf),
                             daemon=True).start()
            threading.Thread(target=self._answers, args=(client, server, deaf),
                             daemon=True).start()

    def _requests(self, client, server, deaf):
        sent = b""
        try:
            while data := client.recv(65536):
                sent += data
                _, found, behind = sent.rpartition(self._before)
                if found and self._last in behind and not self.answers_lost:
                    deaf.set()
                server.sendall(data)
        except OSError:
            pass
        server.close()

    def _answers(self, client, server, deaf):
        try:
            while data := server.recv(65536):
                if deaf.is_set():
                    self._away_until = time.monotonic() + self._away_seconds
                    self.answers_lost += 1
                    break
                client.sendall(data)
        except OSError:
            pass
        for connection in (client, server):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        client.close()
