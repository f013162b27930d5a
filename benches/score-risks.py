#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Agreement of the risks of flows with those that ndpiReader found in its regression captures.

usage: score-risks.py MINAMO CORPORA [--list RISK]

For each risk: flows where both say so, only ndpiReader, only we. Why they differ stands in docs/performance.md;
`--list RISK` shows the flows. Nothing here is a target: the two systems mean different things by some names.
"""
import collections
import concurrent.futures
import json
import pathlib
import subprocess
import sys

# Our name: theirs.
NAMES = {
    "self_signed": "Self-signed Cert",
    "certificate_expired": "TLS Cert Expired",
    "certificate_expires_soon": "TLS Cert About To Expire",
    "certificate_long": "TLS Cert Validity Too Long",
    "weak_cipher": "Weak TLS Cipher",
    "old_tls": "Obsolete TLS (v1.1 or older)",
    "sni_mismatch": "TLS Cert Mismatch",
    "missing_sni": "Missing SNI TLS Extn",
    "uncommon_alpn": "Uncommon TLS ALPN",
    "alpn_mismatch": "ALPN/SNI Mismatch",
    "tls_not_web": "TLS (probably) Not Carrying HTTPS",
    "tls_alert": "TLS Fatal Alert",
    "numeric_host": "HTTP/TLS/QUIC Numeric Hostname/SNI",
    "punycode": "IDN Domain Name",
    "invalid_name": "Non-Printable/Invalid Chars Detected",
    "dga_name": "Susp DGA Domain name",
    "dns_large": "Large DNS Packet (512+ bytes)",
    "dns_fragmented": "Fragmented DNS Message",
    "dns_odd": "Susp DNS Traffic",
    "clear_text_credentials": "Clear-Text Credentials",
    "executable_transfer": "Binary App Transfer",
    "obsolete_ssh_client": "SSH Obsolete Cli Vers/Cipher",
    "obsolete_ssh_server": "SSH Obsolete Ser Vers/Cipher",
    "smb1": "SMB Insecure Vers",
    "unsafe_protocol": "Unsafe Protocol",
    "remote_access": "Desktop/File Sharing",
    "foreign_port": "Known Proto on Non Std Port",
    "malformed": "Malformed Packet",
    "error_code": "Error Code",
    "tcp_trouble": "TCP Connection Issues",
    "odd_user_agent": "HTTP Susp User-Agent",
    "crawler": "Crawler/Bot",
    "outdated_server": "HTTP Obsolete Server",
    "exploit_attempt": "Possible Exploit Attempt",
    "sql_injection": "SQL Injection",
    "script_injection": "XSS Attack",
    "command_injection": "RCE Injection",
    "bad_fingerprint": "Malicious Fingerpint",
}


def key(proto, a, ap, b, bp):
    return (proto, *sorted([(a, ap), (b, bp)]))


def rows(minamo, capture):
    out = subprocess.run([minamo, "meter", "--format", "jsonl", capture], capture_output=True, text=True)
    found = collections.defaultdict(set)
    evidence = {}
    for line in out.stdout.splitlines():
        row = json.loads(line)
        proto = {6: "TCP", 17: "UDP"}.get(row.get("proto"))
        if proto is None:
            continue
        at = key(proto, row["src_ip"], row["src_port"], row["dst_ip"], row["dst_port"])
        found[at].update(row.get("risk") or [])
        for name, text in zip(row.get("risk") or [], row.get("risk_evidence") or []):
            evidence[at, name] = f"{row.get('app')}: {text}"
    return found, evidence


def main():
    args = sys.argv[1:]
    wanted = args.pop(args.index("--list") + 1) if "--list" in args else None
    minamo, corpora = args[0], pathlib.Path(args[1])
    folder = corpora / "dpi/ndpi"
    if not folder.is_dir():
        print(f"skipped: there is no {folder}")
        return
    want = collections.defaultdict(lambda: collections.defaultdict(set))
    info = {}
    for line in (folder / "ndpi-expected.jsonl").open():
        flow = json.loads(line)
        at = key(flow["proto"], flow["a_ip"], flow["a_port"], flow["b_ip"], flow["b_port"])
        want[flow["pcap"]][at].update(flow.get("risks") or [])
        info[flow["pcap"], at] = f"{flow['ndpi_proto']}: {flow.get('risk_info', '')}"
    captures = {path.name: path for path in (folder / "pcap").iterdir()}
    names = [name for name in want if name in captures]
    count = collections.defaultdict(collections.Counter)
    flows = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, (found, evidence) in zip(names, pool.map(lambda n: rows(minamo, captures[n]), names)):
            for at, theirs in want[name].items():
                if at not in found:
                    continue
                flows += 1
                for ours, their in NAMES.items():
                    both = (ours in found[at], their in theirs)
                    count[ours][both] += 1
                    if ours == wanted and both[0] != both[1]:
                        print("ours  " if both[0] else "theirs", name, at, evidence.get((at, ours), ""), "|", info[name, at])
    print(f"{flows} flows in both\n\n| risk | both | only ndpiReader | only Minamo |\n|---|---|---|---|")
    for ours in NAMES:
        c = count[ours]
        print(f"| `{ours}` | {c[True, True]} | {c[False, True]} | {c[True, False]} |")


main()
