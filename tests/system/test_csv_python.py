# SPDX-License-Identifier: Apache-2.0
"""The CSV writer compared with Python's csv.DictWriter, on difficult rows."""
import csv
import io
import os
import random
import subprocess

COLUMNS = ["value", "times_seen", "last_seen", "first_seen"]

PIECES = [
    b"", b"a", b"plain text", b",", b'"', b'""', b"\r", b"\n", b"\r\n", b"\t", b" ", b"'", b";", b"\\", b"=1+1",
    b"\x00", b"\x01", b"\x0b", b"\x1b[0m", b"\x7f", b"\x80", b"\xff", b"\xfe\xff", b"\xc3", b"\xc3\xa9", b"\xc2\x85",
    b"\xe2\x82", b"\xe2\x82\xac", b"\xe2\x80\xa8", b"\xed\xa0\xbd", b"\xed\xb8\x80", b"\xef\xbb\xbf", b"\xf0\x9f\x98",
    b"\xf0\x9f\x98\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf", b"\xe0\x80\xaf", b"None", b"-5", b"\xd7\xa9\xd7\x9c",
]


def program():
    build = os.environ.get("TEST_BUILD")
    assert build, "TEST_BUILD is not set: it names the build folder that has tests/support/csv_cells"
    path = os.path.join(build, "tests", "support", "csv_cells")
    assert os.access(path, os.X_OK), f"{path}: not built"
    return path


def written_by_exportd(rows):
    message = b"".join(b"".join(b"%d:%s" % (len(cell), cell) for cell in row) + b";" for row in rows)
    result = subprocess.run([program()], input=message, capture_output=True, timeout=300)
    assert result.returncode == 0, result.stderr.decode()
    assert result.stderr == b""
    return result.stdout


def as_text(cell):
    """The text that exportd promises to write for bytes."""
    return cell.decode("utf-8", "replace").replace("\0", "")


def written_by_python(rows, columns=COLUMNS):
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns)
    for row in rows:
        writer.writerow(dict(zip(columns, map(as_text, row))))
    return out.getvalue().encode()


def assert_same(rows, columns=COLUMNS):
    for row, ours in zip(rows, map(written_by_exportd, ([row] for row in rows[:20]))):
        assert ours == written_by_python([row], columns), row
    ours, theirs = written_by_exportd(rows), written_by_python(rows, columns)
    if ours != theirs:
        at = next(i for i, (a, b) in enumerate(zip(ours + b"\0", theirs + b"\1")) if a != b)
        raise AssertionError(f"they differ at byte {at}: {ours[at - 50:at + 50]} {theirs[at - 50:at + 50]}")


def test_header_and_usual_rows():
    rows = [[column.encode() for column in COLUMNS],
            [b"foo", b"2", b"2020-03-25T16:12:18.000000Z", b"2020-03-24T16:12:18.123456Z"],
            [b"", b"", b"", b""]]
    assert_same(rows)
    assert written_by_exportd(rows).startswith(b"value,times_seen,last_seen,first_seen\r\nfoo,2,")


def test_each_piece_alone_and_in_pairs():
    cells = PIECES + [a + b for a in PIECES for b in PIECES]
    assert_same([[cell, b"1", cell, b"x" + cell] for cell in cells])


def test_generated_rows():
    rng = random.Random(20200325)
    rows = [[b"".join(rng.choices(PIECES, k=rng.randrange(12))) for _ in COLUMNS] for _ in range(20000)]
    assert_same(rows)


def test_random_bytes():
    rng = random.Random(964)
    rows = [[rng.randbytes(rng.randrange(60)) for _ in COLUMNS] for _ in range(20000)]
    assert_same(rows)


def test_long_cells():
    rng = random.Random(65536)
    rows = [[rng.choice(PIECES[1:]) * rng.choice([200, 16000, 33000, 70000]) for _ in COLUMNS] for _ in range(20)]
    assert_same(rows)


def test_one_column():
    """A single empty cell is quoted, because an empty line would be a row without cells."""
    assert_same([[cell] for cell in PIECES], ["value"])
    assert written_by_exportd([[b""], [b"\0"], [b"x"]]) == b'""\r\n""\r\nx\r\n'


def test_it_reads_back():
    rng = random.Random(7)
    rows = [[b"".join(rng.choices(PIECES, k=rng.randrange(6))) for _ in COLUMNS] for _ in range(2000)]
    text = written_by_exportd(rows).decode()
    assert list(csv.reader(io.StringIO(text, newline=""))) == [list(map(as_text, row)) for row in rows]
