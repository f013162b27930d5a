#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `make score-dpi` misses, flow by flow, and the score where the endpoints of both are read instead of compared as text.

usage: dpi-misses.py MINAMO CORPORA [--what protocol|service|sni|ja3|ja4] [--most N]

The expectation writes a single zero group of IPv6 as `::`, which RFC 5952 section 4.2.2 forbids, twice in one address where there
are two; it has no ports for SCTP, and names for PGM and VRRP where rows have numbers. The scorer compares text, so that such flows
have no row of ours. Here addresses are read as addresses, ports of SCTP are left out and the two names are numbers.
"""
import argparse, collections, concurrent.futures, ipaddress, json, os, subprocess

NUMBERS = {"ICMP": 1, "IGMP": 2, "TCP": 6, "UDP": 17, "ICMPV6": 58, "SCTP": 132, "GRE": 47, "ESP": 50, "AH": 51, "VRRP": 112, "PGM": 113}
FACTS = {"sni": ("host", "tls_sni"), "ja3": ("ja3c", "tls_ja3"), "ja4": ("ja4", "tls_ja4")}


def number(proto):
    text = str(proto).upper()
    return int(text) if text.isdigit() else NUMBERS.get(text, -1)


def address(text):
    text = str(text)
    if text.count("::") > 1:
        text = text.replace("::", ":0:", 1)
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text


def key(proto, a, a_port, b, b_port):
    """Endpoints in an order of their own."""
    proto = number(proto)
    ports = (0, 0) if proto == NUMBERS["SCTP"] else (int(a_port or 0), int(b_port or 0))
    return (proto,) + tuple(sorted([(address(a), ports[0]), (address(b), ports[1])]))


def metered(minamo, capture):
    out = subprocess.run([minamo, "meter", "--format", "jsonl", capture], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, timeout=120)
    rows = collections.defaultdict(list)
    for line in out.stdout.splitlines():
        row = json.loads(line)
        rows[key(row["proto"], row.get("src_ip"), row.get("src_port"), row.get("dst_ip"), row.get("dst_port"))].append(row)
    return rows


def parts(label):
    return [part.lower() for part in str(label or "").split(".") if part]


def judged(what, flow, rows):
    """What was expected and whether we have it; nothing where nothing is expected."""
    if what in FACTS:
        expected, ours = FACTS[what]
        if not flow.get(expected) or what == "sni" and not flow.get("ja4"):
            return None
        return flow[expected], any(str(row.get(ours) or "").lower() == str(flow[expected]).lower() for row in rows)
    label = parts(flow.get("ndpi_proto"))
    sure = "DPI" in (flow.get("confidence") or "") and not flow.get("undetected") and label and label[0] != "unknown"
    if not sure or what == "service" and len(label) < 2:
        return None
    ours = {part for row in rows for part in parts(row.get("app"))}
    return flow["ndpi_proto"], label[0 if what == "protocol" else -1] in ours


def main():
    options = argparse.ArgumentParser()
    options.add_argument("minamo")
    options.add_argument("corpora")
    options.add_argument("--what", choices=["protocol", "service", *FACTS])
    options.add_argument("--most", type=int, default=12, help="flows of a capture that are listed")
    options = options.parse_args()
    folder = os.path.join(options.corpora, "dpi/ndpi")
    expected = collections.defaultdict(list)
    for line in open(os.path.join(folder, "ndpi-expected.jsonl")):
        flow = json.loads(line)
        expected[flow["pcap"]].append(flow)
    captures = [name for name in sorted(expected) if os.path.exists(os.path.join(folder, "pcap", name))]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        rows = pool.map(lambda name: metered(options.minamo, os.path.join(folder, "pcap", name)), captures)
        found = dict(zip(captures, rows))
    for what in [options.what] if options.what else ["protocol", "service", *FACTS]:
        score(what, expected, found, options.what is not None, options.most)


def score(what, expected, found, listed, most):
    shares, misses, flows = [], [], 0
    for capture, rows in found.items():
        good, all_ = 0, 0
        for flow in expected[capture]:
            ours = rows.get(key(flow["proto"], flow.get("a_ip"), flow.get("a_port"), flow.get("b_ip"), flow.get("b_port")), [])
            verdict = judged(what, flow, ours)
            if verdict is None:
                continue
            all_ += 1
            good += verdict[1]
            if not verdict[1]:
                misses.append((capture, verdict[0], flow, ours))
        if all_:
            shares.append(good / all_)
            flows += all_
    mean = 100 * sum(shares) / len(shares)
    print("%-9s macro %6.2f %%  micro %6.2f %%  (%d flows of %d missed)" % (what, mean, 100 - 100 * len(misses) / flows, len(misses), flows))
    if not listed:
        return
    seen = collections.Counter()
    for capture, want, flow, ours in misses:
        seen[capture] += 1
        if seen[capture] <= most:
            told = "; ".join("%s (%s)" % (row.get("app"), row.get("app_reason") or "-") for row in ours[:3]) or "no such flow"
            ends = "%s %s:%s %s:%s" % tuple(flow.get(part) for part in ("proto", "a_ip", "a_port", "b_ip", "b_port"))
            print("%s #%s %s [%s]: wanted %s, ours %s" % (capture, flow["n"], ends, flow.get("confidence"), want, told))


if __name__ == "__main__":
    main()
