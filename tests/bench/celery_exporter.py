# SPDX-License-Identifier: Apache-2.0
"""The Celery worker with which throughput_bench.py compares exportd. Its task exports one issue's tag values,
written as such tasks usually are: psycopg2, a persistent connection per process, csv, a blob on disk, a row
in the outbox, a mail by smtplib. It reads, writes and keeps the same data as exportd.

Settings are environment variables: BENCH_BROKER, BENCH_DATABASE, BENCH_REDIS (a socket's path),
BENCH_STORE, BENCH_SMTP_PORT.
"""
import csv
import email.message
import hashlib
import io
import json
import os
import smtplib
import tempfile
import uuid

import celery
import psycopg2
import redis

app = celery.Celery("bench", broker=os.environ["BENCH_BROKER"])
app.conf.update(task_default_queue="celery_export", task_ignore_result=True,
                worker_send_task_events=False, broker_connection_retry_on_startup=True,
                task_acks_late=True)

IN_MEMORY = 1024 * 1024  # bytes of a CSV that stays in memory, as in exportd
TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
RELEASE = ("if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end"
           " return 0")


class Process:
    """The state that a worker process keeps between its tasks."""

    def __init__(self):
        self.name = f"celery:{os.getpid()}"
        self.database = psycopg2.connect(os.environ["BENCH_DATABASE"])
        with self.database.cursor() as cursor:
            cursor.execute("SET timezone = 'UTC'")
        self.database.commit()
        self.redis = redis.Redis(unix_socket_path=os.environ["BENCH_REDIS"])
        self.release = self.redis.register_script(RELEASE)
        self.store = os.environ["BENCH_STORE"]
        self.smtp_port = int(os.environ["BENCH_SMTP_PORT"])


process = None


@celery.signals.worker_process_init.connect
def start(**_):
    global process
    process = Process()


def one(cursor, statement, *parameters):
    cursor.execute(statement, parameters)
    return cursor.fetchone()


def claim(export):
    with process.database, process.database.cursor() as cursor:
        one(cursor, "SELECT state, date_added, worker FROM exportd.export"
                    " WHERE data_export_id = %s", export)
        row = one(cursor, "SELECT id, date_added, date_finished, date_expired, query_type,"
                          " query_info, organization_id, user_id, file_id FROM sentry_exporteddata"
                          " WHERE id = %s", export)
        attempt, = one(
            cursor, """INSERT INTO exportd.export AS x (data_export_id, date_added, organization_id,
                user_id, query_type, query_info, state, attempt, failures, worker, rows, bytes,
                pages, progress_at, first_claimed_at)
            VALUES (%s, %s, %s, %s, %s, %s, 'running', 1, 0, %s, 0, 0, 0, now(), now())
            ON CONFLICT (data_export_id) DO UPDATE SET state = 'running', attempt = x.attempt + 1,
                worker = excluded.worker, rows = 0, bytes = 0, pages = 0, progress_at = now(),
                finished_at = NULL, next_try_at = NULL
            WHERE x.state IN ('waiting', 'delayed') RETURNING attempt""",
            export, row[1], row[6], row[7], row[4], row[5], process.name)
        cursor.execute("INSERT INTO exportd.attempt (data_export_id, attempt, worker, started_at)"
                       " VALUES (%s, %s, %s, now())", (export, attempt, process.name))
    return row, attempt


def write_csv(row, file):
    query = json.loads(row[5])
    project, group = int(query["project_id"]), int(query["group_id"])
    with process.database, process.database.cursor() as cursor:
        one(cursor, "SELECT 1 FROM sentry_project WHERE id = %s AND organization_id = %s",
            project, row[6])
        group, = one(cursor, """SELECT id FROM sentry_groupedmessage WHERE project_id = %s
            AND (id = %s OR id = (SELECT group_id FROM sentry_groupredirect
                                  WHERE previous_group_id = %s))""", project, group, group)
        key, = one(cursor, "SELECT id FROM tagstore_tagkey WHERE project_id = %s"
                           " AND environment_id = 0 AND key = %s AND status = 0",
                   project, query["key"])
        cursor.execute("""SELECT v.value, g.times_seen, g.last_seen, g.first_seen
            FROM tagstore_grouptagvalue g JOIN tagstore_tagvalue v ON v.id = g.value_id
            WHERE g.project_id = %s AND g.group_id = %s AND g.key_id = %s
            ORDER BY g.first_seen DESC NULLS LAST, v.value COLLATE "C" """, (project, group, key))
        writer = csv.DictWriter(file, ["value", "times_seen", "last_seen", "first_seen"])
        writer.writeheader()
        count = 0
        for value, times_seen, last_seen, first_seen in cursor:
            writer.writerow({"value": value, "times_seen": times_seen,
                             "last_seen": last_seen.strftime(TIME),
                             "first_seen": first_seen.strftime(TIME)})
            count += 1
    file.flush()
    return count


def sync_folder(path):
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(folder)
    os.close(folder)


def make_folder(path):
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        return
    sync_folder(os.path.dirname(path))


