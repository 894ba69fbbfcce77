# SPDX-License-Identifier: Apache-2.0
"""Runs unit tests that need a database: environment variables name it."""
import os
import re
import subprocess

from support.program import SANITIZERS, binary


def run_unit(name, **environment):
    """Runs tests/unit/.../NAME_test.c (layer_file) and demands that it passes and skips nothing."""
    build = os.environ.get("TEST_BUILD") or os.path.dirname(binary())
    done = subprocess.run(
        [os.path.join(build, "tests", "unit", f"unit_{name}")], capture_output=True, text=True,
        timeout=120, env={**SANITIZERS, **{name: str(value) for name, value in environment.items()}})
    report = done.stdout + done.stderr
    assert done.returncode == 0, report
    assert re.search(r"PASSED  \] [1-9]\d* test", report) and "SKIPPED" not in report, report
