"""TCP proxies: networks that break at the wrong moment."""
import random
import socket
import threading
import time


class Proxy:
    """Stands before a server on a loopback port and loses an answer: the first connection that has
    sent `before` and then sends `last` does not hear back, and nothing gets through for a while."""

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


class Cutter:
    """Stands before a server on a loopback port. While `cutting`, each connection breaks after some
    bytes of the server's answers, anywhere."""

    def __init__(self, server_port, seed):
        self.cutting = False
        self.cuts = 0
        self._random = random.Random(seed)
        self._server_port = server_port
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
            server = socket.create_connection(("127.0.0.1", self._server_port))
            budget = int(self._random.expovariate(1 / 3000))
            for serve in (self._requests, self._answers):
                threading.Thread(target=serve, args=(client, server, budget), daemon=True).start()

    @staticmethod
    def _end(*connections):
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _requests(self, client, server, _):
        try:
            while data := client.recv(65536):
                server.sendall(data)
        except OSError:
            pass
        self._end(client, server)

    def _answers(self, client, server, budget):
        passed = 0
        try:
            while data := server.recv(65536):
                passed += len(data)
                if self.cutting and passed > budget:
                    client.sendall(data[:max(0, len(data) - (passed - budget))])
                    self.cuts += 1
                    break
                client.sendall(data)
        except OSError:
            pass
        self._end(client, server)
        client.close()
        server.close()
