#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Captures for measurements, always the same for the same numbers.

usage: traffic.py short FLOWS OUT.pcap        TCP conversations of six packets, a hundred open at a time
       traffic.py concurrent FLOWS OUT.pcap   TCP conversations that are all open at the end, six packets each
       traffic.py concurrent-done FLOWS OUT.pcap   the same with the hellos of TLS, after which its dissector is done
       traffic.py flood SOURCES OUT.pcap      one SYN from each of so many sources to one server, 500,000 a second
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


def vector(size, octets):
    """Octets behind their length (RFC 8446 section 3.4)."""
    return len(octets).to_bytes(size, "big") + octets


def extension(number, body):
    return number.to_bytes(2, "big") + vector(2, body)


def handshake(kind, body):
    """A message of the handshake in a record of its own."""
    return b"\x16\x03\x03" + vector(2, bytes([kind]) + vector(3, body))


# TLS 1.3 (RFC 8446 section 4.1): what a client and a server say before everything is encrypted.
RANDOM = bytes(range(32))
CLIENT_HELLO = handshake(1, b"\x03\x03" + RANDOM + vector(1, RANDOM) + vector(2, b"\x13\x01\x13\x02\x13\x03") + b"\x01\0" + vector(2, b"".join([
    extension(0, vector(2, b"\0" + vector(2, b"www.example.com"))),
    extension(10, vector(2, b"\0\x1d\0\x17")),
    extension(13, vector(2, b"\x04\x03\x08\x04")),
    extension(16, vector(2, vector(1, b"h2") + vector(1, b"http/1.1"))),
    extension(43, vector(1, b"\x03\x04")),
    extension(51, vector(2, b"\0\x1d" + vector(2, RANDOM))),
])))
SERVER_HELLO = handshake(2, b"\x03\x03" + RANDOM + vector(1, RANDOM) + b"\x13\x01\0" + vector(2, extension(43, b"\x03\x04")
                         + extension(51, b"\0\x1d" + vector(2, RANDOM)))) + b"\x17\x03\x03" + vector(2, bytes(64))


def frame(src, dst, sport, dport, seq, ack, flags, payload):
    total = 40 + len(payload)
    return struct.pack("!6s6sHBBHHHBBHII", b"\x02\0\0\0\0\2", b"\x02\0\0\0\0\1", 0x0800, 0x45, 0, total, 0, 0x4000, 64, 6, 0,
                       src, dst) + struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 65_000, 0, 0) + payload


def packets(number, request=REQUEST, answer=ANSWER):
    """The six packets of a conversation."""
    src, dst = 0x0a000000 + number % 4_000_000, 0xc6120000 + number % 60_000
    sport, dport = 1_024 + number * 7 % 60_000, 80 if request is REQUEST else 443
    out, back = (src, dst, sport, dport), (dst, src, dport, sport)
    yield frame(*out, 100, 0, 2, b"")
    yield frame(*back, 900, 101, 18, b"")
    yield frame(*out, 101, 901, 16, b"")
    yield frame(*out, 101, 901, 24, request)
    yield frame(*back, 901, 101 + len(request), 25, answer)
    yield frame(*out, 101 + len(request), 902 + len(answer), 17, b"")


class Pcap:
    def __init__(self, path):
        self.file = open(1 if path == "-" else path, "wb", 1 << 20)
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


def concurrent(flows, path, request=REQUEST, answer=ANSWER):
    """Everything but the end of each conversation, within half of the shortest timeout."""
    out = Pcap(path)
    step_micros = 5_000_000
    block = 50_000
    for first in range(0, flows, block):
        talks = [list(packets(number, request, answer))[:5] for number in range(first, min(first + block, flows))]
        for step in range(5):
            for at, talk in enumerate(talks):
                octets = talk[step]
                if step == 4:
                    # The answer without its FIN: the conversation stays open.
                    octets = octets[:47] + b"\x18" + octets[48:]
                out.write((first + at) * step_micros * 4 // flows + step, octets)


def concurrent_done(flows, path):
    """TLS, of which nothing more can be learnt once both hellos were seen."""
    concurrent(flows, path, CLIENT_HELLO, SERVER_HELLO)


def flood(sources, path):
    """SYNs that nobody answers; `-` is standard output."""
    out = Pcap(path)
    syn = frame(0, 0xc6336402, 0, 443, 100, 0, 2, b"")
    before, after = syn[:26], syn[30:34]
    end = syn[36:]
    for number in range(sources):
        # Each number once: the multiplier is odd.
        source = number * 0x9e3779b1 & 0xffffffff
        out.write(number * 2, before + source.to_bytes(4, "big") + after + (1_024 + number % 60_000).to_bytes(2, "big") + end)
    out.file.flush()


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
        {"short": short, "concurrent": concurrent, "concurrent-done": concurrent_done, "flood": flood}[sys.argv[1]](int(sys.argv[2]), sys.argv[3])
