# SPDX-License-Identifier: Apache-2.0
"""The table of benches/lake.sh: the same questions to nfdump, to DuckDB (where the module is installed) and to
the lake, one after the other, three rounds; the best wall time of each counts."""
import glob, os, resource, shutil, subprocess, sys, time

minamo, folder, records = sys.argv[1], sys.argv[2], int(sys.argv[3])
nf, lake = f"{folder}/nf", f"{folder}/lake"
nfdump = lambda *words: ["nfdump", "-q", "-R", nf, *words]
query = lambda *words: [minamo, "query", "--data", lake, *words]
# An address that few records have: of the hundred thousand with the most flows one with about forty, or the last.
def rare():
    out = subprocess.run(nfdump("-s", "ip/flows", "-n", "100000", "-o", "csv"), capture_output=True, text=True).stdout
    rows = [line.split(",") for line in out.splitlines()]
    head = next((r for r in rows if "val" in r and "fl" in r), None)
    at, fl = head.index("val"), head.index("fl")
    found = [(abs(int(r[fl]) - 40), r[at]) for r in rows if len(r) > fl and r[fl].isdigit() and r[at].count(".") == 3]
    return min(found)[1]

def run(command):
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, done.stdout

def best(command, rounds=3):
    found = [run(command) for _ in range(rounds)]
    return min(f[0] for f in found), min(f[1] for f in found), found[0][2]

met = of = 0
def line(what, ours, theirs, aim, text):
    global met, of
    of += 1
    good = ours <= theirs * aim
    met += good
    print(f"{what:66} {text} {'met' if good else 'MISSED'}", flush=True)

load = open(f"{folder}/load.txt").read().split()
value = lambda key, step=1: float(load[load.index(key) + step])
nf_bytes = sum(os.path.getsize(f) for f in glob.glob(f"{nf}/*"))
rows = value("rows")
print(f"{'':66} {'minamo':>9} {'peer':>9}  ratio    aim")
ours, theirs = value("bytes_per_row"), nf_bytes / records
line("bytes per flow on disk (nfdump, LZ4)", ours, 16, 1, f"{ours:9.2f} {theirs:9.2f} {ours/theirs:6.2f}   <= 16")
wall, cpu = value("compacted_seconds"), value("compacted_seconds", 3)
rate, memory = rows / wall, value("peak_memory_kib") / 1048576
line("rows/s, appended to compacted, wall", 500_000, rate, 1, f"{rate:9.0f} {'':9} {'':6}  >= 500000")
line("rows/s, by processor time of two cores", 500_000, rows / cpu * 2, 1, f"{rows/cpu*2:9.0f} {'':9} {'':6}  >= 500000")
line("memory at that rate, GiB", memory, 2, 1, f"{memory:9.2f} {'':9} {'':6}   <= 2")
one = rare()
filter_text = "proto tcp and src net 10.0.0.0/24"
questions = [
    ("top 10 src_ip by bytes", nfdump("-s", "srcip/bytes", "-n", "10"),
     query("--top", "src_ip", "--limit", "10"), 1 / 5),
    ("top 10 src_ip,dst_ip by bytes", nfdump("-A", "srcip,dstip", "-s", "record/bytes", "-n", "10"),
     query("--top", "src_ip,dst_ip", "--limit", "10"), 1 / 5),
    (f"{filter_text}: top dst_port by flows", nfdump("-s", "dstport/flows", "-n", "10", filter_text),
     query("--top", "dst_port", "--by", "flows", "--limit", "10", filter_text), 1 / 10),
    (f"ip {one}: its flows", nfdump("-o", "line", f"ip {one}"),
     query("--limit", "10000", "--format", "csv", f"ip {one}"), 1 / 20),
]
for what, theirs, ours, aim in questions:
    rounds = 1 if "src_ip,dst_ip" in what else 3
    t, o = best(theirs, rounds), best(ours, 3)
    line(f"{what}, wall s", o[0], t[0], aim, f"{o[0]:9.3f} {t[0]:9.3f} {o[0]/t[0]:6.3f}   <= {aim:.2f}")
    print(f"{'':20}{'processor s':>46} {o[1]:9.3f} {t[1]:9.3f} {o[1]/t[1]:6.3f}", flush=True)
    if what.startswith("ip "):
        assert len(o[2].splitlines()) - 1 == sum(one in l for l in t[2].splitlines()), "another number of flows"
# An import of nfcapd's file, as far as four million records, into a lake of its own; nfdump writes the same as text.
part, into = f"{folder}/import.nf", f"{folder}/import"
subprocess.run(["nfdump", "-q", "-r", sorted(glob.glob(f"{nf}/*"))[0], "-c", "4000000", "-w", part], check=True)
def used(command):
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = child.stderr.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command)}: {said}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
shutil.rmtree(into, ignore_errors=True)
cpu, memory = used([minamo, "import", "--data", into, part])
theirs, _ = used(["nfdump", "-q", "-r", part, "-o", "csv"])
line("import of nfcapd's file (nfdump -o csv), processor s", cpu, theirs, 1, f"{cpu:9.2f} {theirs:9.2f} {cpu/theirs:6.2f}   <= 1.00")
line("memory of the import, MiB", memory, 512, 1, f"{memory:9.0f} {'':9} {'':6}   <= 512")
os.remove(part), shutil.rmtree(into)
for row in open(f"{folder}/month.txt"):
    if " ms: " in row:
        took, what = row.strip().split(" ms: ")
        line(f"a month from rollups, {what}, ms", float(took), 50, 1, f"{float(took):9.2f} {'':9} {'':6}   <= 50")
try:
    import duckdb
except ImportError:
    print("DuckDB: skipped, its Python module is not installed (pip install duckdb)")
else:
    files = f"'{lake}/lake/segments/flows/**/*.parquet'"
    base = f"FROM read_parquet({files})"
    sums = "sum(src_bytes + dst_bytes) b, sum(src_packets + dst_packets) p, count(*) f"
    low, high = (bytes(10) + b"\xff\xff" + bytes(x) for x in ([10, 0, 0, 0], [10, 0, 0, 255]))
    blob = lambda x: "'" + "".join(f"\\x{o:02x}" for o in x) + "'::BLOB"
    peers = [
        ("top 10 src_ip by bytes", f"SELECT src_ip, {sums} {base} GROUP BY ALL ORDER BY b DESC LIMIT 10"),
        ("top 10 src_ip,dst_ip by bytes", f"SELECT src_ip, dst_ip, {sums} {base} GROUP BY ALL ORDER BY b DESC LIMIT 10"),
        (f"{filter_text}: top dst_port by flows", f"SELECT dst_port, {sums} {base} WHERE proto = 6 AND src_ip BETWEEN "
         f"{blob(low)} AND {blob(high)} GROUP BY ALL ORDER BY f DESC LIMIT 10"),
    ]
    for (what, sql), (_, _, ours, _) in zip(peers, questions):
        program = f"import duckdb; c = duckdb.connect(); c.execute('SET threads = 2'); print(c.execute({sql!r}).fetchall())"
        t, o = best([sys.executable, "-c", program], 2), best(ours, 2)
        line(f"DuckDB, {what}, wall s", o[0], t[0], 1.3, f"{o[0]:9.3f} {t[0]:9.3f} {o[0]/t[0]:6.3f}   <= 1.30")
print(f"met {met} of {of} aims")
sys.exit(met != of)
