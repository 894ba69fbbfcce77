# SPDX-License-Identifier: Apache-2.0
"""A library of tests/support that is loaded into a program to change what the system tells it."""
import os

from support.program import SANITIZERS, binary


def library(name):
    build = os.environ.get("TEST_BUILD") or os.path.dirname(binary())
    path = os.path.join(build, "tests", "support", f"lib{name}.so")
    assert os.path.exists(path), f"{path}: not built"
    return path


def settings(path, **environment):
    """For support.program.Exportd. The address sanitizer wants to be the first library, for no reason
    that matters here."""
    return {"ld_preload": path, **environment,
            "asan_options": SANITIZERS["ASAN_OPTIONS"] + ":verify_asan_link_order=0"}
