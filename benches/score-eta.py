#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Agreement of what `minamo meter` tells of encrypted traffic with the referees of the corpora.

usage: score-eta.py MINAMO CORPORA

Of conversations over TCP and UDP:
  packets   ipfixprobe's pstats: side, length and time of each of the first 30 packets with data
  initial   ipfixprobe's idpcontent: the first 100 octets of each side's first payload
  lengths   Joy: lengths and milliseconds of each side's packets
  records   Joy: lengths, content types and milliseconds of each side's TLS records
An aim is met where no difference is left; differences are printed.
"""
import csv
import datetime
import glob
import gzip
import ipaddress
import json
import os
import subprocess
import sys

TCP, UDP = 6, 17
# Packets that pstats has at most, and octets of idpcontent.
PACKETS, OCTETS = 30, 100


def metered(minamo, capture):
    command = [minamo, "meter", "--groups", "full", "--idle-timeout", "4000d", "--active-timeout", "4000d", "--format",
               "jsonl", capture]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        sys.exit("%s: %s" % (capture, done.stderr.decode(errors="replace")[-300:]))
    return [row for row in map(json.loads, done.stdout.splitlines()) if row.get("proto") in (TCP, UDP)]


def ends(row):
    """Endpoints as the row has them: source first."""
    return (row["proto"],) + tuple((ipaddress.ip_address(row[end + "_ip"]), row[end + "_port"]) for end in ("src", "dst"))


def turned(key):
    return (key[0], key[2], key[1])


def sequence(row, name):
    """Lengths and microseconds since the first."""
    now, out = 0, []
    for length, since in zip(row.get(name + "_lengths") or [], row.get(name + "_times_micros") or []):
        now += since
        out.append((length, now))
    return out


def payload(text):
    """What a packet carries, in hexadecimal, behind its headers."""
    octets = bytes.fromhex(text)
    ip = (octets[0] & 15) * 4 if octets[0] >> 4 == 4 else 40
    proto = octets[9] if octets[0] >> 4 == 4 else octets[6]
    above = (octets[ip + 12] >> 4) * 4 if proto == TCP else 8
    return octets[ip + above:].hex()


def ipfixprobe(folder, plugin):
    """Expected rows with the key of their first side, and the last columns."""
    for row in csv.reader(open(os.path.join(folder, "expected", plugin))):
        if not row or row[0].startswith("ipaddr") or int(row[14]) not in (TCP, UDP):
            continue
        dst, src = ((ipaddress.ip_address(row[at]), int(row[port])) for at, port in ((0, 11), (1, 12)))
        yield (int(row[14]), src, dst), row[17:]


def micros(text):
    at = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc)
    return (at - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(microseconds=1)


def told(what, equal, differ):
    print("%s: %d compared, %d equal" % (what, equal + len(differ), equal))
    for line in differ[:20]:
        print("    ", *line)
    return not differ and equal > 0


def packets(minamo, folder):
    """Of whole conversations: ipfixprobe ends flows after other times than we do."""
    mine, them = {}, {}
    for row in metered(minamo, os.path.join(folder, "pcap", "mixed.pcap")):
        mine[ends(row)] = sequence(row, "splt")
    for key, (sides, _, lengths, times) in ipfixprobe(folder, "pstats"):
        lists = [cell.strip("[]").split("|") if cell != "[]" else [] for cell in (sides, lengths, times)]
        key, sign = (key, 1) if key in mine else (turned(key), -1)
        part = [(micros(time), sign * int(side) * int(length)) for side, length, time in zip(*lists)]
        them.setdefault(key, []).extend(part)
    equal, differ = 0, []
    for key in sorted(set(mine) | set(them), key=str):
        # Sorted by time; what came at one time stays in its order.
        parts = sorted(them.get(key, []), key=lambda packet: packet[0])
        theirs = [(length, at - parts[0][0]) for at, length in parts]
        ours = mine.get(key, [])
        if theirs == ours or len(theirs) >= PACKETS and theirs[:PACKETS] == ours[:PACKETS]:
            equal += 1
        else:
            differ.append((key, theirs, ours))
    return told("packets (ipfixprobe)", equal, differ)


def initial(minamo, folder):
    mine = {}
    for row in metered(minamo, os.path.join(folder, "pcap", "idpcontent.pcap")):
        for end, key in (("src", ends(row)), ("dst", turned(ends(row)))):
            packet = row.get("eta_%s_initial_packet" % end)
            mine[key] = payload(packet)[:2 * OCTETS] if packet else ""
    equal, differ = 0, []
    for key, contents in ipfixprobe(folder, "idpcontent"):
        for side, them in zip((key, turned(key)), contents):
            if mine.get(side) == them:
                equal += 1
            else:
                differ.append((side, them, mine.get(side)))
    return told("initial packets (ipfixprobe)", equal, differ)


def one_side(listed, sign):
    """A side of a sequence as Joy has it: lengths with milliseconds since the side's packet before."""
    out, before = [], None
    for entry in listed:
        if entry[0] * sign > 0:
            waited = 0 if before is None else entry[1] // 1000 - before // 1000
            before = entry[1]
            out.append((abs(entry[0]), waited) + tuple(entry[2:]))
    return out


def near(ours, theirs):
    """Milliseconds may be cut at another microsecond."""
    return len(ours) == len(theirs) and all(
        a[0] == b[0] and a[2:] == b[2:] and abs(a[1] - b[1]) <= 1 for a, b in zip(ours, theirs))


def joy(minamo, folder):
    results = {"lengths": [0, []], "records": [0, []]}
    for capture, pattern in (("tls10.pcap", "*tls10*"), ("tls12.pcap", "*tls12*")):
        mine = {}
        for row in metered(minamo, os.path.join(folder, "pcap", capture)):
            splt = sequence(row, "splt")
            records = [(length, at, kind) for (length, at), kind in
                       zip(sequence(row, "eta_record"), row.get("eta_record_types") or [])]
            for sign, key in ((1, ends(row)), (-1, turned(ends(row)))):
                mine[key] = {"lengths": one_side(splt, sign), "records": one_side(records, sign)}
        for path in glob.glob(os.path.join(folder, "expected", pattern)):
            for line in gzip.open(path, "rt"):
                row = json.loads(line)
                if row.get("pr") != TCP:
                    continue
                key = (row["pr"],) + tuple((ipaddress.ip_address(row[a]), row[p]) for a, p in (("sa", "sp"), ("da", "dp")))
                them = {"lengths": [(one["b"], one["ipt"]) for one in row["packets"]],
                        "records": [(one["b"], one["ipt"], one["tp"]) for one in row.get("tls", {}).get("srlt", [])]}
                for what, result in results.items():
                    ours = mine.get(key, {}).get(what, [])
                    if near(ours, them[what]):
                        result[0] += 1
                    else:
                        result[1].append((key, them[what], ours))
    # Each is told, whether or not the one before is met.
    return all([told(what + " (Joy)", *result) for what, result in results.items()])


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    minamo, corpora = sys.argv[1:]
    folder = os.path.join(corpora, "eta")
    if not os.path.isdir(folder):
        sys.exit("skipped: %s is not there" % folder)
    probe = os.path.join(folder, "ipfixprobe")
    met = [packets(minamo, probe), initial(minamo, probe), joy(minamo, os.path.join(folder, "joy"))]
    print("met %d of %d aims" % (sum(met), len(met)))
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
