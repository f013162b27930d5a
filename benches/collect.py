# SPDX-License-Identifier: Apache-2.0
"""CPU seconds per million records, loss and memory of the collector, side by side with nfcapd.

usage: collect.py MINAMO LOADGEN RECORDS BENCH_DECODE CAPTURES

Decoding to batches is `minamo collect --count`; to the durable lake `minamo serve` without rules, and with all of them.
CPU seconds are user and system of the whole process from start to end, from wait4(2). Decoding alone is benches/decode on
captures of the same datagrams, without sockets and threads; the load generator's v9 tells the last uptime of a flow as the
first one, so that every row's clock is repaired: "v9, times in order" is the same with both exchanged. The last line says
how many of the aims are met.
"""
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

from serving import finish, listens, rules_off

MINAMO, LOADGEN, RECORDS, DECODE, CAPTURES = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5]
ROUNDS = "9"
RATE = 500_000
PORT = 29_956
FORMATS = ("v5", "v9", "ipfix")
EXPORTERS = 10_000
aims = []


def aim(name, value, limit, unit):
    aims.append((name, value <= limit, "%.3f %s, aim %.3f" % (value, unit, limit)))


def at_least(name, value, limit, unit):
    aims.append((name, value >= limit, "%.2f %s, aim %.2f" % (value, unit, limit)))


def drops(port):
    """What the kernel dropped at the port so far."""
    wanted, total = ":%04X" % port, 0
    for name in ("/proc/net/udp", "/proc/net/udp6"):
        with open(name) as table:
            for line in table.readlines()[1:]:
                fields = line.split()
                if fields[1].endswith(wanted):
                    total += int(fields[-1])
    return total


