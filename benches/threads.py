#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Wall and processor time of `minamo meter` with one thread and with several, and whether the rows are the same.

usage: threads.py MINAMO CAPTURE [THREADS...]   The aims: two threads at 1.8 times the speed of one, by wall time, and the same rows.

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


def digest(minamo, capture, threads, more):
    """A hash of the rows. Not timed: hashing takes its share."""
    command = [minamo, "meter", "--threads", str(threads), *more, capture]
    out = subprocess.Popen(command, stdout=subprocess.PIPE)
    hashed = hashlib.sha256()
    for block in iter(lambda: out.stdout.read(1 << 20), b""):
        hashed.update(block)
    if out.wait() != 0:
        sys.exit("%s failed" % " ".join(command))
    return hashed.hexdigest()


def once(minamo, capture, threads, more):
    """Wall and processor seconds."""
    command = [minamo, "meter", "--threads", str(threads), *more, capture]
    before, begun = os.times(), time.monotonic()
    if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0:
        sys.exit("%s failed" % " ".join(command))
    after, ended = os.times(), time.monotonic()
    return ended - begun, after.children_user - before.children_user + after.children_system - before.children_system


def main():
    minamo, capture, threads = sys.argv[1], sys.argv[2], [int(n) for n in sys.argv[3:]] or [2]
    print("%-8s %-8s %8s %8s %8s %8s" % ("groups", "threads", "wall s", "CPU s", "speed", "at most"))
    met = aims = 0
    for name, more in (("all", []), ("light", ["--light"])):
        # They take turns, so that a machine that grows slower is slower for all.
        counts = [1, *threads]
        rounds = [[once(minamo, capture, count, more) for count in counts] for _ in range(RUNS)]
        least = [tuple(min(values) for values in zip(*of)) for of in zip(*rounds)]
        rows = [digest(minamo, capture, count, more) for count in counts]
        for count, (wall, used), of in zip(counts, least, rows):
            speed, most = least[0][0] / wall, count * least[0][1] / used
            print("%-8s %-8d %8.2f %8.2f %8.2f %8.2f%s" % (name, count, wall, used, speed, most, "" if of == rows[0] else "  ROWS DIFFER"))
            if count != 1:
                aims, met = aims + 1, met + (of == rows[0])
            if count == 2 and name == "all":
                aims, met = aims + 1, met + (speed >= AIM)
    print("met %d of %d aims" % (met, aims))
    sys.exit(0 if met == aims else 1)


if __name__ == "__main__":
    main()
