#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CPU seconds (user and system) of commands, one after the other, the least of three runs each.

usage: cpu.py NAME=COMMAND NAME=COMMAND...   The first is ours; the aim is not to need more than the second.
"""
import os
import shlex
import subprocess
import sys

RUNS = 3


def cpu_seconds(command):
    best = None
    for _ in range(RUNS):
        before = os.times()
        done = subprocess.run(shlex.split(command), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        after = os.times()
        if done.returncode != 0:
            sys.exit("%s failed: %s" % (command, done.stderr.decode(errors="replace")[-300:]))
        used = after.children_user - before.children_user + after.children_system - before.children_system
        best = used if best is None else min(best, used)
    return best


def main():
    rows = [(name, cpu_seconds(command)) for name, command in (a.split("=", 1) for a in sys.argv[1:])]
    ours = rows[0][1]
    print("%-12s %10s %8s" % ("program", "CPU s", "ratio"))
    for name, used in rows:
        print("%-12s %10.2f %8.2f" % (name, used, used / ours))
    met = ours <= rows[1][1]
    print("met %d of 1 aims" % met)
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
