#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Agreement of `minamo meter` with referees, per conversation.

usage: score-probe.py MINAMO CORPORA WORK

Three aims:
  tshark       packets and octets of both sides, TCP flags of both sides, first and last time of every TCP and UDP
               conversation of the captures in general/ and dpi/ (a conversation is a pair of endpoints)
  ipfixprobe   the basic columns of the expected flows of eta/ipfixprobe
  community    the ids of general/community-id, with seeds 0 and 1

tshark's answers are kept in WORK, as it takes long. Differences that have a known reason are listed with it; the
reasons are explained in docs/explain/metering.md. An aim is met where no difference is left without a reason.
"""
import collections
import csv
import datetime
import glob
import gzip
import hashlib
import ipaddress
import json
import os
import subprocess
import sys

FIELDS = ["frame.time_epoch", "frame.protocols", "ip.src", "ip.dst", "ip.len", "ip.id", "ip.frag_offset", "ip.proto",
          "ipv6.src", "ipv6.dst", "ipv6.plen", "ipv6.fraghdr.ident", "ipv6.fraghdr.offset", "ipv6.fraghdr.nxt",
          "tcp.srcport", "tcp.dstport", "tcp.flags", "udp.srcport", "udp.dstport", "frame.cap_len", "frame.len"]
# Nothing is put together again, and nothing is guessed: each frame stands for itself.
OPTIONS = ["ip.defragment:FALSE", "ipv6.defragment:FALSE", "tcp.desegment_tcp_streams:FALSE",
           "tcp.analyze_sequence_numbers:FALSE", "tcp.track_bytes_in_flight:FALSE", "tcp.calculate_timestamps:FALSE"]
ENDINGS = (".pcap", ".pcapng", ".cap", ".trace", ".pcap.gz")


def captures(corpora):
    for folder in ("general", "dpi"):
        for root, _, names in sorted(os.walk(os.path.join(corpora, folder))):
            for name in sorted(names):
                if name.endswith(ENDINGS):
                    yield os.path.join(root, name)


def tshark(path, work):
    """Lines of fields, one per frame."""
    key = hashlib.sha1((path + repr(FIELDS + OPTIONS)).encode()).hexdigest()
    kept = os.path.join(work, "tshark", key + ".gz")
    if not os.path.exists(kept):
        command = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=|", "-E", "aggregator=,"]
        command += [word for option in OPTIONS for word in ("-o", option)]
        command += [word for field in FIELDS for word in ("-e", field)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        with gzip.open(kept + ".new", "wb", 1) as out:
            out.write(done.stdout)
        os.rename(kept + ".new", kept)
    with gzip.open(kept, "rt", errors="replace") as lines:
        return lines.read().splitlines()


class Side:
    """What one endpoint of a conversation sent."""
    __slots__ = ("packets", "octets", "flags")

    def __init__(self):
        self.packets = self.octets = self.flags = 0

    def value(self):
        return (self.packets, self.octets, self.flags)


class Talk:
    """A conversation: both sides, first and last time."""
    __slots__ = ("sides", "first", "last", "layers")

    def __init__(self):
        self.sides = (Side(), Side())
        self.first, self.last = None, None
        self.layers = set()

    def times(self, first, last):
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)

    def value(self):
        return tuple(side.value() for side in self.sides) + (self.first, self.last)


def key_of(proto, a, b):
    """The conversation between two endpoints, and the number of the side that `a` is."""
    return ((proto, a, b), 0) if a <= b else ((proto, b, a), 1)


def address(text):
    """Octets; an IPv6 address that maps an IPv4 one is the same address."""
    found = ipaddress.ip_address(text)
    found = getattr(found, "ipv4_mapped", None) or found
    return found.packed.rjust(16, b"\0")


def nanos(text):
    secs, _, part = text.partition(".")
    # A simple packet of pcapng has no time: it gets the epoch.
    return int(secs or 0) * 10**9 + int((part + "0" * 9)[:9])


class Frame:
    """The innermost conversation of one line of tshark's."""

    def __init__(self, line):
        cells = dict(zip(FIELDS, line.split("|")))
        self.at = nanos(cells["frame.time_epoch"])
        self.layers = cells["frame.protocols"].split(":")
        several = {name: collections.deque(v for v in cells[name].split(",") if v) for name in FIELDS[2:]}
        self.cells = several
        self.ip = self.ports = self.flags = None
        self.fragment, self.six = None, False
        self.read()

    def next(self, name):
        values = self.cells[name]
        return values.popleft() if values else None

    def read(self):
        for layer in self.layers:
            if layer == "ip":
                found = [self.next(name) for name in ("ip.src", "ip.dst", "ip.len", "ip.id", "ip.frag_offset", "ip.proto")]
                if found[0] is None or found[1] is None:
                    return
                src, dst, length, ident, offset, proto = found
                self.ip = (address(src), address(dst), int(length or 0), int(proto or 0))
                self.ports, self.fragment, self.six = None, (ident, int(offset or 0)), False
            elif layer == "ipv6":
                src, dst, length = (self.next(name) for name in ("ipv6.src", "ipv6.dst", "ipv6.plen"))
                if src is None or dst is None:
                    return
                ident, offset, following = (self.next("ipv6.fraghdr." + name) for name in ("ident", "offset", "nxt"))
                self.ip = (address(src), address(dst), int(length or 0) + 40, int(following or 0))
                self.ports = None
                self.fragment, self.six = ((ident, int(offset or 0)) if ident else None), True
            elif layer in ("icmp", "icmpv6"):
                self.ports = None
                return
            elif layer == "tcp":
                src, dst, flags = (self.next("tcp." + name) for name in ("srcport", "dstport", "flags"))
                if src and dst:
                    self.ports, self.flags = (6, int(src), int(dst)), int(flags or "0", 16) & 255
            elif layer == "udp":
                src, dst = self.next("udp.srcport"), self.next("udp.dstport")
                if src and dst:
                    self.ports, self.flags = (17, int(src), int(dst)), 0


