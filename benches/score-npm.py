#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Performance metrics of `minamo meter` against delays and losses that are known.

usage: score-npm.py MINAMO

A client and a server, each the kernel's TCP in a network namespace of its own, and this program as the cable between them: it
holds each frame for a known time on both sides of the place where it writes it down, and loses frames before or
behind that place. That is what `tc netem` does on a router with tcpdump, in kernels without netem too, and what is lost is
known by frame. Three aims, for each of several networks:

  rtt       round trips to client and server, and the server's response time, within 5 % of what was set
  loss      segments with data that were sent again, as the sender's kernel counted them (TCP_INFO): equal where they
            were lost behind the place; where they were lost before it, equal with those that came late
  verdict   the sentence names what was made slow

Needs root and `unshare`, `nsenter`, `ip`; skipped without.
"""
import ctypes
import fcntl
import heapq
import json
import os
import select
import socket
import struct
import subprocess
import sys
import tempfile
import time

PORT = 8080
REQUEST = 2_000
ANSWER = 400_000
SEGMENT = 1_000
WITHIN = 0.05

# Name; delay of each way to client and server in ms; time that the server thinks in ms; every how many data frames of the
# server one is lost, and whether before or behind the place; what is said.
NETWORKS = (
    ("near, good", 10, 20, 50, None, "", "good"),
    ("slow server", 10, 20, 900, None, "", "server"),
    ("long way", 80, 150, 50, None, "", "network"),
    ("loss to the client", 15, 25, 50, 40, "behind", "network"),
    ("loss at the server", 15, 25, 50, 40, "before", None),
)


def plain_frames(interface):
    """No checksums, segments or joined frames that the hardware would make: there is none."""
    control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for command in (0x17, 0x1f, 0x24, 0x2c):  # ETHTOOL_STXCSUM, _STSO, _SGSO, _SGRO (linux/ethtool.h)
        value = bytearray(struct.pack("II", command, 0))
        place = (ctypes.c_char * len(value)).from_buffer(value)
        request = struct.pack("16sP", interface.encode(), ctypes.addressof(place))
        fcntl.ioctl(control, 0x8946, request.ljust(40, b"\0"))  # SIOCETHTOOL


def segments_of(connection):
    """Fixed segments, so that one that is sent again is one frame again."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def serve(think):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    segments_of(listener)
    listener.bind(("10.77.0.2", PORT))
    listener.listen(1)
    print("ready", flush=True)
    connection, _ = listener.accept()
    got = 0
    while got < REQUEST:
        got += len(connection.recv(65_536))
    time.sleep(think / 1_000)
    connection.sendall(bytes(ANSWER))
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(65_536):
        pass
    # tcpi_total_retrans is at octet 100 (linux/tcp.h).
    print(struct.unpack_from("I", connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192), 100)[0], flush=True)


def ask():
    connection = socket.socket()
    segments_of(connection)
    connection.connect(("10.77.0.2", PORT))
    connection.sendall(bytes(REQUEST))
    while connection.recv(65_536):
        pass
    connection.close()


class Host:
    """A namespace with one end of a cable; the other end is ours."""

    def __init__(self, ours, address):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "600"])
        time.sleep(0.2)
        run("ip link add %s type veth peer name end" % ours)
        run("ip link set end netns %d" % self.holder.pid)
        run("ip link set %s up" % ours)
        self.run("ip link set lo up")
        self.run("ip link set end up")
        self.run("ip addr add %s/24 dev end" % address)
        self.run("%s %s plain end" % (sys.executable, __file__))
        plain_frames(ours)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind((ours, 0))

    def inside(self, command):
        return ["nsenter", "--net=/proc/%d/ns/net" % self.holder.pid] + command.split()

    def run(self, command):
        subprocess.run(self.inside(command), check=True)

    def start(self, command):
        return subprocess.Popen(self.inside("%s %s %s" % (sys.executable, __file__, command)), stdout=subprocess.PIPE, text=True)


def run(command):
    subprocess.run(command.split(), check=True)


def data_of_server(frame):
    """True for a segment with data from the server."""
    if frame[12:14] != b"\x08\0" or frame[23] != 6 or struct.unpack_from("!H", frame, 34)[0] != PORT:
        return False
    return struct.unpack_from("!H", frame, 16)[0] > 20 + (frame[46] >> 4) * 4


