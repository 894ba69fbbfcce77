# SPDX-License-Identifier: Apache-2.0
"""A Snuba-compatible query server for tests, over a private ClickHouse: HTTP/1.1 with keep-alive, on a free
loopback port or on a Unix socket."""
import itertools
import json
import os
import socket
import socketserver
import threading
import time
import traceback
from dataclasses import dataclass
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler

from support.clickhouse import ClickHouseError
from support.snuba import events
from support.snuba.common import TEXT, Refusal, page
from support.snuba.dialect_2018 import April17, April19
from support.snuba.dialect_2020 import March2020

DIALECTS = {"2018": April17, "2018apr17": April17, "2018apr19": April19, "2020": March2020}
EMPTY_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
_numbers = itertools.count(1)


@dataclass
class Request:
    """A request and its result: `time` is time.time(), `body` the JSON or None, `sql` the statement sent to
    ClickHouse or None."""
    time: float
    method: str
    path: str
    headers: dict
    raw: bytes
    body: object = None
    sql: str = None
    status: int = None
    seconds: float = None


class SnubaServer:
    """`dialect`: "2018" (17 April), "2018apr19" or "2020". Members that a test may set at any time:

    clock       a function that returns the current UTC time (a naive datetime) for defaults and retention
    settings    ClickHouse's settings for queries, e.g. {"max_memory_usage": 100000}
    rate_limit  the detail of the 429 that answers every query (2020), e.g.
                "project per-second of 1 exceeds limit of 0"
    redis_down  Snuba's Redis is away: 2020 answers with an HTML page
    on_query    called with the Request before its SQL is made; may wait, insert events, or raise Refusal
    close_after_answer   close each connection after an answer, without announcing it

    `requests` are all requests so far. `faults` are the tracebacks of this server's own errors, which it
    answers with an HTML page, as the original does.
    """

    def __init__(self, clickhouse, dialect, unix_socket=None):
        self.clickhouse = clickhouse
        self.dialect = DIALECTS[dialect]()
        self.database = f"snuba_{os.getpid()}_{next(_numbers)}"
        self.clock = lambda: datetime.now(timezone.utc).replace(tzinfo=None)
        self.settings = {}
        self.rate_limit = None
        self.redis_down = False
        self.on_query = None
        self.close_after_answer = False
        self.requests = []
        self.faults = []
        self.unix_socket = unix_socket and str(unix_socket)
        clickhouse.query(f"CREATE DATABASE {self.database}")
        clickhouse.query(self.dialect.create_table, database=self.database)
        self._server = _UnixServer(self.unix_socket, self) if unix_socket \
            else _TcpServer(("127.0.0.1", 0), self)
        self.port = None if unix_socket else self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self):
        """The value for EXPORTD_SNUBA_URL."""
        return self.unix_socket or f"http://127.0.0.1:{self.port}"

    @property
    def queries(self):
        """The queries, in the order of their arrival."""
        return [request for request in self.requests if request.path.endswith("/query")]

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._server.close_connections()
        try:
            self.clickhouse.query(f"DROP DATABASE IF EXISTS {self.database}")
        except OSError:
            pass  # the server has ended, and its folder is removed soon

    def insert(self, body):
        """Inserts events as /tests/insert does, without HTTP."""
        make = events.rows_2020 if self.dialect.name == "2020" else events.rows_2018
        rows = make(body, self.clock())
        if rows:
            self.clickhouse.query(f"INSERT INTO {self.dialect.table} FORMAT JSONEachRow",
                                  events.json_lines(rows), database=self.database)

    def bulk_insert(self, events_count, values, **more):
        """Inserts millions of synthetic events within seconds: see events.bulk_insert."""
        events.bulk_insert(self.clickhouse, self.database, self.dialect, events_count, values, **more)

    def drop(self):
        self.clickhouse.query(f"TRUNCATE TABLE {self.dialect.table}", database=self.database)

    def handle(self, request):
        """The answer to a request, as a Refusal (status, type and body; also for a success)."""
        self.requests.append(request)
        started = time.monotonic()
        try:
            answer = self._answer(request)
        except Refusal as refusal:
            answer = refusal
        except Exception:
            self.faults.append(traceback.format_exc())
            answer = page(500)
        request.status = answer.status
        request.seconds = time.monotonic() - started
        return answer

    def _answer(self, request):
        dialect = self.dialect
        path = request.path.partition("?")[0]
        # The 2018 server checks the body, but not the method.
        is_query = path in dialect.query_paths and (
            request.method == "POST" or request.method == "GET" and dialect.name != "2020")
        if is_query:
            request.body = self._json(request)
            return self._query(request, path)
        if request.method == "POST" and path in dialect.insert_paths:
            return self._insert(request)
        if request.method == "POST" and path in dialect.drop_paths:
            self.drop()
            return Refusal(200, TEXT, "ok")
        return dialect.other(request.method, path)

    def _json(self, request):
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            return json.loads(b"" if kind in EMPTY_TYPES else request.raw)
        except ValueError as error:
            raise self.dialect.unreadable(error) from None

    def _insert(self, request):
        try:
            request.body = self._json(request)
            self.insert(request.body)
        except (LookupError, TypeError, ValueError, AttributeError):
            return page(500)
        return Refusal(200, TEXT, "ok")

    def _query(self, request, path):
        now = self.clock().replace(microsecond=0)
        body = self.dialect.check(path, request.body, now)
        request.sql = self.dialect.query(body, now)
        if self.redis_down and self.dialect.name == "2020":
            return page(500)
        if self.rate_limit:
            return self.dialect.rate_limited(request.sql, self.rate_limit)
        if self.on_query:
            self.on_query(request)
        try:
            meta, rows, totals = self.clickhouse.rows(request.sql, database=self.database,
                                                      **self.settings)
        except ClickHouseError as error:
            return self.dialect.failure(request.sql, error)
        except OSError:
            return self.dialect.failure(request.sql, "Code: 210. Connection refused (127.0.0.1:9000)")
        return self.dialect.answer(body, request.sql, meta, rows, totals)


