# SPDX-License-Identifier: Apache-2.0
"""Checks the state after all jobs have ended, by the ledger, the mails, the store and the tables, without
asking exportd."""
import collections
import hashlib
import os
import re

from chaos.ledger import CANCELLED, DEAD, FAILED, PURGED, VALID
from support.program import text_part

LISTS = ("data_export", "data_export\x06\x163", "data_export\x06\x166", "data_export\x06\x169")

# What is seen of an export with this end.
ENDS = {VALID: ["finished", "valid"], FAILED: ["deleted", "failed"],
        CANCELLED: ["cancelled", "deleted"]}

# An export that so many workers died with fails: a further attempt might kill the next.
DEADLY = 10

# Each of them selects what there must not be when all has ended.
REMNANTS = {
    "an export is not finished": "SELECT data_export_id, state, message FROM exportd.export"
                                 " WHERE state IN ('waiting', 'running', 'delayed')",
    "an attempt has not ended": "SELECT * FROM exportd.attempt WHERE ended_at IS NULL"
                                " OR outcome IS NULL",
    "a mail waits": "SELECT data_export_id, message FROM exportd.outbox WHERE state = 'waiting'",
    "a message is pending": "SELECT * FROM exportd.dead WHERE retry_until IS NOT NULL",
    "a worker is on the list": "SELECT * FROM exportd.worker",
    "there is an intake": "SELECT * FROM exportd.queue WHERE intake IS NOT NULL",
    "a message is counted": "SELECT * FROM exportd.intake_try",
    "an organization has its turn": "SELECT * FROM exportd.flow",
    "an upload lock is held": "SELECT * FROM exportd.upload_lock"
                              " WHERE until > clock_timestamp()",
    "an object is journalled": "SELECT * FROM exportd.object",
}


def judge(world, ledger, kills=()):
    """`kills` are the times at which workers were killed: only those explain a second copy of a
    mail."""
    _expect_what_was_deadly_to_fail(world, ledger)
    _nothing_remains(world)
    _every_export_ended_once(world, ledger)
    _only_the_owner_ended_it(world, ledger)
    _nothing_is_left_of_what_was_purged(world, ledger)
    _files_are_right(world, ledger)
    _mails_are_right(world, ledger, kills)
    _every_message_is_accounted_for(world, ledger)
    _nothing_is_left_in_the_store(world)


def _expect_what_was_deadly_to_fail(world, ledger):
    """Where many workers are killed at random, a slow export meets that many of them."""
    deadly = world.query("SELECT data_export_id FROM exportd.attempt WHERE outcome = 'crashed'"
                         " GROUP BY 1 HAVING count(*) >= %s", (DEADLY,))
    for export, in deadly:
        entry = ledger.exports()[export]
        if entry.expected == VALID:
            entry.expected = FAILED


def _nothing_remains(world):
    remnants = {what: world.query(statement) for what, statement in REMNANTS.items()}
    assert not any(remnants.values()), {what: rows for what, rows in remnants.items() if rows}


def _exports(ledger, *expected):
    return {export: entry for export, entry in ledger.exports().items()
            if entry.expected in expected}


def _every_export_ended_once(world, ledger):
    ended = collections.defaultdict(list)
    for export, what in world.query("SELECT data_export_id, what FROM audit.finalized"):
        ended[export].append(what)
    for whats in ended.values():
        whats.sort()
    purged = _exports(ledger, PURGED)
    ended = {export: whats for export, whats in ended.items() if export not in purged}
    expected = {export: ENDS[entry.expected] for export, entry in _exports(ledger, *ENDS).items()}
    assert ended == expected, _difference(ended, expected)


def _only_the_owner_ended_it(world, ledger):
    """Exactly one attempt of each export finished it, and no other attempt believed to have done so."""
    made = world.query("SELECT data_export_id, attempt FROM exportd.attempt WHERE outcome = 'valid'")
    valid = _exports(ledger, VALID)
    assert sorted(export for export, _ in made) == sorted(valid)
    claimed = {(export, attempt) for export, attempt in world.finished if export in valid}
    assert claimed <= set(made), sorted(claimed - set(made))