def write_object(path, content):
    target = os.path.join(process.store, path)
    make_folder(os.path.dirname(os.path.dirname(target)))
    make_folder(os.path.dirname(target))
    with open(target + ".part", "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.rename(target + ".part", target)
    sync_folder(os.path.dirname(target))


def put_blob(export, attempt, content):
    name = uuid.uuid4().hex
    path = f"{name[:2]}/{name[2:6]}/{name[6:]}"
    checksum = hashlib.sha1(content).hexdigest()
    with process.database, process.database.cursor() as cursor:
        cursor.execute("INSERT INTO exportd.object (path, checksum, data_export_id, attempt,"
                       " written_at) VALUES (%s, %s, %s, %s, now())",
                       (path, checksum, export, attempt))
    lock, value = f"l:fileblob:upload:{checksum}", uuid.uuid4().hex
    if not process.redis.set(lock, value, ex=60, nx=True):
        raise RuntimeError("nobody else uploads these bytes")
    try:
        with process.database, process.database.cursor() as cursor:
            found = one(cursor, "SELECT id FROM sentry_fileblob WHERE checksum = %s", checksum)
        if found:
            raise RuntimeError("all exports of the benchmark are different")
        write_object(path, content)
        with process.database, process.database.cursor() as cursor:
            blob, = one(cursor, "INSERT INTO sentry_fileblob (path, size, checksum, timestamp)"
                                " VALUES (%s, %s, %s, now()) ON CONFLICT (checksum) DO NOTHING"
                                " RETURNING id", path, len(content), checksum)
            cursor.execute("DELETE FROM exportd.object WHERE path = %s", (path,))
    finally:
        process.release(keys=[lock], args=[value])
    return blob, checksum


def make_mail(export, slug, recipient):
    link = f"https://sentry.example.com/organizations/{slug}/data-export/{export}/"
    mail = email.message.EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Your data is ready.", "root@localhost", recipient
    mail["Message-ID"] = f"<{uuid.uuid4().hex}@localhost>"
    mail.set_content(f"Your data is ready: {link}\n")
    mail.add_alternative(f'<p>Your data is ready: <a href="{link}">{link}</a></p>', subtype="html")
    return mail


def finish(export, attempt, count, content, blob, checksum):
    """Finishes the export; returns its mail and the mail's id in the outbox."""
    with process.database, process.database.cursor() as cursor:
        cursor.execute("""UPDATE exportd.export SET state = 'valid', worker = NULL, rows = %s,
            bytes = %s, pages = 1, progress_at = now(), finished_at = now()
            WHERE data_export_id = %s AND attempt = %s AND state = 'running' AND worker = %s""",
                       (count, len(content), export, attempt, process.name))
        cursor.execute("UPDATE exportd.attempt SET ended_at = now(), outcome = 'valid'"
                       " WHERE data_export_id = %s AND attempt = %s", (export, attempt))
        row = one(cursor, "SELECT organization_id, user_id, query_type, date_finished"
                          " FROM sentry_exporteddata WHERE id = %s FOR UPDATE", export)
        one(cursor, "SELECT id FROM sentry_fileblob WHERE id = %s FOR KEY SHARE", blob)
        file, = one(cursor, """INSERT INTO sentry_file (name, type, timestamp, headers, size,
            checksum) VALUES (%s, 'export.csv', now(), '{"Content-Type": "text/csv"}', %s, %s)
            RETURNING id""", f"issue-by-tag_{export}.csv", len(content), checksum)
        cursor.execute('INSERT INTO sentry_fileblobindex (file_id, blob_id, "offset")'
                       " VALUES (%s, %s, 0)", (file, blob))
        cursor.execute("UPDATE sentry_exporteddata SET file_id = %s, date_finished = now(),"
                       " date_expired = now() + interval '672 hours' WHERE id = %s",
                       (file, export))
        recipient, = one(cursor, "SELECT email FROM auth_user WHERE id = %s", row[1])
        slug, = one(cursor, "SELECT slug FROM sentry_organization WHERE id = %s", row[0])
        mail = make_mail(export, slug, recipient)
        outbox, = one(cursor, """INSERT INTO exportd.outbox (data_export_id, message_id, recipient,
            mime, tries, next_try_at, state) VALUES (%s, %s, %s, %s, 1,
            now() + interval '2 minutes', 'waiting') RETURNING id""",
                      export, mail["Message-ID"], recipient, mail.as_string())
    return mail, outbox


def send(mail, outbox):
    with smtplib.SMTP("127.0.0.1", process.smtp_port, local_hostname="localhost") as server:
        server.send_message(mail)
    with process.database, process.database.cursor() as cursor:
        cursor.execute("UPDATE exportd.outbox SET state = 'sent' WHERE id = %s", (outbox,))


@app.task(name="sentry.data_export.tasks.assemble_download")
def assemble_download(data_export_id):
    row, attempt = claim(data_export_id)
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as temporary:
        text = io.TextIOWrapper(temporary, encoding="utf-8", newline="")
        count = write_csv(row, text)
        temporary.seek(0)
        content = temporary.read()
    blob, checksum = put_blob(data_export_id, attempt, content)
    send(*finish(data_export_id, attempt, count, content, blob, checksum))
