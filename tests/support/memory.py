# SPDX-License-Identifier: Apache-2.0
"""The memory that programs use."""
import os
import time


def peak_memory(processes, program):
    """The peak of the resident memory, in KiB, of any of the processes, watched until all have ended.
    Their rusage would also count the interpreter's memory before a process became `program`."""
    peak = 0
    running = list(processes)
    while running:
        running = [process for process in running if process.poll() is None]
        for process in running:
            try:
                if os.readlink(f"/proc/{process.pid}/exe") == program:
                    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
                        peak = max([peak, *(int(line.split()[1]) for line in status
                                            if line.startswith("VmHWM:"))])
            except OSError:
                pass
        time.sleep(0.005)
    return peak


def resident_memory(pid):
    """The process's resident memory now, in KiB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
