# SPDX-License-Identifier: Apache-2.0
"""Waits until a condition is true; a time-out names the condition."""
import time


def wait_until(condition, what, seconds=20.0, pause=0.05):
    """Returns the first true result of condition(); fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(pause)
