# SPDX-License-Identifier: Apache-2.0
"""Processor time and memory of every rule over the same flows: `make bench-rules`.

usage: rules.py MINAMO LOADGEN RECORDS

The load generator's NetFlow v9 goes over loopback into a server without rules; then each rule is asked once over all of
it (`minamo rule try`), each by a process of its own. CPU seconds are user and system, from wait4(2), less those of a
process that asks a rule of an empty range; memory is the most that was resident. The aim is the budget of 200,000 flows/s on two
cores: ten seconds a million, of which intake takes two.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

from serving import finish, listens, rules_off

MINAMO, LOADGEN, RECORDS = sys.argv[1], sys.argv[2], int(sys.argv[3])
PORT = 29_957
RATE = 200_000
AIM = 8.0


def filled(folder):
    """A folder of data with the flows; gives the range of their time."""
    config = os.path.join(folder, "minamo.toml")
    with open(config, "w") as out:
        out.write('[server]\nlisten = "127.0.0.1:0"\n[collect]\nlisten = ["127.0.0.1:%d"]\n%s' % (PORT, rules_off(MINAMO)))
    server = subprocess.Popen([MINAMO, "serve", "--config", config, "--data", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    listens(PORT)
    subprocess.run([LOADGEN, "blast", "127.0.0.1:%d" % PORT, str(RECORDS), "v9", str(RATE)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(2)
    finish(server)
    told = subprocess.run([MINAMO, "sql", "--json", "--data", folder, "SELECT min(time_start) AS first, max(time_end) AS last, count(*) AS n FROM flows"], capture_output=True, text=True, check=True).stdout
    return json.loads(told)


def asked(rule, folder, first, last):
    """CPU seconds and MiB of one question."""
    command = [MINAMO, "rule", "try", rule, "--from", first, "--to", last, "--json", "--data", folder]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit("%s: %s" % (rule, said.strip()))
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    told = subprocess.run([MINAMO, "rule", "list"], capture_output=True, text=True, check=True).stdout
    rules = [line.split()[0] for line in told.split("-\n", 1)[1].split("\n\n", 1)[0].splitlines()]
    with tempfile.TemporaryDirectory(dir=os.environ.get("MINAMO_BENCH_DIR", "/tmp")) as folder:
        flows = filled(folder)
        nothing, _ = asked(rules[0], folder, "2000-01-01T00:00:00Z", "2000-01-01T00:01:00Z")
        rows = []
        for rule in rules:
            used, memory = asked(rule, folder, flows["first"], flows["last"])
            rows.append((max(used - nothing, 0.0), memory, rule))
    print("%d flows\n%-24s %8s %8s" % (flows["n"], "rule", "CPU s", "MiB"))
    for used, memory, rule in sorted(rows, reverse=True):
        print("%-24s %8.2f %8.0f" % (rule, used, memory))
    million = sum(used for used, _, _ in rows) * 1e6 / flows["n"]
    met = million <= AIM
    print("%d rules together: %.1f CPU s per million flows, aim %.1f" % (len(rows), million, AIM))
    print("met %d of 1 aims" % met)
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
