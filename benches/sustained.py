# SPDX-License-Identifier: Apache-2.0
"""All rules on flows that keep coming: does detection keep up, and what does it take? `make bench-sustained`.

usage: sustained.py MINAMO LOADGEN RECORDS

The load generator's NetFlow v9 goes over loopback into a server with all rules at 200,000 records a second. Every five
seconds the server's own metrics are read: how long the rule that waits longest has been waiting for its answer, what was lost.
CPU seconds are user and system of the server until the sender ends; then the server is ended, which asks the last questions,
and the flows in its lake are counted.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

from serving import finish, listens

MINAMO, LOADGEN, RECORDS = sys.argv[1], sys.argv[2], int(sys.argv[3])
CONSOLE, PORT = 18_957, 29_957
RATE = 200_000
CORES = 2
# A rule may rest for half a minute; waiting longer than that for its turn is falling behind.
BEHIND = 30
EVERY = 5


def processor(process):
    with open("/proc/%d/stat" % process.pid) as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Server:
    """A server with all rules, and a session with its console."""

    def __init__(self, folder):
        self.folder = folder
        config, log = os.path.join(folder, "minamo.toml"), os.path.join(folder, "log")
        with open(config, "w") as out:
            out.write('[server]\nlisten = "127.0.0.1:%d"\n[collect]\nlisten = ["127.0.0.1:%d"]\n' % (CONSOLE, PORT))
        with open(log, "w") as said:
            command = [MINAMO, "serve", "--config", config, "--data", folder]
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        listens(PORT)
        with open(log) as said:
            password = re.search(r"with the password `([^`]+)`", said.read()).group(1)
        login = json.dumps({"user": "admin", "password": password}).encode()
        answer = urllib.request.urlopen(self.request("/api/v1/session", login, {"Content-Type": "application/json"}))
        self.cookie = answer.headers["Set-Cookie"].split(";")[0]

    def request(self, path, body=None, headers=None):
        return urllib.request.Request("http://127.0.0.1:%d%s" % (CONSOLE, path), body, headers or {"Cookie": self.cookie})

    def metrics(self):
        """Values by name and labels."""
        text = urllib.request.urlopen(self.request("/metrics"), timeout=30).read().decode()
        return {name: int(value) for name, value in re.findall(r"^(\w+(?:{[^}]*})?) (\d+)$", text, re.M)}


def main():
    folder = tempfile.mkdtemp(dir=os.environ.get("MINAMO_BENCH_DIR", "/tmp"))
    server = Server(folder)
    before, began = processor(server.process), time.monotonic()
    command = [LOADGEN, "blast", "127.0.0.1:%d" % PORT, str(RECORDS), "v9", str(RATE)]
    sender = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    behind = []
    while sender.poll() is None:
        time.sleep(EVERY)
        behind.append(server.metrics()["minamo_detect_behind_seconds"])
        print("%4.0f s: %6.1f CPU s, behind %d s" % (time.monotonic() - began, processor(server.process) - before, behind[-1]))
    took, used = time.monotonic() - began, processor(server.process) - before
    with open("/proc/%d/status" % server.process.pid) as status:
        peak = int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1)) / 1024
    told = server.metrics()
    rules = [(value, name) for name, value in told.items() if name.startswith("minamo_detect_rule_milliseconds_total")]
    finish(server.process)
    asked = [MINAMO, "sql", "--json", "--data", folder, "SELECT count(*) AS n FROM flows"]
    rows = json.loads(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)["n"]
    shutil.rmtree(folder)
    print("%-24s %8s" % ("rule", "seconds"))
    for value, name in sorted(rules, reverse=True)[:20]:
        print("%-24s %8.1f" % (re.search(r'"(.*)"', name).group(1), value / 1000))
    print("%-24s %8.1f" % ("all rules", sum(value for value, _ in rules) / 1000))
    print("%-24s %8.0f MiB" % ("most memory", peak))
    aims = [
        (rows >= RECORDS, "%d of %d records are in the lake" % (rows, RECORDS)),
        (max(behind) <= BEHIND, "the rule that waited longest waited %d s, aim %d" % (max(behind), BEHIND)),
        (used / took <= CORES, "%.2f cores, aim %d; %.1f CPU s a million" % (used / took, CORES, used * 1e6 / rows)),
    ]
    for met, text in aims:
        print("%s %s" % ("met " if met else "MISS", text))
    met = sum(met for met, _ in aims)
    print("met %d of %d aims" % (met, len(aims)))
    sys.exit(0 if met == len(aims) else 1)


if __name__ == "__main__":
    main()
