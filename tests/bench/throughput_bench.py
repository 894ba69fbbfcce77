#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How many small jobs (10 rows each) does a worker finish per second, compared with a Celery worker?

Each round exports the same number of different issues with exportd and with the Celery worker of
celery_exporter.py (prefork, the same concurrency), in turn, on the same PostgreSQL, Redis, file system and
mail server. All jobs are in the queue before the start. The first tenth of the jobs warms up connections; the
clock runs from the mail that ends it to the last mail. Afterwards the rows, files and mails are counted and
the CSVs compared. Prints jobs per second and the ratio: medians of the rounds.

    cmake --preset release && cmake --build --preset release
    tests/bench/throughput_bench.py                    # concurrency 1, 2, 4; three rounds
    tests/bench/throughput_bench.py --program PATH --jobs 400 --concurrency 2 --rounds 1
    tests/bench/throughput_bench.py --folder /dev/shm  # without a disk: the programs' own cost

The servers and the file store keep their data in --folder. Everything is synced as in production: PostgreSQL
at each COMMIT, the store at each object, Redis each second.

Goal: at least three times Celery's rate on a disk.
"""
import argparse
import multiprocessing
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from support.jobs import push  # noqa: E402
from support.program import ROOT, Exportd  # noqa: E402
from support.servers import Postgres, Redis  # noqa: E402
from support.tagstore_rows import insert_small_issues  # noqa: E402
from support.waiting import wait_until  # noqa: E402

ROWS = 10
KOMBU_SOCKET = "redis+socket://{}"


class MailCounter:
    """A mail server in its own process that accepts all mails and counts them. It is cheap, because its cost slows
    down both workers."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.count = multiprocessing.Value("q", 0)
        self._process = multiprocessing.Process(target=self._run, daemon=True)
        self._process.start()

    def _run(self):
        import asyncio
        counter = self.count

        class Session(asyncio.Protocol):
            def connection_made(self, transport):
                self.transport, self.buffer, self.in_body = transport, b"", False
                transport.write(b"220 bench ESMTP\r\n")

            def data_received(self, data):
                self.buffer += data
                while self._step():
                    pass

            def _step(self):
                end = b"\r\n.\r\n" if self.in_body else b"\r\n"
                piece, found, rest = self.buffer.partition(end)
                if not found:
                    return False
                self.buffer = rest
                if self.in_body:
                    self.in_body = False
                    counter.value += 1
                    self.transport.write(b"250 OK\r\n")
                    return True
                command = piece[:4].upper()
                self.in_body = command == b"DATA"
                answers = {b"DATA": b"354 go on", b"QUIT": b"221 bye"}
                self.transport.write(answers.get(command, b"250 OK") + b"\r\n")
                if command == b"QUIT":
                    self.transport.close()
                return True

        async def serve():
            server = await asyncio.get_running_loop().create_server(Session, sock=self._listener)
            await server.serve_forever()

        asyncio.run(serve())

    def close(self):
        self._process.terminate()
        self._process.join()


