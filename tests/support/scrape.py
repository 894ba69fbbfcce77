# SPDX-License-Identifier: Apache-2.0
"""Asks a worker's listener, over its Unix socket."""
import re
import socket

SAMPLE = re.compile(r'^([a-z_]+)(?:\{(.*)\})? (\S+)$')


class Listener:
    """`settings` make a worker listen on a socket in `folder`."""

    def __init__(self, folder):
        self.path = f"{folder}/metrics"
        self.settings = {"METRICS_LISTEN": self.path}

    def connect(self):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(30)
        connection.connect(self.path)
        return connection

    def exchange(self, request):
        """Sends bytes; returns all that comes back until the worker closes the connection."""
        with self.connect() as connection:
            connection.sendall(request)
            return receive(connection)

    def get(self, path):
        """(status, body)"""
        answer = self.exchange(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
        head, _, body = answer.decode().partition("\r\n\r\n")
        return int(head.split()[1]), body

    def metrics(self):
        """{'name{label="value"}': number}"""
        status, body = self.get("/metrics")
        assert status == 200
        found = {}
        for line in body.splitlines():
            if not line.startswith("#"):
                name, labels, number = SAMPLE.match(line).groups()
                found[name + (f"{{{labels}}}" if labels else "")] = float(number)
        return found


def receive(connection):
    data = b""
    while part := connection.recv(65536):
        data += part
    return data