def with_more(path, lines, work):
    """Numbers of frames that are first fragments; asked for only where there are later ones."""
    place = FIELDS.index("ip.frag_offset")
    if not any(cell not in ("", "0") for line in lines for cell in line.split("|")[place].split(",")):
        return set()
    kept = os.path.join(work, "tshark", hashlib.sha1((path + "more").encode()).hexdigest())
    if not os.path.exists(kept):
        command = ["tshark", "-n", "-r", path, "-o", "ip.defragment:FALSE", "-Y", "ip.flags.mf == 1 and ip.frag_offset == 0",
                   "-T", "fields", "-e", "frame.number"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        with open(kept, "wb") as out:
            out.write(done.stdout)
    return {int(number) for number in open(kept).read().split()}


def theirs(lines, more):
    talks, firsts = {}, {}
    for number, line in enumerate(lines, 1):
        frame = Frame(line)
        if frame.ip is None:
            continue
        src, dst, octets, proto = frame.ip
        whole = (src, dst, frame.fragment[0] if frame.fragment else None)
        if frame.ports is None:
            # A later fragment belongs to the conversation of its first.
            if not frame.fragment or frame.fragment[1] == 0 or (whole + (proto,)) not in firsts:
                continue
            frame.ports, frame.flags = firsts[whole + (proto,)], 0
        elif frame.fragment and (number in more or frame.six):
            firsts[whole + (frame.ports[0],)] = frame.ports
        key, side = key_of(frame.ports[0], (src, frame.ports[1]), (dst, frame.ports[2]))
        talk = talks.setdefault(key, Talk())
        sent = talk.sides[side]
        sent.packets += 1
        sent.octets += octets
        sent.flags |= frame.flags or 0
        talk.times(frame.at, frame.at)
        talk.layers.update(frame.layers)
    return talks


def shown_ip(octets):
    return str(ipaddress.ip_address(octets if any(octets[:12]) else octets[12:]))


def when(text):
    text = text.rstrip("Z")
    base, _, part = text.partition(".")
    secs = datetime.datetime.fromisoformat(base).replace(tzinfo=datetime.timezone.utc).timestamp()
    # A simple packet of pcapng has no time: it gets the epoch.
    return int(secs or 0) * 10**9 + int((part + "0" * 9)[:9])


def metered(minamo, path, *options):
    done = subprocess.run([minamo, "meter", "--format", "jsonl", *options, path], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr.decode(errors="replace")


def ours(rows):
    talks = {}
    for row in rows:
        if row.get("proto") not in (6, 17):
            continue
        a, b = ((address(row[end + "_ip"]), row[end + "_port"]) for end in ("src", "dst"))
        key, side = key_of(row["proto"], a, b)
        talk = talks.setdefault(key, Talk())
        for end, at in (("src", side), ("dst", 1 - side)):
            sent = talk.sides[at]
            sent.packets += row[end + "_packets"]
            sent.octets += row[end + "_bytes"]
            sent.flags |= row.get("tcp_" + end + "_flags") or 0
        talk.times(when(row["time_start"]), when(row["time_end"]))
        talk.layers.add(row.get("tunnel_kind") or "")
        if row.get("ip_fragments"):
            talk.layers.add("fragments")
    return talks


def shown(key):
    end = lambda e: "%s:%d" % (shown_ip(e[0]), e[1])
    return "%s %s %s" % ({6: "TCP", 17: "UDP"}[key[0]], end(key[1]), end(key[2]))


# Layers of tshark's that carry whole packets and stay closed here, or are no link that is known here.
CLOSED = {"openflow_v4", "openflow", "pim", "sflow", "wlan", "ipoib", "fddi", "macsec", "ieee8021ah", "pktap", "gtpprime", "cfp"}
# Ports of tunnels.
TUNNELS = {4789, 4790, 6081, 8472, 2152}
# What is left, one by one: capture, part of the conversation, reason.
NAMED = [
    ("tcp-session-decode-malformed-ipv4", "198.51.100.5", "options of an IP header that make no sense: tshark reads no TCP behind them"),
    ("arkime_synthetic", ":12345", "what is in a tunnel that stays closed here: VXLAN-GPE on port 4790"),
    ("vxlan-non-zero-reserved-fields", ":51252", "what is in a tunnel that stays closed here: VXLAN with reserved bits set"),
    ("vxlan-triple-v2", "4.4.4.4", "what is in a tunnel that stays closed here: the fourth inside another"),
    ("gtp9_unknown_or_too_short", "", "GTP-U whose inner packet is cut: metered as the tunnel"),
    ("quic_32_bit_pointer_overflow", "", "a payload length of 0 that is no jumbogram's: the frame's length counts here"),
    ("ipv6-mobility-dst-opts", "", "the other source of a home address option (RFC 6275 section 6.3) is the address of the packet for tshark"),
]


def reason(path, key, mine, them, said):
    """Why two answers differ, where that is known; see docs/explain/metering.md."""
    ports = {key[1][1], key[2][1]}
    if them and them.layers & CLOSED:
        return "an encapsulation or link that stays closed here (%s)" % ", ".join(sorted(them.layers & CLOSED))
    if mine and "fragments" in mine.layers and ports == {0}:
        return "fragments without a first one that has ports: metered without ports, tshark has no conversation"
    if mine and them and mine.value()[:2] == them.value()[:2]:
        if not 0 <= them.first <= them.last < 2**63 or "timestamp_invalid" in path:
            return "times that no clock has: more than 64 bits of nanoseconds, or parts of a second that are more than one"
    if mine and not them and 3544 in ports:
        return "Teredo without TCP or UDP inside: metered as the tunnel, for tshark no conversation"
    if mine and not them and ports & TUNNELS:
        return "a tunnel that tshark opens and that stays closed here"
    if mine and not them and mine.layers & {"geneve", "vxlan"} or them and not mine and ports & TUNNELS:
        return "a tunnel that is opened here and that tshark 4.0 keeps closed, or the reverse"
    big = max(side.octets for talk in (mine, them) if talk for side in talk.sides)
    if "bigtcp" in path or (mine and them and big > 65_575 and mine.sides[0].packets == them.sides[0].packets and big > 65_535 * 2):
        return "jumbograms (RFC 2675): their length is the frame's here, and that of the header in tshark"
    if "not metered" in said and them:
        return "a TCP, UDP or IP header that is cut or impossible: the frame is counted as such, tshark reads its ports"
    if them and "small first fragment" in said or them and not mine and os.path.basename(path) in SMALL:
        return "a first fragment without the whole transport header (RFC 1858): metered without ports"
    for name, part, why in NAMED:
        if name in path and part in shown(key):
            return why
    return None


SMALL = {"fragmented-syn.pcap", "ip_fragmented_garbage.pcap"}


def against_tshark(minamo, corpora, work):
    long = ("--idle-timeout", "4000d", "--active-timeout", "4000d")
    equal = total = files = 0
    reasons, open_ends = collections.Counter(), []
    for path in captures(corpora):
        lines = tshark(path, work)
        them = theirs(lines, with_more(path, lines, work))
        rows, said = metered(minamo, path, *long)
        mine = ours(rows)
        files += 1
        for key in sorted(set(mine) | set(them)):
            total += 1
            a, b = mine.get(key), them.get(key)
            if a and b and a.value() == b.value():
                equal += 1
                continue
            why = reason(path, key, a, b, said)
            if why:
                reasons[why] += 1
            else:
                open_ends.append((os.path.relpath(path, corpora), shown(key), a and a.value(), b and b.value(),
                                  sorted((a.layers if a else set()) | (b.layers if b else set()))))
    print("tshark: %d captures, %d TCP and UDP conversations, %d equal in packets, octets, flags and times" %
          (files, total, equal))
    for why, count in reasons.most_common():
        print("  %6d differ: %s" % (count, why))
    print("  %6d differ without a reason" % len(open_ends))
    for line in open_ends[:400]:
        print("    ", *line)
    return not open_ends


def main():
    minamo, corpora, work = sys.argv[1:4]
    os.makedirs(os.path.join(work, "tshark"), exist_ok=True)
    aims = [against_tshark(minamo, corpora, work), against_ipfixprobe(minamo, corpora),
            against_community_ids(minamo, corpora)]
    print("met %d of %d aims" % (sum(aims), len(aims)))
    sys.exit(0 if all(aims) else 1)


def against_ipfixprobe(minamo, corpora):
    folder = os.path.join(corpora, "eta", "ipfixprobe")
    expected = list(csv.reader(open(os.path.join(folder, "expected", "basic"))))
    pcap = {}
    for line in open(os.path.join(folder, "tests.tsv")):
        name, file = line.split()
        pcap[name] = file
    rows, _ = metered(minamo, os.path.join(folder, "pcap", pcap["basic"]), "--idle-timeout", "4000d", "--active-timeout",
                      "4000d")
    them = collections.defaultdict(Talk)
    for dst, src, octets, back, _, first, last, _, _, packets, packets_back, dport, sport, _, proto, flags, fback in (
            row[:17] for row in expected if row[0][:1].isdigit() or ":" in row[0]):
        key, side = key_of(int(proto), (address(src), int(sport)), (address(dst), int(dport)))
        for at, values in ((side, (packets, octets, flags)), (1 - side, (packets_back, back, fback))):
            sent = them[key].sides[at]
            sent.packets += int(values[0])
            sent.octets += int(values[1])
            sent.flags |= int(values[2])
        them[key].times(when(first), when(last))
    mine = collections.defaultdict(Talk)
    for row in rows:
        # ARP is none of its rows.
        if not row.get("proto"):
            continue
        a, b = ((address(row[end + "_ip"]), row[end + "_port"]) for end in ("src", "dst"))
        key, side = key_of(row["proto"], a, b)
        for end, at in (("src", side), ("dst", 1 - side)):
            sent = mine[key].sides[at]
            sent.packets += row[end + "_packets"]
            sent.octets += row[end + "_bytes"]
            sent.flags |= row.get("tcp_" + end + "_flags") or 0
        mine[key].times(when(row["time_start"]), when(row["time_end"]))
    equal, differ = 0, []
    for key in sorted(set(mine) | set(them)):
        a, b = mine.get(key), them.get(key)
        if a and b and a.value() == b.value():
            equal += 1
        else:
            differ.append((key[0], key[1:], a and a.value(), b and b.value()))
    print("ipfixprobe: %d conversations, %d equal" % (equal + len(differ), equal))
    for line in differ[:40]:
        print("    ", *line)
    return not differ


def against_community_ids(minamo, corpora):
    folder = os.path.join(corpora, "general", "community-id")
    right = wrong = 0
    for seed, name in ((0, "baseline_deflt.json"), (1, "baseline_seed1.json")):
        golden = {}
        for one in json.load(open(os.path.join(folder, "expected", name))):
            if one["communityid"]:
                golden[one["communityid"]] = one
        found = set()
        for path in sorted(glob.glob(os.path.join(folder, "pcap", "*.pcap"))):
            rows, _ = metered(minamo, path, "--community-id=%d" % seed)
            for row in rows:
                if not row.get("community_id"):
                    continue
                one = golden.get(row["community_id"])
                ends = {row["src_ip"], row["dst_ip"]}
                if one and {one["saddr"], one["daddr"]} == ends and one["proto"] == row["proto"]:
                    found.add(row["community_id"])
                    right += 1
                else:
                    wrong += 1
                    print("     seed %d: %s is not of the expected: %s" % (seed, row["community_id"], row))
    print("community id: %d rows have an expected id, %d have another" % (right, wrong))
    return wrong == 0 and right > 0


if __name__ == "__main__":
    main()
