# SPDX-License-Identifier: Apache-2.0
"""What a distribution's packagers rely on."""
import json
import os
import subprocess

from support.program import ROOT


def test_a_distributions_flags_come_first(tmp_path):
    """A second -D_FORTIFY_SOURCE would warn in each file, and override the better value."""
    environment = {**os.environ, "CFLAGS": "-O2 -D_FORTIFY_SOURCE=3 -Werror"}
    subprocess.run(["cmake", "-G", "Ninja", "-S", ROOT, "-B", tmp_path], env=environment, check=True,
                   capture_output=True)
    with open(tmp_path / "compile_commands.json", encoding="utf-8") as file:
        commands = json.load(file)
    assert len(commands) > 100
    assert {entry["command"].count("_FORTIFY_SOURCE") for entry in commands} == {1}
    built = subprocess.run(["cmake", "--build", tmp_path, "--target", "base"], capture_output=True,
                           text=True)
    assert built.returncode == 0 and "warning" not in built.stdout, built.stdout
