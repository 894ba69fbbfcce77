"""Runs the tests of the tagstore's write methods over a real database: tests/unit/tagstore/write_test.c."""
import os
import re
import subprocess

from support.program import SANITIZERS, binary


def test_write_methods(postgres, database):
    build = os.environ.get("EXPORTD_BUILD") or os.path.dirname(binary())
    done = subprocess.run(
        [os.path.join(build, "tests", "unit", "unit_tagstore_write")], capture_output=True,
        text=True, timeout=120,
        env={**SANITIZERS, "EXPORTD_TEST_DATABASE_URL": postgres.url(database)})
    report = done.stdout + done.stderr
    assert done.returncode == 0, report
    assert re.search(r"PASSED  \] \d\d test", report) and "SKIPPED" not in report, report
