#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Wall and processor time of `minamo meter` with one thread and with several, and whether the rows are the same.

usage: threads.py MINAMO CAPTURE [THREADS...]   The aim: two threads at 1.8 times the speed of one, by wall time.

On a machine with other work wall time says little: the last column is the most that the threads could gain by the processor
time that they need together, were each as busy as the others.
"""
import hashlib
import os
import subprocess
import sys
import time

RUNS = 5
AIM = 1.8


def run(minamo, capture, threads, more):
    """Least wall and processor seconds, and a hash of the rows."""
    wall = used = None
    digest = None
    for at in range(RUNS):
        command = [minamo, "meter", "--threads", str(threads), *more, capture]
        before, begun = os.times(), time.monotonic()
        out = subprocess.Popen(command, stdout=subprocess.PIPE if at == 0 else subprocess.DEVNULL)
        if at == 0:
            # Not timed: hashing takes its share.
            hashed = hashlib.sha256()
            for block in iter(lambda: out.stdout.read(1 << 20), b""):
                hashed.update(block)
            digest = hashed.hexdigest()
        if out.wait() != 0:
            sys.exit("%s failed" % " ".join(command))
        after, ended = os.times(), time.monotonic()
        if at == 0:
            continue
        cpu = after.children_user - before.children_user + after.children_system - before.children_system
        wall = min(wall or 1e9, ended - begun)
        used = min(used or 1e9, cpu)
    return wall, used, digest


def main():
    minamo, capture, threads = sys.argv[1], sys.argv[2], [int(n) for n in sys.argv[3:]] or [2]
    print("%-8s %-8s %8s %8s %8s %8s" % ("groups", "threads", "wall s", "CPU s", "speed", "at most"))
    met = True
    for name, more in (("all", []), ("light", ["--light"])):
        one = run(minamo, capture, 1, more)
        print("%-8s %-8d %8.2f %8.2f %8.2f %8.2f" % (name, 1, one[0], one[1], 1, 1))
        for count in threads:
            many = run(minamo, capture, count, more)
            same = many[2] == one[2]
            speed, most = one[0] / many[0], count * one[1] / many[1]
            print("%-8s %-8d %8.2f %8.2f %8.2f %8.2f%s" % (name, count, many[0], many[1], speed, most, "" if same else "  ROWS DIFFER"))
            met = met and same and (count != 2 or name != "all" or speed >= AIM)
    print("met" if met else "not met")
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
