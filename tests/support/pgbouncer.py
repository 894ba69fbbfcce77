# SPDX-License-Identifier: Apache-2.0
"""A private pgbouncer in transaction mode in front of a PostgreSQL of servers.py. After each transaction,
another client may get the server connection, so a session has no settings of its own."""
import os
import shutil
import signal
import subprocess
import tempfile

import psycopg2

from support.servers import _die_with_parent, _stop, free_port
from support.waiting import wait_until

SETTINGS = """
[databases]
* = host={host} port={server_port} user=postgres pool_size={pool_size}

[pgbouncer]
unix_socket_dir = {folder}
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = any
pool_mode = transaction
server_round_robin = 1
logfile = {folder}/log
"""


class PgBouncer:
    """It has few server connections and uses them in turn, so that a client rarely gets the same one twice."""

    def __init__(self, postgres, pool_size=3):
        self.folder = tempfile.mkdtemp(prefix="exportd-pgbouncer-", dir="/tmp")
        self.port = free_port()
        with open(os.path.join(self.folder, "ini"), "w", encoding="ascii") as file:
            file.write(SETTINGS.format(folder=self.folder, port=self.port, host=postgres.folder,
                                       server_port=postgres.port, pool_size=pool_size))
        owner = {}
        if os.geteuid() == 0:  # pgbouncer refuses to run as root
            shutil.chown(self.folder, "postgres", "postgres")
            owner = {"user": "postgres", "group": "postgres", "extra_groups": []}
        self.process = subprocess.Popen(
            ["/usr/sbin/pgbouncer", "-q", os.path.join(self.folder, "ini")], cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, preexec_fn=_die_with_parent(signal.SIGKILL), **owner)
        wait_until(self._answers, f"pgbouncer answers (see {self.folder}/log)")

    def _answers(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"pgbouncer ended, status {self.process.returncode}")
        try:
            psycopg2.connect(self.url("postgres"), connect_timeout=5).close()
            return True
        except psycopg2.OperationalError:
            return False

    def url(self, database):
        return f"host={self.folder} port={self.port} user=postgres dbname={database}"

    def close(self):
        _stop(self.process, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)