class _Threads(socketserver.ThreadingMixIn):
    daemon_threads = True
    block_on_close = False

    def prepare(self, snuba):
        self.snuba = snuba
        self._connections = set()

    def process_request(self, connection, address):
        self._connections.add(connection)
        super().process_request(connection, address)

    def shutdown_request(self, connection):
        self._connections.discard(connection)
        super().shutdown_request(connection)

    def close_connections(self):
        """Closes the connections that clients keep alive."""
        for connection in list(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def handle_error(self, _connection, _address):
        pass  # the client has closed the connection


class _TcpServer(_Threads, socketserver.TCPServer):
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address, snuba):
        self.prepare(snuba)
        super().__init__(address, _Handler)


class _UnixServer(_Threads, socketserver.UnixStreamServer):
    request_queue_size = 64

    def __init__(self, path, snuba):
        self.prepare(snuba)
        super().__init__(path, _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Buffered, so that header and body are sent together: the body waits for no acknowledgement.
    wbufsize = -1

    def setup(self):
        if self.request.family != socket.AF_UNIX:
            self.disable_nagle_algorithm = True
        super().setup()

    def address_string(self):
        return "client"

    def log_message(self, *_):
        pass

    def handle_expect_100(self):
        return True  # the original never answers this

    def do_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(time.time(), self.command, self.path,
                          {name.lower(): value for name, value in self.headers.items()},
                          self.rfile.read(length))
        answer = self.server.snuba.handle(request)
        body = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        body = body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(body)))
        if answer.status == 302:
            self.send_header("Location", "/events/query")
        self.end_headers()
        self.wfile.write(body)
        if self.server.snuba.close_after_answer:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = do_any
