#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Facts of protocols, field by field, beside what Zeek's and Suricata's own tests expect of the same captures.

usage: score-facts.py MINAMO CORPORA [--list FIELD]

Zeek: the first line of a log for each conversation. Suricata: each field of an expected event must be in a flow of the
capture. `--list ssl.version` shows the differences of a field; why they differ stands in docs/explain/facts-ground-truth.md.
"""
import collections
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys

import yaml

VERSIONS = {"SSLv2": "SSL 2.0", "SSLv3": "SSL 3.0", "TLSv10": "TLS 1.0", "TLSv11": "TLS 1.1", "TLSv12": "TLS 1.2",
            "TLSv13": "TLS 1.3", "DTLSv10": "DTLS 1.0", "DTLSv12": "DTLS 1.2", "DTLSv13": "DTLS 1.3"}
same = lambda text: text
lower = lambda text: text.lower().rstrip(".")
flag = lambda text: {"T": True, "F": False}.get(text)
banner = lambda text: re.sub(r"^SSH-[\d.]+-", "", text)

# Log and field of Zeek: our column, and Zeek's value as we say it.
ZEEK = {
    "ssl": {"version": ("tls_version", lambda v: VERSIONS.get(v, v)), "cipher": ("tls_cipher", same),
            "curve": ("tls_group", same), "server_name": ("tls_sni", lower), "resumed": ("tls_resumed", flag),
            "next_protocol": ("tls_alpn_selected", same), "last_alert": ("tls_alert", same),
            "cert_chain_fps": ("tls_cert_sha256", lambda v: v.split(",")[0])},
    "dns": {"query": ("dns_query", lower), "qtype_name": ("dns_qtype", same), "rcode_name": ("dns_rcode", lower)},
    "http": {"method": ("http_method", same), "host": ("http_host", lambda v: lower(v).split(":")[0]),
             "uri": ("http_path", same), "status_code": ("http_status", int), "user_agent": ("http_user_agent", same),
             "referrer": ("http_referer", same), "version": ("http_version", same)},
    "ssh": {"client": ("ssh_client", banner), "server": ("ssh_server", banner)},
    "smtp": {"helo": ("mail_helo", same), "mailfrom": ("mail_from", same),
             "rcptto": ("mail_to", lambda v: v.split(",")[0]), "tls": ("mail_starttls", lambda v: True if v == "T" else None)},
    "quic": {"server_name": ("tls_sni", lower), "version": ("quic_version", lambda v: v.removeprefix("quicv"))},
    "ftp": {"user": ("ftp_user", same)},
}
hexed = lambda text: text.replace(":", "").lower()
SURICATA = {
    "tls.sni": ("tls_sni", lower), "tls.version": ("tls_version", lambda v: "TLS 1.0" if v == "TLSv1" else v),
    "tls.fingerprint": ("tls_cert_sha1", hexed), "tls.serial": ("tls_cert_serial", hexed),
    "tls.ja3.hash": ("tls_ja3", same), "tls.ja3s.hash": ("tls_ja3s", same), "tls.ja4": ("tls_ja4", same),
    "http.hostname": ("http_host", lower), "http.url": ("http_path", same), "http.http_method": ("http_method", same),
    "http.status": ("http_status", int), "http.http_user_agent": ("http_user_agent", same),
    "http.http_content_type": ("http_content_type", same), "http.http_refer": ("http_referer", same),
    "dns.rrname": ("dns_query", lower), "dns.rrtype": ("dns_qtype", same), "dns.rcode": ("dns_rcode", lower),
    "ssh.client.software_version": ("ssh_client", same), "ssh.server.software_version": ("ssh_server", same),
    "ssh.client.hassh.hash": ("ssh_hassh", same), "ssh.server.hassh.hash": ("ssh_hassh_server", same),
    "smtp.helo": ("mail_helo", same), "smtp.mail_from": ("mail_from", lambda v: v.strip("<>")),
    "quic.sni": ("tls_sni", lower), "quic.ja3.hash": ("tls_ja3", same), "quic.ja4": ("tls_ja4", same),
}


def rows(minamo, capture):
    try:
        out = subprocess.run([minamo, "meter", "--format", "jsonl", capture], capture_output=True, text=True, timeout=120)
        return [json.loads(line) for line in out.stdout.splitlines()]
    except subprocess.TimeoutExpired:
        return []


def zeek_log(path):
    lines = path.read_text(errors="replace").splitlines()
    fields = next((line.split("\t")[1:] for line in lines if line.startswith("#fields")), None)
    seen = set()
    for line in lines:
        if fields is None or line.startswith("#"):
            continue
        entry = dict(zip(fields, line.split("\t")))
        if entry.get("uid") not in seen:
            seen.add(entry.get("uid"))
            yield entry


def zeek(minamo, folder, tell):
    for line in (folder / "index.jsonl").open():
        entry = json.loads(line)
        capture = folder / "pcap" / entry["pcap"]
        logs = [folder / "baseline" / test["test"] / f"{log}.log" for test in entry["tests"] for log in ZEEK]
        logs = [log for log in logs if log.is_file()]
        if not logs or not capture.is_file():
            continue
        found = collections.defaultdict(list)
        for row in rows(minamo, capture):
            found[row["src_ip"], str(row["src_port"]), row["dst_ip"], str(row["dst_port"])].append(row)
        for log in logs:
            for expected in zeek_log(log):
                try:
                    key = [expected[name] for name in ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")]
                except KeyError:
                    continue
                flows = found.get(tuple(key)) or found.get((key[2], key[3], key[0], key[1])) or []
                for field, (column, read) in ZEEK[log.stem].items():
                    value = expected.get(field, "-")
                    if value in ("-", "(empty)", "") or (wanted := read(value)) is None:
                        continue
                    got = [row.get(column) for row in flows]
                    tell(f"{log.stem}.{field}", wanted in got, f"{entry['pcap']} {':'.join(key)}", wanted, got)


def flat(tree, before=""):
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f"{before}{name}.")
        else:
            yield before + name, value


def suricata(minamo, folder, tell):
    for test in sorted(folder.glob("*/test.yaml")):
        captures = [*test.parent.glob("*.pcap"), *test.parent.glob("*.pcapng")]
        try:
            checks = yaml.safe_load(test.read_text()).get("checks") or []
        except (yaml.YAMLError, AttributeError):
            continue
        wanted = set()
        for check in checks:
            wants = (check.get("filter") or {}) if isinstance(check, dict) else {}
            if not wants.get("count") or not isinstance(wants.get("match"), dict):
                continue
            wanted.update((name, str(value)) for name, value in flat(wants["match"]) if name in SURICATA)
        if not wanted or len(captures) != 1:
            continue
        found = rows(minamo, captures[0])
        for name, value in sorted(wanted):
            column, read = SURICATA[name]
            try:
                value = read(value)
            except ValueError:
                continue
            got = [row[column] for row in found if row.get(column) is not None]
            tell(name, value in got, test.parent.name, value, got[:4])


def main():
    args = sys.argv[1:]
    field = args.pop(args.index("--list") + 1) if "--list" in args else None
    minamo, corpora = args[0], pathlib.Path(args[1])
    for title, folder, compare in [("Zeek", "general/zeek", zeek), ("Suricata", "general/suricata-verify", suricata)]:
        if not (corpora / folder).is_dir():
            print(f"skipped: there is no {corpora / folder}")
            continue
        count = collections.defaultdict(collections.Counter)

        def tell(name, equal, where, wanted, got):
            count[name][equal] += 1
            if name == field and not equal:
                print(f"{where}: want {wanted!r}, got {got!r}")

        compare(minamo, corpora / folder, tell)
        print(f"\n| {title} | equal | differs |\n|---|---|---|")
        for name in sorted(count):
            print(f"| `{name}` | {count[name][True]} | {count[name][False]} |")


main()
