#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What recognising costs, protocol by protocol: instructions of `minamo meter` under callgrind.

usage: cost.py MINAMO CAPTURE...

MINAMO needs names of functions (all builds of ours have them). Prints a table: instructions per flow in whole, in all probes and
dissectors with what they call, and in those of each file of crates/dissect/src/protocols.
"""
import collections
import os
import re
import subprocess
import sys
import tempfile

def measure(program, captures, out):
    """Runs the program under callgrind; gives the number of rows."""
    rows = os.path.join(os.path.dirname(out), "rows.jsonl")
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out, program, "meter", "--output", rows]
    subprocess.run(command + captures, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(rows, encoding="utf-8") as lines:
        return sum(1 for _ in lines)


def read(out):
    """All instructions, and those of each protocol's functions with what they call, where others call them."""
    names, protocols, whole, caller, callee, calls = {}, collections.Counter(), 0, "", "", False
    for line in open(out, encoding="utf-8", errors="replace"):
        named = re.match(r"(fn|cfn)=\((\d+)\)(?: (.*))?", line)
        if named:
            kind, number, name = named.groups()
            if name:
                names[number] = name.strip()
            if kind == "fn":
                caller = names.get(number, "")
            else:
                callee = names.get(number, "")
        elif line.startswith("calls="):
            # The next line has the cost of what is called.
            calls = True
        elif line[:1].isdigit() or line[:1] in "+-*":
            instructions = int(line.split()[1])
            if not calls:
                whole += instructions
            elif module(callee) and not module(caller):
                protocols[module(callee)] += instructions
            calls = False
    return whole, protocols


def module(function):
    """The protocol that a function belongs to: the file below `protocols`."""
    found = re.search(r"minamo_dissect(?:\[[0-9a-f]+\])?::protocols::([a-z0-9_]+)::", function)
    return found.group(1) if found else None


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    program, captures = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "callgrind.out")
        rows = measure(program, captures, out)
        whole, protocols = read(out)
    print("| part | instructions a flow | share |\n|---|---|---|")
    lines = [("whole", whole), ("protocols", sum(protocols.values()))]
    for name, instructions in lines + [("`%s`" % name, cost) for name, cost in protocols.most_common()]:
        if instructions >= 10 * rows:
            print("| %s | %s | %.2f %% |" % (name, format(instructions // rows, ","), 100 * instructions / whole))
    print("\n%d flows; what takes less than ten instructions a flow is left out" % rows)


if __name__ == "__main__":
    main()
