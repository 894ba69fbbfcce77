# SPDX-License-Identifier: Apache-2.0
"""Loads a library of tests/support into a program, to change the results of system calls."""
import os

from support.program import SANITIZERS, binary


def library(name):
    build = os.environ.get("TEST_BUILD") or os.path.dirname(binary())
    path = os.path.join(build, "tests", "support", f"lib{name}.so")
    assert os.path.exists(path), f"{path}: not built"
    return path


def settings(path, **environment):
    """Settings for support.program.Exportd. The address sanitizer demands to be the first library; that
    check is turned off."""
    return {"ld_preload": path, **environment,
            "asan_options": SANITIZERS["ASAN_OPTIONS"] + ":verify_asan_link_order=0"}
