# SPDX-License-Identifier: Apache-2.0
"""Private PostgreSQL and Redis servers, on Unix sockets in folders of their own and on free loopback
ports. They end with the process that started them."""
import ctypes
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile

import psycopg2
import redis

from support.waiting import wait_until

PR_SET_PDEATHSIG = 1


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _die_with_parent(number):
    """For preexec_fn: the child gets signal `number` when this process ends, however it ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    return lambda: libc.prctl(PR_SET_PDEATHSIG, number)


def _stop(process, number):
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Postgres:
    """A cluster with unusual values of settings on which exportd must not depend: a language's sort order
    instead of bytes, and a time zone that is not UTC. With `durable` it keeps committed data after kill(), as
    a real server does; without, it is faster. `settings` are further settings; `environment(folder)` is the
    server's environment."""

    def __init__(self, durable=False, settings=None, parent="/tmp", environment=None):
        self._durable = durable
        self._settings = settings or {}
        self.folder = tempfile.mkdtemp(prefix="exportd-pg-", dir=parent)
        # PostgreSQL refuses to run as root.
        self._owner = {"user": "postgres", "group": "postgres", "extra_groups": []} \
            if os.geteuid() == 0 else {}
        if self._owner:
            account = pwd.getpwnam("postgres")
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        self.data = os.path.join(self.folder, "data")
        self.port = free_port()
        self.process = None
        self._initdb()
        self._environment = environment and environment(self.folder)
        self.start()

    @staticmethod
    def program(name):
        found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
        if not found:
            raise RuntimeError(f"{name} is not installed: run scripts/install-deps --test")
        return found[-1]

    def _initdb(self):
        subprocess.run(
            [self.program("initdb"), "-D", self.data, "-U", "postgres", "--auth=trust",
             "--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US",
             "--no-sync", "--no-instructions"],
            check=True, stdout=subprocess.DEVNULL, cwd="/", **self._owner)

    def start(self):
        options = {
            "unix_socket_directories": self.folder, "listen_addresses": "127.0.0.1",
            "port": self.port, "fsync": "on" if self._durable else "off",
            "synchronous_commit": "on" if self._durable else "off", "full_page_writes": "off",
            "max_connections": 100, "shared_buffers": "64MB", "timezone": "Europe/Berlin",
            "log_timezone": "UTC", "jit": "off", **self._settings}
        arguments = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(
                [self.program("postgres"), "-D", self.data, *arguments], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, cwd="/", start_new_session=True, env=self._environment,
                preexec_fn=_die_with_parent(signal.SIGQUIT), **self._owner)
        wait_until(self._answers, f"PostgreSQL answers (see {self.folder}/log)")

    def _answers(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"postgres ended, status {self.process.returncode}: {self.log()}")
        try:
            self.connect("postgres").close()
            return True
        except psycopg2.OperationalError:
            return False

    def log(self):
        with open(os.path.join(self.folder, "log"), errors="replace") as log:
            return log.read()[-4000:]

    def stop(self):
        _stop(self.process, signal.SIGINT)

    def kill(self):
        """Breaks every connection at once. The next start recovers from the log."""
        _stop(self.process, signal.SIGQUIT)

    def close(self):
        _stop(self.process, signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self, database):
        connection = psycopg2.connect(host=self.folder, port=self.port, user="postgres",
                                      dbname=database, connect_timeout=10)
        connection.autocommit = True
        return connection

    def url(self, database):
        """A connection string of keywords, for the Unix socket."""
        return f"host={self.folder} port={self.port} user=postgres dbname={database}"

    def tcp_url(self, database):
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def execute(self, statement):
        connection = self.connect("postgres")
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()

    def create_database(self, name, template="template1"):
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def drop_database(self, name):
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


class Redis:
    """`durable`: it syncs each command before it answers, so that kill() loses nothing. `command` starts
    the program, for a Redis that runs under another program. `settings` are further arguments."""

    def __init__(self, durable=False, command=("redis-server",), environment=None, settings=(),
                 parent="/tmp"):
        self._persistence = ["--appendonly", "yes", "--appendfsync", "always"] if durable \
            else ["--appendonly", "no"]
        self._persistence += settings
        self._command = list(command)
        self._environment = environment
        self.folder = tempfile.mkdtemp(prefix="exportd-redis-", dir=parent)
        self.socket = os.path.join(self.folder, "redis.sock")
        self.port = free_port()
        self.process = None
        self.start()

    def start(self):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(
                [*self._command, "--unixsocket", self.socket, "--port", str(self.port),
                 "--bind", "127.0.0.1", "--save", "", *self._persistence, "--dir", self.folder],
                env=self._environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=_die_with_parent(signal.SIGKILL))
        wait_until(self._answers, f"Redis answers (see {self.folder}/log)")

    def _answers(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"redis-server ended, status {self.process.returncode}")
        try:
            return self.connect().ping()
        except redis.exceptions.ConnectionError:
            return False

    def connect(self):
        return redis.Redis(unix_socket_path=self.socket)

    @property
    def url(self):
        return f"unix://{self.socket}"

    @property
    def tcp_url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def stop(self):
        _stop(self.process, signal.SIGTERM)

    def kill(self):
        _stop(self.process, signal.SIGKILL)

    def close(self):
        _stop(self.process, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)
