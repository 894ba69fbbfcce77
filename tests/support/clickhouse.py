# SPDX-License-Identifier: Apache-2.0
"""A private ClickHouse server (Debian's 18.16): a folder of its own, free loopback ports, bounded memory.
It ends with the process that started it. It starts in about a second and needs some 100 MB, so each test
process that needs one has its own."""
import fcntl
import http.client
import json
import os
import platform
import shutil
import signal
import subprocess
import tempfile
import urllib.parse

import pytest

from support.servers import _die_with_parent, _stop, free_port
from support.waiting import wait_until

CONFIG = """<?xml version="1.0"?>
<yandex>
    <logger><level>warning</level><log>{folder}/log</log><errorlog>{folder}/errors</errorlog></logger>
    <http_port>{http_port}</http_port>
    <tcp_port>{tcp_port}</tcp_port>
    <listen_host>127.0.0.1</listen_host>
    <path>{folder}/data/</path>
    <tmp_path>{folder}/tmp/</tmp_path>
    <user_files_path>{folder}/user_files/</user_files_path>
    <users_config>{folder}/users.xml</users_config>
    <default_profile>default</default_profile>
    <default_database>default</default_database>
    <timezone>Etc/UTC</timezone>
    <max_connections>200</max_connections>
    <keep_alive_timeout>60</keep_alive_timeout>
    <max_concurrent_queries>50</max_concurrent_queries>
    <uncompressed_cache_size>0</uncompressed_cache_size>
    <mark_cache_size>67108864</mark_cache_size>
</yandex>
"""

USERS = """<?xml version="1.0"?>
<yandex>
    <profiles><default>
        <max_memory_usage>{memory}</max_memory_usage>
        <max_memory_usage_for_all_queries>{memory}</max_memory_usage_for_all_queries>
        <max_threads>2</max_threads>
        <log_queries>0</log_queries>
    </default></profiles>
    <users><default>
        <password></password>
        <networks><ip>127.0.0.1</ip></networks>
        <profile>default</profile>
        <quota>default</quota>
    </default></users>
    <quotas><default></default></quotas>
</yandex>
"""


class ClickHouseError(Exception):
    """An answer that is an error: its code (0: none), and its text as in the native protocol,
    `DB::Exception: …`."""

    def __init__(self, code, text):
        super().__init__(f"Code: {code}. {text}")
        self.code = code
        self.text = text


MISSING = "this Debian has no clickhouse-server"


def _program():
    return shutil.which("clickhouse-server", path=f"/usr/sbin:{os.environ.get('PATH', '')}")


def is_missing_in_debian():
    """Whether it is not installed and cannot be: Debian 13 has no ClickHouse."""
    return not _program() and platform.freedesktop_os_release().get("VERSION_ID") != "12"


needs_clickhouse = pytest.mark.skipif(is_missing_in_debian(), reason=MISSING)


class ClickHouse:
    """A running server. `port` is for HTTP, `tcp_port` for clickhouse-client."""

    def __init__(self, memory=2 << 30):
        self.folder = tempfile.mkdtemp(prefix="exportd-ch-", dir="/tmp")
        self.memory = memory
        self.port = self.tcp_port = None
        self.process = None
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self):
        """Starts the server. After stop(), it has the same data, and the same ports if they are free."""
        program = _program()
        if not program:
            raise RuntimeError("clickhouse-server is not installed: run scripts/install-deps --test")
        self._wait_for_lock()
        for _ in range(5):
            self._launch(program)
            if wait_until(self._started, f"ClickHouse answers (see {self.folder}/errors)") == "up":
                return
            self.port = self.tcp_port = None
        raise RuntimeError(f"clickhouse-server does not start: {self.log()}")

    def _launch(self, program):
        self.port = self.port or free_port()
        self.tcp_port = self.tcp_port or free_port()
        self._write("config.xml", CONFIG.format(folder=self.folder, http_port=self.port,
                                                tcp_port=self.tcp_port))
        self._write("users.xml", USERS.format(memory=self.memory))
        with open(os.path.join(self.folder, "output"), "ab") as output:
            self.process = subprocess.Popen(
                [program, f"--config-file={self.folder}/config.xml"], stdout=output, stderr=output,
                stdin=subprocess.DEVNULL, cwd=self.folder, start_new_session=True,
                preexec_fn=_die_with_parent(signal.SIGKILL))

    def _started(self):
        if self.process.poll() is not None:
            return "ended"
        try:
            return "up" if self.query("SELECT 1") == "1\n" else None
        except (OSError, http.client.HTTPException, ClickHouseError):
            return None

    def _wait_for_lock(self):
        """Waits until the last server has released its lock file: a new server ends if it is locked."""
        path = os.path.join(self.folder, "data", "status")
        if not os.path.exists(path):
            return
        with open(path) as status:
            def is_free():
                try:
                    fcntl.flock(status, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return True
                except BlockingIOError:
                    return False
            wait_until(is_free, "the last ClickHouse server has released its lock file")

    def _write(self, name, text):
        with open(os.path.join(self.folder, name), "w") as file:
            file.write(text)

    def log(self):
        text = ""
        for name in ("errors", "output"):
            path = os.path.join(self.folder, name)
            if os.path.exists(path):
                with open(path, errors="replace") as file:
                    text += file.read()[-4000:]
        return text

    def stop(self):
        _stop(self.process, signal.SIGTERM)

    def close(self):
        if self.process:
            _stop(self.process, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def query(self, sql, data=b"", database="default", **settings):
        """Returns the answer's text. `data` is the input of an INSERT … FORMAT."""
        parameters = urllib.parse.urlencode({"database": database, **settings})
        body = sql.encode(errors="surrogatepass") + (b"\n" + data if data else b"")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        try:
            connection.request("POST", f"/?{parameters}", body)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        finally:
            connection.close()
        if response.status != 200:
            raise _error(text)
        return text

    def rows(self, sql, database="default", **settings):
        """Returns meta, rows (lists) and totals (or None) of a SELECT."""
        text = self.query(sql, database=database, default_format="JSONCompact",
                          output_format_json_quote_64bit_integers=0, **settings)
        try:
            answer = json.loads(text)
        except json.JSONDecodeError:
            # An error after the status 200 is appended to the rows.
            raise _error(text[text.rfind("Code: "):]) from None
        return answer["meta"], answer["data"], answer.get("totals")


def _error(text):
    """Parses `Code: 47, e.displayText() = DB::Exception: …, e.what() = DB::Exception`."""
    code, _, rest = text.partition(", e.displayText() = ")
    number = code.removeprefix("Code: ")
    return ClickHouseError(int(number) if number.isdigit() else 0,
                           rest.rpartition(", e.what() = ")[0] or text.strip())
