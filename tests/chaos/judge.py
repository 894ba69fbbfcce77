# SPDX-License-Identifier: Apache-2.0
"""What has to be true when it is all over, judged from the ledger, the mails, the store and the tables
of Sentry: not by asking exportd."""
import collections
import hashlib
import os
import re

from chaos.ledger import DEAD, FAILED, VALID
from support.program import text_part

LISTS = ("data_export", "data_export\x06\x163", "data_export\x06\x166", "data_export\x06\x169")


def judge(world, ledger, kills=()):
    """`kills` are the times at which workers were killed: only those explain a second copy of a
    mail."""
    _every_export_ended_once(world, ledger)
    _files_are_right(world, ledger)
    _mails_are_right(world, ledger, kills)
    _every_message_is_accounted_for(world, ledger)
    _nothing_is_left_in_the_store(world)


def _every_export_ended_once(world, ledger):
    ended = collections.defaultdict(list)
    for export, what in world.query("SELECT data_export_id, what FROM audit.finalized"):
        ended[export].append(what)
    for whats in ended.values():
        whats.sort()
    expected = {export: ["finished", VALID] if entry.expected == VALID else ["deleted", FAILED]
                for export, entry in ledger.exports().items()}
    assert ended == expected, _difference(ended, expected)


def _difference(got, expected):
    return {key: (got.get(key), expected.get(key)) for key in {*got, *expected}
            if got.get(key) != expected.get(key)}


def _content(world, export):
    """The bytes that a Sentry would send: the blobs' objects in the order of their offsets."""
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
    for export, entry in ledger.exports().items():
        if entry.expected == VALID:
            assert _content(world, export) == entry.content, f"the file of export {export}"


def _export_of(mail, ledger):
    """Success mails link to their export; failure mails show the key, which no other has."""
    text = text_part(mail.message)
    link = re.search(r"/data-export/(\d+)/", text)
    if link:
        return int(link.group(1)), VALID
    key = re.search(r"missing-\d+", text).group()
    return next(export for export, entry in ledger.exports().items() if entry.key == key), FAILED


def _mails_are_right(world, ledger, kills):
    identities = collections.defaultdict(set)
    copies = collections.defaultdict(list)
    for mail in world.sink.mails:
        export, told = _export_of(mail, ledger)
        assert ledger.exports()[export].expected == told, text_part(mail.message)
        identities[export].add(mail.message["Message-ID"])
        copies[export].append(mail.received_at)
    found = {export: len(names) for export, names in identities.items()}
    expected = dict.fromkeys(ledger.exports(), 1)
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
    """What leads to no export is in the dead list once; nothing is anywhere else."""
    dead = [entry[b"message"] for _, entry in world.queue.xrange("exportd:{data_export}:dead")]
    expected = [entry.message for entry in ledger.entries if entry.expected == DEAD]
    assert sorted(dead) == sorted(expected)
    assert [world.queue.llen(name) for name in LISTS] == [0, 0, 0, 0]
    assert world.queue.keys("exportd:{data_export}:processing:*") == []
    assert world.queue.zcard("exportd:{data_export}:delayed") == 0


def _nothing_is_left_in_the_store(world):
    """After a cleanup each object has its row and each row its object."""
    folder = world.store
    objects = {os.path.relpath(os.path.join(path, name), folder)
               for path, _, names in os.walk(folder) for name in names}
    paths = {path for path, in world.query("SELECT path FROM sentry_fileblob")}
    assert objects == paths, (objects - paths, paths - objects)
    assert world.query("SELECT path FROM exportd.object") == []
