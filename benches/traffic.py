#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Captures for measurements, always the same for the same numbers.

usage: traffic.py short FLOWS OUT.pcap        TCP conversations of six packets, a hundred open at a time
       traffic.py concurrent FLOWS OUT.pcap   TCP conversations that are all open at the end, six packets each
       traffic.py send INTERFACE RATE SECS    UDP frames of 1,000 conversations at so many a second; prints the number sent

Short flows carry requests of HTTP or what looks like TLS, as most short flows do.
"""
import socket
import struct
import sys
import time

REQUEST = b"GET /index.html HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 20\r\n\r\n<html>hello</html>\r\n"
START = 1_700_000_000


def frame(src, dst, sport, dport, seq, ack, flags, payload):
    total = 40 + len(payload)
    return struct.pack("!6s6sHBBHHHBBHII", b"\x02\0\0\0\0\2", b"\x02\0\0\0\0\1", 0x0800, 0x45, 0, total, 0, 0x4000, 64, 6, 0,
                       src, dst) + struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 65_000, 0, 0) + payload


def packets(number):
    """The six packets of a conversation."""
    src, dst = 0x0a000000 + number % 4_000_000, 0xc6120000 + number % 60_000
    sport, dport = 1_024 + number * 7 % 60_000, 80
    out, back = (src, dst, sport, dport), (dst, src, dport, sport)
    yield frame(*out, 100, 0, 2, b"")
    yield frame(*back, 900, 101, 18, b"")
    yield frame(*out, 101, 901, 16, b"")
    yield frame(*out, 101, 901, 24, REQUEST)
    yield frame(*back, 901, 101 + len(REQUEST), 25, ANSWER)
    yield frame(*out, 101 + len(REQUEST), 902 + len(ANSWER), 17, b"")


class Pcap:
    def __init__(self, path):
        self.file = open(path, "wb", 1 << 20)
        self.file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65_535, 1))

    def write(self, micros, octets):
        self.file.write(struct.pack("<IIII", START + micros // 1_000_000, micros % 1_000_000, len(octets), len(octets)))
        self.file.write(octets)


def short(flows, path):
    out = Pcap(path)
    group = 100
    for first in range(0, flows, group):
        talks = [list(packets(number)) for number in range(first, min(first + group, flows))]
        for step in range(6):
            for at, talk in enumerate(talks):
                out.write(first * 10 + step * group + at, talk[step])


def concurrent(flows, path):
    """Everything but the end of each conversation, within half of the shortest timeout."""
    out = Pcap(path)
    step_micros = 5_000_000
    block = 50_000
    for first in range(0, flows, block):
        talks = [list(packets(number))[:5] for number in range(first, min(first + block, flows))]
        for step in range(5):
            for at, talk in enumerate(talks):
                octets = talk[step]
                if step == 4:
                    # The answer without its FIN: the conversation stays open.
                    octets = octets[:47] + b"\x18" + octets[48:]
                out.write((first + at) * step_micros * 4 // flows + step, octets)


def send(interface, rate, secs):
    """Frames to a packet socket, as many as the time allows."""
    udp = [struct.pack("!6s6sHBBHHHBBHIIHHHH", b"\x02\0\0\0\0\2", b"\x02\0\0\0\0\1", 0x0800, 0x45, 0, 128, 0, 0x4000, 64, 17, 0,
                       0x0a000000 + n, 0x0a010000 + n, 10_000 + n, 9_999, 108, 0) + bytes(100) for n in range(1_000)]
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind((interface, 0))
    sent, began = 0, time.monotonic()
    while time.monotonic() - began < secs:
        due = int((time.monotonic() - began) * rate) - sent
        for _ in range(min(due, 200)):
            out.send(udp[sent % 1_000])
            sent += 1
        if due <= 0:
            time.sleep(0.0005)
    print(sent)


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
    else:
        {"short": short, "concurrent": concurrent}[sys.argv[1]](int(sys.argv[2]), sys.argv[3])
