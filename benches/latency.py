# SPDX-License-Identifier: Apache-2.0
"""How soon an analyst is told: a flood of SYNs, and a query as Norikra has it, to a webhook. `make bench-latency`.

usage: latency.py MINAMO

A server with all rules gets NetFlow v5 over loopback, once as it is installed and once without pairing (what rows of a probe
and of exporters with both directions see): 150 flows for a query over a minute, then 6,000 flows of 250 sources to one
server. Times are wall seconds, one run each, from the end of the query's window (below zero: before it) and from the first
datagram of the flood to the webhook.
"""
import http.server
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from serving import finish, listens

MINAMO = sys.argv[1]
CONSOLE, PORT, HOOK = 18_958, 29_958, 18_959
WINDOW = 60
NORIKRA, FLOOD = 5, 10
QUERY = """-- severity: high
SELECT ipv4_src_addr, COUNT(distinct l4_dst_port) AS uniq_dport FROM flows.win:time_batch(1 min)
    WHERE ipv4_src_addr LIKE '192.0.2.%' GROUP BY ipv4_src_addr HAVING COUNT(distinct l4_dst_port) > 100
"""
CONFIG = """[server]
listen = "127.0.0.1:%d"
[collect]
listen = ["127.0.0.1:%d"]
pair = %s
[detect]
rules = "%s"
[[action]]
name = "hook"
kind = "webhook"
url = "http://127.0.0.1:%d/"
severity = "high"
most_a_minute = 1000
"""


class Webhook(http.server.BaseHTTPRequestHandler):
    """Notes when it was told, and what."""

    told = []

    def do_POST(self):
        said = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.told.append((time.time(), said))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass

    @classmethod
    def first(cls, rule, seconds=90):
        """When a webhook first told of the rule."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for at, said in list(cls.told):
                if '"%s"' % rule in said:
                    return at
            time.sleep(0.05)
        sys.exit("%s was not told within %d s" % (rule, seconds))


def send(flows):
    """NetFlow v5 of one SYN each: source, destination and their ports."""
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for first in range(0, len(flows), 30):
        part, now, up = flows[first:first + 30], time.time(), 3_600_000
        out = struct.pack("!HHIIIIBBH", 5, len(part), up, int(now), int(now % 1 * 1e9), first, 0, 0, 0)
        for src, dst, src_port, dst_port in part:
            out += socket.inet_aton(src) + socket.inet_aton(dst) + bytes(4) + struct.pack(
                "!HHIIIIHHBBBBHHBBH", 1, 2, 60, 3_600, up - 500, up - 400, src_port, dst_port, 0, 2, 6, 0, 0, 0, 0, 0, 0)
        sender.sendto(out, ("127.0.0.1", PORT))


def run(pair):
    Webhook.told.clear()
    with tempfile.TemporaryDirectory() as folder:
        rules, config, log = (os.path.join(folder, name) for name in ("rules", "minamo.toml", "log"))
        os.mkdir(rules)
        with open(os.path.join(rules, "norikra.epl"), "w") as out:
            out.write(QUERY)
        with open(config, "w") as out:
            out.write(CONFIG % (CONSOLE, PORT, "true" if pair else "false", rules, HOOK))
        with open(log, "w") as said:
            command = [MINAMO, "serve", "--config", config, "--data", os.path.join(folder, "data")]
            server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        try:
            listens(PORT)
            # Early enough in a minute that all of it is in one window.
            time.sleep(max(0, 5 - time.time() % WINDOW) if time.time() % WINDOW < 40 else 65 - time.time() % WINDOW)
            send([("192.0.2.66", "198.51.100.1", 50_000, 1_000 + port) for port in range(150)])
            ends = time.time() // WINDOW * WINDOW + WINDOW
            norikra = Webhook.first("norikra") - ends
            began = time.time()
            send([("203.0.113.%d" % (n % 250 + 1), "10.0.0.80", 1_000 + n, 80) for n in range(6_000)])
            return norikra, Webhook.first("flood_syn") - began
        finally:
            finish(server)


def main():
    hook = http.server.ThreadingHTTPServer(("127.0.0.1", HOOK), Webhook)
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    met = 0
    print("%-18s %32s %28s" % ("records", "query, s after its window's end", "flood, s after its beginning"))
    for name, pair in (("as installed", True), ("without pairing", False)):
        norikra, flood = run(pair)
        print("%-18s %24.1f (<= %d) %21.1f (<= %d)" % (name, norikra, NORIKRA, flood, FLOOD), flush=True)
        met += (norikra <= NORIKRA) + (flood <= FLOOD)
    print("met %d of 4 aims" % met)
    sys.exit(met != 4)


main()