class Bench:
    def __init__(self, folder, postgres, redis, mail, jobs):
        self.folder = folder
        self.postgres = postgres
        self.redis_server = redis
        self.redis = redis.connect()
        self.mail = mail
        self.jobs = jobs
        self.contents = None
        self.stores = 0
        postgres.create_database("bench")
        self.exportd = Exportd(folder, {
            "DATABASE_URL": postgres.url("bench"), "REDIS_URL": redis.url,
            "STORAGE_URL": f"file://{folder}/files", "MAIL_URL": f"smtp://127.0.0.1:{mail.port}"})
        self.exportd.ok("migrate", "--standalone")
        self.exportd.create()
        connection = postgres.connect("bench")
        self.sql = connection.cursor()
        insert_small_issues(self.sql, jobs, ROWS)

    def reset(self):
        self.redis.flushall()
        self.sql.execute("TRUNCATE sentry_exporteddata, sentry_file, sentry_fileblob,"
                         " sentry_fileblobindex, sentry_fileblobowner, exportd.export,"
                         " exportd.attempt, exportd.outbox, exportd.object CASCADE")
        self._clear_store()
        self.mail.count.value = 0

    def _clear_store(self):
        """Files are removed at the end only: for some minutes after a removal, ext4 takes long to find new inodes
        among the freed ones, which would slow down the next run."""
        if os.path.exists(self.exportd.store):
            self.stores += 1
            os.rename(self.exportd.store, os.path.join(self.folder, f"files-{self.stores}"))
        os.mkdir(self.exportd.store, 0o700)

    def _make_exports(self):
        self.sql.execute("""INSERT INTO sentry_exporteddata (date_added, query_type, query_info,
                              organization_id, user_id)
                            SELECT now(), 0, '{"project_id": "1", "group_id": "' || n ||
                              '", "key": "color"}', o.id, u.id
                            FROM generate_series(1, %s) AS n, sentry_organization o, auth_user u
                            RETURNING id""", (self.jobs,))
        return [row[0] for row in self.sql.fetchall()]

    def measure(self, worker, concurrency):
        """Jobs per second after the warm-up."""
        self.reset()
        exports = self._make_exports()
        with worker(self, concurrency) as running:
            running.prepare(exports)
            self.sql.execute("CHECKPOINT")
            self.redis.rename("held", running.queue)
            self._wait_for_mails(running, self.jobs // 10)
            start, warm = time.monotonic(), self.mail.count.value
            self._wait_for_mails(running, self.jobs)
            seconds = time.monotonic() - start
            wait_until(self._is_done, "everything is recorded", 30)
        self._check()
        return (self.jobs - warm) / seconds

    def _wait_for_mails(self, running, count):
        deadline = time.monotonic() + 600
        while self.mail.count.value < count:
            if running.process.poll() is not None:
                raise RuntimeError(f"the worker ended:\n{running.log()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"not finished after 600 s:\n{running.log()}")
            time.sleep(0.005)

    def _is_done(self):
        self.sql.execute("SELECT (SELECT count(*) FROM exportd.export WHERE state = 'valid'),"
                         " (SELECT count(*) FROM exportd.outbox WHERE state = 'sent')")
        return self.sql.fetchone() == (self.jobs, self.jobs)

    def _check(self):
        """Checks that each export has its own file on disk, equal to that of the other worker, so that a wrong
        result fails."""
        self.sql.execute("""SELECT e.query_info, b.path FROM sentry_exporteddata e
                            JOIN sentry_fileblobindex i ON i.file_id = e.file_id
                            JOIN sentry_fileblob b ON b.id = i.blob_id
                            WHERE e.date_finished IS NOT NULL ORDER BY e.id""")
        contents = {}
        for query, path in self.sql.fetchall():
            with open(os.path.join(self.exportd.store, path), "rb") as file:
                contents[query] = file.read()
        if len(contents) != self.jobs or any(text.count(b"\r\n") != ROWS + 1
                                             for text in contents.values()):
            raise RuntimeError("not every export has its file")
        if contents != (self.contents or contents):
            raise RuntimeError("the files are not those of the other worker")
        self.contents = contents


class Running:
    """A worker in the background; a context manager."""

    def __init__(self, bench, concurrency):
        self.bench = bench
        self._log = tempfile.TemporaryFile()
        command, environment = self.command(concurrency)
        self.process = subprocess.Popen(command, env=environment, cwd=bench.folder,
                                        stdin=subprocess.DEVNULL, stdout=self._log,
                                        stderr=self._log)
        wait_until(lambda: self.ready in self.log(), "the worker is ready", 60)

    def log(self):
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)
        self._log.close()


class ExportdWorker(Running):
    queue = "data_export"
    ready = "worker.registered"

    def command(self, concurrency):
        exportd = self.bench.exportd
        return ([exportd.path, "worker", "--concurrency", str(concurrency)],
                exportd.environment({}))

    def prepare(self, exports):
        redis = self.bench.redis
        for export in exports:
            push(redis, export)
        redis.rename(self.queue, "held")


class CeleryWorker(Running):
    queue = "celery_export"
    ready = "ready."

    def command(self, concurrency):
        bench = self.bench
        here = os.path.dirname(os.path.abspath(__file__))
        environment = {
            **os.environ, "PYTHONPATH": here, "C_FORCE_ROOT": "1", "PYTHONDONTWRITEBYTECODE": "1",
            "BENCH_BROKER": KOMBU_SOCKET.format(bench.redis_server.socket),
            "BENCH_DATABASE": bench.postgres.url("bench"),
            "BENCH_REDIS": bench.redis_server.socket, "BENCH_STORE": bench.exportd.store,
            "BENCH_SMTP_PORT": str(bench.mail.port)}
        self._environment = environment
        return (["/usr/bin/python3", "-m", "celery", "-A", "celery_exporter", "worker", "--pool",
                 "prefork", "--concurrency", str(concurrency), "--without-gossip",
                 "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"], environment)

    def prepare(self, exports):
        """Sends the messages with Celery's own producer, to a list that the worker does not read."""
        subprocess.run(
            ["/usr/bin/python3", "-c",
             "import sys, celery_exporter\n"
             "for export in sys.argv[1:]:\n"
             "    celery_exporter.assemble_download.apply_async((int(export),), queue='held')",
             *map(str, exports)], env=self._environment, check=True)


def main():
    parser = argparse.ArgumentParser(description="Benchmark of small jobs against Celery")
    parser.add_argument("--program", default=os.path.join(ROOT, "build", "release", "exportd"))
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--concurrency", type=int, action="append")
    parser.add_argument("--folder", default="/tmp")
    parser.add_argument("--only", choices=["exportd", "celery"])
    arguments = parser.parse_args()
    os.environ["TEST_EXPORTD"] = arguments.program
    workers = {"celery": CeleryWorker, "exportd": ExportdWorker}
    if arguments.only:
        workers = {arguments.only: workers[arguments.only]}
    mail = MailCounter()
    postgres = Postgres(durable=True, parent=arguments.folder,
                        settings={"fsync": "on", "full_page_writes": "on"})
    redis = Redis(settings=("--appendonly", "yes", "--appendfsync", "everysec"),
                  parent=arguments.folder)
    try:
        with tempfile.TemporaryDirectory(prefix="exportd-bench-", dir=arguments.folder) as folder:
            bench = Bench(folder, postgres, redis, mail, arguments.jobs)
            for concurrency in arguments.concurrency or [1, 2, 4]:
                rates = {name: [] for name in workers}
                for _ in range(arguments.rounds):
                    for name, worker in workers.items():
                        rates[name].append(bench.measure(worker, concurrency))
                report(concurrency, {name: statistics.median(rates[name]) for name in rates})
    finally:
        redis.close()
        postgres.close()
        mail.close()


def report(concurrency, rates):
    line = f"concurrency {concurrency}"
    for name, rate in rates.items():
        line += f"   {name} {rate:7.1f} jobs/s"
    if len(rates) == 2:
        line += f"   {rates['exportd'] / rates['celery']:5.2f} x Celery"
    print(line, flush=True)


if __name__ == "__main__":
    main()
