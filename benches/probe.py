#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The probe's figures in one run: processor time and memory against ndpiReader and softflowd, two threads against one,
a million open flows, a flood of SYNs, and a live interface against softflowd and `tcpdump -w /dev/null`.

usage: probe.py MINAMO CORPORA TOOLS   (MINAMO_BENCH_DIR keeps the captures; RUNS, FLOWS, SOURCES and COPIES make it shorter)

Processor time is user and system, the least of the runs; memory the most that was resident.
"""
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
RUNS = int(os.environ.get("RUNS", "3"))
FLOWS = int(os.environ.get("FLOWS", "1000000"))
SOURCES = int(os.environ.get("SOURCES", "10000000"))
WORK = os.environ.get("MINAMO_BENCH_DIR", "/tmp/minamo-bench")
RATES = (50_000, 100_000, 200_000, 400_000)


def once(command):
    """Processor seconds, wall seconds and resident MB of one run."""
    began = time.monotonic()
    child = subprocess.Popen(shlex.split(command), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    if status != 0:
        sys.exit("%s failed: %s" % (command, said.decode(errors="replace")[-300:]))
    return usage.ru_utime + usage.ru_stime, time.monotonic() - began, usage.ru_maxrss / 1024


def least(commands, runs=RUNS):
    """Of each command; they take turns, so that a machine that grows slower is slower for all of them."""
    rounds = [[once(command) for command in commands] for _ in range(runs)]
    return [tuple(min(values) for values in zip(*of)) for of in zip(*rounds)]


def beside(command):
    """Wall seconds of the slower of two such programs at once."""
    began = time.monotonic()
    both = [subprocess.Popen(shlex.split(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(2)]
    if any(child.wait() != 0 for child in both):
        sys.exit("%s failed beside another" % command)
    return time.monotonic() - began


def knows(minamo, command, option):
    """True where a command of ours has an option."""
    said = subprocess.run([minamo, command, "--help"], stdout=subprocess.PIPE).stdout.decode()
    return re.search(r"(^|\s)%s\b" % re.escape(option), said) is not None


class Aims:
    def __init__(self):
        self.met = self.all = 0

    def take(self, met, text):
        self.all += 1
        self.met += met
        print("  %-4s %s" % ("met" if met else "MISS", text), flush=True)


def capture(name, make):
    path = os.path.join(WORK, name)
    if not os.path.exists(path):
        make(path + ".part")
        os.rename(path + ".part", path)
    return path


def mixed(tools, corpora):
    def make(path):
        build = ["sh", os.path.join(os.path.dirname(__file__), "loadgen.sh"), tools]
        program = subprocess.run(build, check=True, capture_output=True, text=True).stdout.strip()
        folder = os.path.join(corpora, "dpi/ndpi/pcap")
        files = sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".pcap"))
        subprocess.run([program, "amplify", path, os.environ.get("COPIES", "80")] + files, check=True)
    return capture("mixed.pcap", make)


def traffic(kind):
    def make(path):
        subprocess.run([sys.executable, os.path.join(HERE, "traffic.py"), kind, str(FLOWS), path], check=True)
    return capture("%s-%d.pcap" % (kind, FLOWS), make)


def processor(minamo, name, path, aims):
    meter = "%s meter --format jsonl --output /dev/null %s" % (minamo, path)
    light = meter.replace(" meter ", " meter --light ") if knows(minamo, "meter", "--light") else meter
    # Without a light mode the whole is what stands beside softflowd.
    commands = {
        "minamo": meter,
        "ndpiReader -q": "ndpiReader -q -i " + path,
        "minamo --light": light,
        "softflowd -r": "softflowd -r %s -n 127.0.0.1:9 -c none -d -m 2000000" % path,
    }
    rows = dict(zip(commands, least(commands.values())))
    print("%s, %.0f MB" % (name, os.path.getsize(path) / 1e6))
    print("  %-16s %8s %8s" % ("program", "CPU s", "MB"))
    for program, (cpu, _, memory) in rows.items():
        print("  %-16s %8.2f %8.0f" % (program, cpu, memory))
    ours, ndpi, light, softflowd = rows.values()
    aims.take(ours[0] <= ndpi[0] / 2, "all dissectors: %.2f of ndpiReader's CPU, want 0.50" % (ours[0] / ndpi[0]))
    aims.take(ours[2] <= ndpi[2] / 3, "all dissectors: %.2f of ndpiReader's memory, want 0.33" % (ours[2] / ndpi[2]))
    aims.take(light[0] <= softflowd[0], "without: %.2f of softflowd's CPU, want 1.00" % (light[0] / softflowd[0]))


def threads(minamo, path, aims):
    if not knows(minamo, "meter", "--threads"):
        return aims.take(False, "two threads: captures are metered by one")
    line = "%s meter --format jsonl --output /dev/null --threads %d %s"
    # Wall time is what other work disturbs most: more runs than of the others.
    one, two = least([line % (minamo, count, path) for count in (1, 2)], 2 * RUNS)
    print("two threads: %.2f s instead of %.2f s" % (two[1], one[1]))
    both = min(beside(line % (minamo, 1, path)) for _ in range(RUNS))
    print("  two programs of one thread at once: %.2f times as fast as one after the other, what the machine allows" % (2 * one[1] / both))
    aims.take(one[1] / two[1] >= 1.8, "%.2f times as fast, want 1.8" % (one[1] / two[1]))


def memory(minamo, aims):
    """Open flows whose dissectors wait for more (HTTP), and such whose dissectors are done (TLS)."""
    for kind, text, option, bound in (
        ("concurrent-done", ", dissectors done", "", 700),
        ("concurrent", ", dissectors listening", "", 700),
        ("concurrent", ", light mode", " --light", 400),
    ):
        _, _, used = once("%s probe%s --max-flows 2000000 --output /dev/null -i %s" % (minamo, option, traffic(kind)))
        aims.take(used <= bound, "%d open flows%s: %.0f MB, want %d" % (FLOWS, text, used, bound))


def flood(minamo, aims):
    """SYNs from so many sources through a pipe: rows go early, and memory stays what a full table takes."""
    sender = subprocess.Popen([sys.executable, os.path.join(HERE, "traffic.py"), "flood", str(SOURCES), "-"], stdout=subprocess.PIPE)
    command = [minamo, "meter", "--format", "jsonl", "--output", "/dev/null", "-"]
    child = subprocess.Popen(command, stdin=sender.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    sender.stdout.close()
    said = child.stderr.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    sender.wait()
    early = re.search(r"(\d+) flow\(s\) reported early", said)
    aims.take(status == 0 and usage.ru_maxrss / 1024 <= 400 and early is not None,
              "SYNs of %d sources: %.0f MB, want 400; %s reported early; %.1f s"
              % (SOURCES, usage.ru_maxrss / 1024, early.group(1) if early else "none", usage.ru_utime + usage.ru_stime))


def live(minamo, aims):
    """In a namespace of its own: frames on a cable, read by one program at a time."""
    inside = os.environ.get("MINAMO_BENCH_INSIDE")
    if not inside:
        env = dict(os.environ, MINAMO_BENCH_INSIDE="1")
        done = subprocess.run(["unshare", "--net", sys.executable, __file__] + sys.argv[1:], env=env)
        if done.returncode not in (0, 1):
            print("skipped: the live measurement wants `unshare --net` and the right to use it")
            return
        aims.take(done.returncode == 0, "live: no loss where softflowd has none")
        return
    for command in ("link set lo up", "link add tap type veth peer name end", "link set tap up", "link set end up"):
        if subprocess.run(["ip"] + command.split()).returncode != 0:
            sys.exit(77)
    time.sleep(2)
    best = {}
    print("live, frames of 142 octets, %d seconds each: lost of sent" % 5)
    print("  %-10s" % "frames/s" + "".join("%22s" % name for name in ("minamo probe", "softflowd", "tcpdump")))
    for rate in RATES:
        line = "  %-10d" % rate
        for name, watch in (("minamo", watch_minamo), ("softflowd", watch_softflowd), ("tcpdump", watch_tcpdump)):
            sent, seen = watch(minamo, rate)
            lost = max(sent - seen, 0)
            if lost == 0:
                best[name] = rate
            line += "%22s" % ("%d of %d" % (lost, sent))
        print(line, flush=True)
    sys.exit(0 if best.get("minamo", 0) >= best.get("softflowd", 0) else 1)


def sent_frames(rate):
    done = subprocess.run([sys.executable, os.path.join(HERE, "traffic.py"), "send", "end", str(rate), "5"],
                          stdout=subprocess.PIPE, check=True)
    return int(done.stdout)


def watch_minamo(minamo, rate):
    with tempfile.TemporaryDirectory() as folder:
        counters = os.path.join(folder, "counters")
        child = subprocess.Popen([minamo, "probe", "-i", "tap", "--output", "/dev/null", "--counters", counters],
                                 stderr=subprocess.DEVNULL)
        time.sleep(1)
        sent = sent_frames(rate)
        time.sleep(1)
        child.send_signal(signal.SIGTERM)
        child.wait()
        seen = re.search(r"^minamo_probe_frames_total\S* (\d+)$", open(counters).read(), re.M)
        return sent, int(seen.group(1))


def watch_softflowd(minamo, rate):
    with tempfile.TemporaryDirectory() as folder:
        control = os.path.join(folder, "control")
        child = subprocess.Popen(["softflowd", "-d", "-i", "tap", "-n", "127.0.0.1:9", "-c", control, "-m", "2000000"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1)
        sent = sent_frames(rate)
        time.sleep(1)
        said = subprocess.run(["softflowctl", "-c", control, "statistics"], stdout=subprocess.PIPE).stdout.decode()
        child.terminate()
        child.wait()
        seen = re.search(r"Packets processed: (\d+)", said)
        return sent, int(seen.group(1)) if seen else 0


def watch_tcpdump(minamo, rate):
    child = subprocess.Popen(["tcpdump", "-i", "tap", "-w", "/dev/null"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    time.sleep(1)
    sent = sent_frames(rate)
    time.sleep(1)
    child.send_signal(signal.SIGINT)
    said = child.communicate()[1].decode()
    seen = re.search(r"(\d+) packets captured", said)
    return sent, int(seen.group(1)) if seen else 0


def main():
    minamo, corpora, tools = sys.argv[1:4]
    os.makedirs(WORK, exist_ok=True)
    aims = Aims()
    if os.environ.get("MINAMO_BENCH_INSIDE"):
        live(minamo, aims)
    for program in ("ndpiReader", "softflowd", "tcpdump"):
        if subprocess.run(["which", program], stdout=subprocess.DEVNULL).returncode != 0:
            sys.exit("missing: %s (apt-get install libndpi-bin softflowd tcpdump)" % program)
    captures = [("mixed capture", mixed(tools, corpora)), ("%d short flows" % FLOWS, traffic("short"))]
    for name, path in captures:
        processor(minamo, name, path, aims)
    threads(minamo, captures[0][1], aims)
    memory(minamo, aims)
    flood(minamo, aims)
    live(minamo, aims)
    print("met %d of %d aims" % (aims.met, aims.all))
    sys.exit(0 if aims.met == aims.all else 1)


if __name__ == "__main__":
    main()
