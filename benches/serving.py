# SPDX-License-Identifier: Apache-2.0
"""A server of Minamo for a benchmark: waits until it listens, ends it, turns its rules off."""
import os
import signal
import subprocess
import sys
import time


def finish(process):
    """Ends a process as a person does; returns its CPU seconds."""
    process.send_signal(signal.SIGINT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def listens(port):
    """Waits until somebody has the UDP port."""
    wanted = ":%04X " % port
    for _ in range(600):
        with open("/proc/net/udp") as udp, open("/proc/net/udp6") as udp6:
            if wanted in udp.read() + udp6.read():
                return
        time.sleep(0.05)
    sys.exit("nothing listens at port %d" % port)


def rules_off(minamo):
    """The table of settings that turns all rules off."""
    told = subprocess.run([minamo, "rule", "list"], capture_output=True, text=True, check=True).stdout
    # Below the head of the table, until its end.
    rows = told.split("-\n", 1)[1].split("\n\n", 1)[0]
    names = [line.split()[0] for line in rows.splitlines()]
    return "".join('[[rule]]\nname = "%s"\nenabled = false\n' % name for name in names)