def _nothing_is_left_of_what_was_purged(world, ledger):
    purged = list(_exports(ledger, PURGED))
    for table, column in (("sentry_exporteddata", "id"), ("exportd.export", "data_export_id"),
                          ("exportd.attempt", "data_export_id"),
                          ("exportd.outbox", "data_export_id")):
        assert world.query(f"SELECT * FROM {table} WHERE {column} = ANY(%s)", (purged,)) == [], table


def _difference(got, expected):
    return {key: (got.get(key), expected.get(key)) for key in {*got, *expected}
            if got.get(key) != expected.get(key)}


def _content(world, export):
    """The bytes that Sentry would send: the blobs' objects in the order of their offsets."""
    rows = world.query(
        """SELECT f.size, f.checksum, b.path, b.checksum, i.offset
           FROM sentry_exporteddata e JOIN sentry_file f ON f.id = e.file_id
           LEFT JOIN sentry_fileblobindex i ON i.file_id = f.id
           LEFT JOIN sentry_fileblob b ON b.id = i.blob_id
           WHERE e.id = %s ORDER BY i.offset""", (export,))
    assert rows, f"export {export} has no file"
    content = b""
    for size, checksum, path, blob_checksum, offset in rows:
        with open(os.path.join(world.store, path), "rb") as file:
            blob = file.read()
        assert offset == len(content) and hashlib.sha1(blob).hexdigest() == blob_checksum
        content += blob
    assert (len(content), hashlib.sha1(content).hexdigest()) == (size, checksum)
    return content


def _files_are_right(world, ledger):
    for export, entry in _exports(ledger, VALID).items():
        assert _content(world, export) == entry.content, f"the file of export {export}"


def _export_of(mail, ledger):
    text = text_part(mail.message)
    link = re.search(r"/data-export/(\d+)/", text)
    if link:
        return int(link.group(1)), VALID
    export = int(re.search(r"Export: *(\d+)", text).group(1))
    key = ledger.exports()[export].key
    assert key in text
    return export, FAILED


def _mails_are_right(world, ledger, kills):
    identities = collections.defaultdict(set)
    copies = collections.defaultdict(list)
    for mail in world.sink.mails:
        export, told = _export_of(mail, ledger)
        assert ledger.exports()[export].expected in (told, PURGED), text_part(mail.message)
        identities[export].add(mail.message["Message-ID"])
        copies[export].append(mail.received_at)
    found = {export: len(names) for export, names in identities.items()}
    expected = dict.fromkeys(_exports(ledger, VALID, FAILED), 1)
    for export in _exports(ledger, PURGED):  # its mail may have been sent before
        expected[export] = found.setdefault(export, 0) and 1
    assert found == expected, ("one Message-ID an export", _difference(found, expected),
                               _outbox(world, _difference(found, expected)))
    assert len(set.union(set(), *identities.values())) == len(identities)
    for export, times in copies.items():
        for at in sorted(times)[:-1]:
            assert any(-0.1 < kill - at < 3 for kill in kills), \
                f"export {export} was mailed twice, and nobody died after the first time"


def _outbox(world, exports):
    return world.query("SELECT data_export_id, message_id, state, tries, message FROM exportd.outbox"
                       " WHERE data_export_id = ANY(%s)", (list(exports),))


def _every_message_is_accounted_for(world, ledger):
    """Each message that leads to no export is in the dead list once, and no message is left in Redis. A
    message of a purged export leads to no export."""
    dead = world.query("SELECT message FROM exportd.dead WHERE data_export_id IS NULL"
                       " OR data_export_id <> ALL(%s)", (list(_exports(ledger, PURGED)),))
    expected = [entry.message for entry in ledger.entries if entry.expected == DEAD]
    assert sorted(bytes(message) for message, in dead) == sorted(expected)
    assert [world.queue.llen(name) for name in LISTS] == [0, 0, 0, 0]
    assert world.queue.keys("exportd:{data_export}:*") == []


def _nothing_is_left_in_the_store(world):
    """After a cleanup, each object has its row, and each row its object."""
    folder = world.store
    objects = {os.path.relpath(os.path.join(path, name), folder)
               for path, _, names in os.walk(folder) for name in names}
    paths = {path for path, in world.query("SELECT path FROM sentry_fileblob")}
    assert objects == paths, (objects - paths, paths - objects)