class Cable:
    """Carries frames between two hosts, and writes down what passes its middle."""

    def __init__(self, client, server, ways, every, where):
        self.ends, self.ways, self.every, self.where = (client.socket, server.socket), ways, every, where
        self.waiting, self.order, self.seen, self.lost, self.records = [], 0, 0, 0, []

    def loses(self, frame, where):
        if self.every is None or self.where != where or not data_of_server(frame):
            return False
        self.seen += 1
        lost = self.seen % self.every == 0
        self.lost += lost
        return lost

    def later(self, when, step, end, frame):
        self.order += 1
        heapq.heappush(self.waiting, (when, self.order, step, end, frame))

    def carry(self, until):
        """Carries until `until` says so."""
        while not until():
            due = self.waiting[0][0] - time.monotonic() if self.waiting else 0.05
            ready, _, _ = select.select(self.ends, [], [], min(max(due, 0), 0.05))
            for end, place in enumerate(self.ends):
                if place in ready:
                    frame, source = place.recvfrom(65_536)
                    # Not what we sent ourselves.
                    if source[2] != socket.PACKET_OUTGOING and not self.loses(frame, "before"):
                        self.later(time.monotonic() + self.ways[end] / 1_000, "middle", end, frame)
            while self.waiting and self.waiting[0][0] <= time.monotonic():
                when, _, step, end, frame = heapq.heappop(self.waiting)
                if step == "end":
                    self.ends[end].send(frame)
                    continue
                self.records.append((time.monotonic(), frame))
                if not self.loses(frame, "behind"):
                    self.later(time.monotonic() + self.ways[1 - end] / 1_000, "end", 1 - end, frame)

    def write(self, path):
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65_535, 1))
            for when, frame in self.records:
                micros = int(when * 1_000_000) + 1_700_000_000_000_000
                out.write(struct.pack("<IIII", micros // 1_000_000, micros % 1_000_000, len(frame), len(frame)) + frame)


def measure(minamo, client, server, network):
    """The row of one conversation, frames that were lost, and segments that the server's kernel sent again."""
    _, to_client, to_server, think, every, where, _ = network
    cable = Cable(client, server, (to_client, to_server), every, where)
    answering = server.start("serve %d" % think)
    answering.stdout.readline()
    asking = client.start("ask")
    cable.carry(lambda: asking.poll() is not None and answering.poll() is not None)
    again = int(answering.stdout.read())
    with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
        cable.write(file.name)
        said = subprocess.run([minamo, "meter", "--capture-filter", "tcp", file.name], stdout=subprocess.PIPE, check=True, text=True).stdout
    # The end of the conversation before may still be on the cable.
    rows = [row for row in map(json.loads, said.splitlines()) if row["orientation"] == "handshake"]
    if len(rows) != 1:
        sys.exit("want one conversation, got %s" % rows)
    return rows[0], cable.lost, again


def inside(minamo):
    hosts = []
    try:
        hosts += [Host("left", "10.77.0.1")]
        hosts += [Host("right", "10.77.0.2")]
        sys.exit(0 if networks(minamo, *hosts) else 1)
    finally:
        for host in hosts:
            host.holder.kill()


def networks(minamo, client, server):
    met = True
    print("%-20s %26s %26s %26s %18s  %s" % ("network", "to the client, ms", "to the server, ms", "response, ms", "sent again", "said"))
    for network in NETWORKS:
        name, to_client, to_server, think, every, where, verdict = network
        row, lost, again = measure(minamo, client, server, network)
        line = "%-20s" % name
        wanted = (("npm_src_rtt_micros", 2 * to_client), ("npm_dst_rtt_micros", 2 * to_server), ("npm_response_micros", 2 * to_server + think))
        for column, want in wanted:
            got = row[column] / 1_000
            off = got / want - 1
            met = met and abs(off) <= WITHIN
            line += "%10.1f of %5d (%+5.1f%%)" % (got, want, 100 * off)
        sent_again, late = row.get("npm_dst_retransmits") or 0, row.get("npm_dst_out_of_order") or 0
        counted = sent_again + late if where == "before" else sent_again
        met = met and counted == again and again >= lost and (lost > 0) == (every is not None)
        met = met and verdict in (None, row["npm_verdict"])
        print("%s %7d of %d (%d lost)  %s: %s" % (line, counted, again, lost, row["npm_verdict"], row["npm_verdict_reason"]), flush=True)
    print("met" if met else "not met")
    return met


def main():
    if sys.argv[1] == "serve":
        return serve(int(sys.argv[2]))
    if sys.argv[1] == "ask":
        return ask()
    if sys.argv[1] == "plain":
        return plain_frames(sys.argv[2])
    if sys.argv[1] == "inside":
        return inside(sys.argv[2])
    if subprocess.run(["unshare", "--net", "ip", "link", "set", "lo", "up"]).returncode != 0:
        print("skipped: want `unshare --net` and `ip`, and the right to use them")
        return
    sys.exit(subprocess.run(["unshare", "--net", sys.executable, __file__, "inside", sys.argv[1]]).returncode)


if __name__ == "__main__":
    main()