def blast(form, records, rate):
    subprocess.run([LOADGEN, "blast", "127.0.0.1:%d" % PORT, str(records), form, str(rate)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(2.5)


def sent(form):
    """loadgen sends whole datagrams; those with a template carry four records fewer."""
    per, count, packets = (30 if form == "v5" else 24), 0, 0
    while count < RECORDS:
        count += per - (4 if form != "v5" and packets % 500 == 0 else 0)
        packets += 1
    return count


def counted(form, rate):
    out = tempfile.TemporaryFile("w+")
    process = subprocess.Popen([MINAMO, "collect", "--count", "--listen", "127.0.0.1:%d" % PORT], stdout=out, stderr=subprocess.DEVNULL)
    listens(PORT)
    blast(form, RECORDS, rate)
    dropped = drops(PORT)
    cpu = finish(process)
    out.seek(0)
    rows = int(out.readline().split()[1])
    return cpu, rows, dropped


def nfcapd(form, rate):
    folder = tempfile.mkdtemp()
    process = subprocess.Popen(["nfcapd", "-y", "-b", "127.0.0.1", "-p", str(PORT), "-w", folder, "-t", "86400", "-B", "200000000"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    listens(PORT)
    blast(form, RECORDS, rate)
    dropped = drops(PORT)
    cpu = finish(process)
    rows = 0
    for name in os.listdir(folder):
        told = subprocess.run(["nfdump", "-I", "-r", os.path.join(folder, name)], capture_output=True, text=True).stdout
        rows += sum(int(line.split()[1]) for line in told.splitlines() if line.startswith("Flows:"))
    shutil.rmtree(folder)
    return cpu, rows, dropped


def durable(form, rate, rules=""):
    folder = tempfile.mkdtemp(dir=os.environ.get("MINAMO_BENCH_DIR", "/tmp"))
    config = os.path.join(folder, "minamo.toml")
    with open(config, "w") as out:
        out.write('[server]\nlisten = "127.0.0.1:0"\n[collect]\nlisten = ["127.0.0.1:%d"]\n' % PORT + rules)
    process = subprocess.Popen([MINAMO, "serve", "--config", config, "--data", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    listens(PORT)
    blast(form, RECORDS, rate)
    dropped = drops(PORT)
    cpu = finish(process)
    told = subprocess.run([MINAMO, "sql", "--json", "--data", folder, "select count(*) as n from flows"], capture_output=True, text=True).stdout
    rows = int("".join(c for c in told if c.isdigit()) or 0)
    shutil.rmtree(folder)
    return cpu, rows, dropped


def in_order():
    """The capture of v9 with the elements of first and last uptime exchanged."""
    with open(os.path.join(CAPTURES, "v9.pcap"), "rb") as told, open(os.path.join(CAPTURES, "v9-in-order.pcap"), "wb") as out:
        first_last = struct.pack(">HHHH", 22, 4, 21, 4), struct.pack(">HHHH", 21, 4, 22, 4)
        out.write(told.read().replace(*first_last))


def decoding(form):
    """Nanoseconds of processor time per record: to batches, to batches record by record, by netflow_parser."""
    took = []
    for decoder in ("minamo", "rows", "peer"):
        told = subprocess.run([DECODE, os.path.join(CAPTURES, form + ".pcap"), decoder, ROUNDS], capture_output=True, text=True, check=True).stdout
        took.append(float(told.split()[1]))
    return took


def memory():
    """Peak resident memory in MiB with so many exporters of three templates each."""
    process = subprocess.Popen([MINAMO, "collect", "--count", "--listen", "127.0.0.1:%d" % PORT], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    listens(PORT)
    resident = lambda: int(next(line for line in open("/proc/%d/status" % process.pid) if line.startswith("VmRSS")).split()[1]) / 1024
    before = resident()
    elements = [(8, 4), (12, 4), (15, 4), (10, 4), (14, 4), (2, 4), (1, 4), (22, 4), (21, 4), (7, 2), (11, 2), (6, 1), (4, 1), (5, 1), (61, 1), (16, 4), (17, 4)]
    templates = b"".join(struct.pack(">HH", number, len(elements)) + b"".join(struct.pack(">HH", *one) for one in elements) for number in (256, 257, 258))
    length = sum(size for _, size in elements)
    data = b"".join(struct.pack(">HH", number, 4 + length) + b"\x0a" * length for number in (256, 257, 258))
    for number in range(EXPORTERS):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.bind(("127.1.%d.%d" % (number // 250, number % 250 + 1), 0))
            head = struct.pack(">HHIIII", 9, 6, 600_000, int(time.time()), 0, 1)
            one.sendto(head + struct.pack(">HH", 0, 4 + len(templates)) + templates + data, ("127.0.0.1", PORT))
        if number % 100 == 0:
            time.sleep(0.01)
    time.sleep(2)
    after = resident()
    finish(process)
    return before, after


def main():
    million = RECORDS / 1_000_000
    print("%-11s %12s %14s %16s %7s" % ("format", "ns per record", "one by one, ns", "netflow_parser", "ratio"))
    in_order()
    for form in ("v5", "v9", "v9-in-order", "ipfix"):
        ours, rows, peer = decoding(form)
        print("%-11s %12.1f %14.1f %16.1f %7.2f" % (form, ours, rows, peer, peer / ours), flush=True)
        at_least("%s: decoding beside netflow_parser" % form, peer / ours, 5, "times as fast")
    print("%d records at %d/s, and as fast as it goes; CPU s per million" % (RECORDS, RATE))
    off = rules_off(MINAMO)
    print("%-6s %-22s %8s %10s %12s" % ("format", "program", "CPU s/M", "lost", "kernel drops"))
    for form in FORMATS:
        want = sent(form)
        without = lambda form, rate: durable(form, rate, off)
        for name, run, limit in (
            ("nfcapd", nfcapd, None),
            ("minamo, to batches", counted, 0.25),
            ("minamo, to the lake", without, 1.2),
            ("minamo, with all rules", durable, None),
        ):
            cpu, rows, dropped = run(form, RATE)
            print("%-6s %-22s %8.3f %10d %12d" % (form, name, cpu / million, want - rows, dropped), flush=True)
            if limit:
                aim("%s: %s" % (form, name), cpu / million, limit, "CPU s per million")
            if run is not nfcapd:
                aim("%s: %s, lost at %d/s" % (form, name, RATE), want - rows, 0, "records")
    cpu, rows, dropped = counted("v9", 0)
    print("%-6s %-22s %8.3f %10d %12d" % ("v9", "minamo, unlimited", cpu / million, sent("v9") - rows, dropped))
    cpu, rows, dropped = nfcapd("v9", 0)
    print("%-6s %-22s %8.3f %10d %12d" % ("v9", "nfcapd, unlimited", cpu / million, sent("v9") - rows, dropped))
    before, after = memory()
    print("%d exporters with 3 templates each: %.0f MiB resident, %.0f before" % (EXPORTERS, after, before))
    aim("memory of %d exporters" % EXPORTERS, after, 200, "MiB")
    for name, met, text in aims:
        print("%-4s %-46s %s" % ("met" if met else "MISS", name, text))
    good = sum(met for _, met, _ in aims)
    print("met %d of %d aims" % (good, len(aims)))
    sys.exit(0 if good == len(aims) else 1)


if __name__ == "__main__":
    main()
