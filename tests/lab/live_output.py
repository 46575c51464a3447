"""Where it goes: readers that stop, packets that are kept, metrics, reports on the way, a terminal."""
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import termios
import threading
import time

from gateway import Log
from livelab import HATCHECK, LONG, Failed, Live, check, compare, folder, traffic, valid

MIB = 1 << 20


def stopped_reader():
    """Nobody reads: capture goes on, lines wait in bounded memory, and come when somebody does."""
    seconds = 30 if LONG else 4
    live = Live("-i", "lo", read=False).ready()
    made = traffic(seconds * 200, 200)
    time.sleep(2)
    check(live.process.poll() is None, "it ended")
    resident = live.resident()
    check(resident < 160 * MIB, "%d MiB resident", resident // MIB)
    live.read()
    live.wait_for(seconds * 200, 10)
    status = live.end()
    check(status == 0, "exit status %d: %s", status, live.err)
    limits = live.summary()["limits"]
    check(limits["packets_dropped_kernel"] == 0, "%s", limits)
    check(limits["output_lines_dropped"] == 0, "%s", limits)
    compare(made, live)


def drops():
    """A ring too small, and nobody who reads it for a second: said, counted, and held against no one."""
    where = folder()
    log = Log(os.path.join(where, "log"))
    live = Live("-i", "lo", "--buffer", "64K", "--log", log.path, "--settle", "1.5").ready()
    pid = live.process.pid
    made = traffic(600, 300, log, during=[(0.5, lambda: os.kill(pid, signal.SIGSTOP)), (1.5, lambda: os.kill(pid, signal.SIGCONT))])
    live.wait_for(600, 4)
    live.end()
    dropped = live.summary()["limits"]["packets_dropped_kernel"]
    check(dropped > 0, "nothing was dropped")
    check(any("dropped for want of room" in line for line in live.err), "%s", live.err)
    allowed = {}
    for (address, port), ends in made.items():
        allowed.setdefault((address, port), {"incomplete"}).update(verdict for verdict, _ in ends)
    for line in live.connections():
        key = (line["client"]["ip"], line["client"]["port"])
        check(line["verdict"] in allowed[key], "%s: %s", line["verdict"], line["reason"])
    bad = [f for f in live.findings() if f["severity"] == "error" or f["rule"] == "log.missing-connection"]
    check(not bad, "%s", bad[:2])
    shutil.rmtree(where)


def write_rotated():
    """The packets seen are kept in files of a bounded size and number, and analyze says the same."""
    where = folder()
    path = os.path.join(where, "packets.pcapng")
    live = Live("-i", "lo", "--write", path, "--write-size", "40K", "--write-files", "40").ready()
    made = traffic(400, 200)
    live.wait_for(400, 5)
    live.end()
    compare(made, live)
    files = [name for name in os.listdir(where) if name.startswith("packets.pcapng")]
    check(3 < len(files) < 40, "%s", files)
    for name in files:
        size = os.path.getsize(os.path.join(where, name))
        check(size <= 40 << 10, "%s: %d octets", name, size)
    again = _analyze(*(os.path.join(where, name) for name in files))
    check(again["summary"]["verdicts"] == live.summary()["summary"]["verdicts"], "%s", again["summary"])
    # Fewer files than were needed: the newest are there.
    live = Live("-i", "lo", "--write", path, "--write-size", "40K", "--write-files", "3").ready()
    traffic(400, 200)
    live.wait_for(400, 5)
    check(live.end() == 0, "%s", live.err)
    numbers = sorted(int(name.rsplit(".", 1)[1]) for name in os.listdir(where) if name[-1].isdigit())
    highest = numbers[-2:]
    check(highest[1] == highest[0] + 1 and numbers.count(highest[0] - 1) == 0, "%s", numbers)
    shutil.rmtree(where)


def _analyze(*files):
    done = subprocess.run([HATCHECK, "analyze", "--json", "-", *files], capture_output=True, check=False)
    check(done.returncode == 0, "analyze: %d %s", done.returncode, done.stderr)
    return json.loads(done.stdout)


def hangup_renews_files():
    """SIGHUP after logrotate moved the files away: what comes then is in new ones."""
    where = folder()
    lines, packets = os.path.join(where, "lines"), os.path.join(where, "packets")
    live = Live("-i", "lo", "--write", packets, text=("--ndjson", lines)).ready()
    traffic(40, 160)
    time.sleep(2.5)
    os.rename(lines, lines + ".old")
    os.rename(packets, packets + ".old")
    live.process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    traffic(80, 160)
    time.sleep(2.5)
    check(live.end() == 0, "%s", live.err)
    counts = []
    for name in (lines + ".old", lines):
        with open(name, encoding="utf-8") as f:
            counts.append(sum(json.loads(line)["type"] == "connection" for line in f))
    check(counts == [40, 80], "%s", counts)
    counts = [_analyze(name)["summary"]["connections"] for name in (packets + ".old", packets)]
    check(counts == [40, 80], "%s", counts)
    shutil.rmtree(where)


SAMPLE = re.compile(r'^[a-z_]+(\{[a-z_]+="[^"\\\n]*"\})? \d+$')


def metrics():
    """Prometheus text, whole at every moment, with the run's numbers."""
    where = folder()
    path = os.path.join(where, "hatcheck.prom")
    live = Live("-i", "lo", "--metrics", path).ready()
    wrong, stop = [], threading.Event()

    def watch():
        while not stop.is_set():
            try:
                with open(path, encoding="ascii") as f:
                    text = f.read()
            except FileNotFoundError:
                continue
            if not text.endswith("\n") or "hatcheck_limit_reached_total" not in text:
                wrong.append(text[-80:])
            time.sleep(0.01)

    thread = threading.Thread(target=watch)
    thread.start()
    traffic(160, 160)
    live.wait_for(160, 5)
    live.end()
    stop.set()
    thread.join()
    check(not wrong, "half of it: %s", wrong[:1])
    with open(path, encoding="ascii") as f:
        samples = [line.rstrip("\n") for line in f if not line.startswith("#")]
    for line in samples:
        check(SAMPLE.match(line), "%s", line)
    for want in ('hatcheck_connections_total{verdict="reject"} 20', 'hatcheck_interface_up{interface="lo"} 1',
                 'hatcheck_packets_dropped_kernel_total{interface="lo"} 0'):
        check(want in samples, "no %s", want)
    check(os.listdir(where) == ["hatcheck.prom"], "%s", os.listdir(where))
    shutil.rmtree(where)


def report_on_the_way():
    """SIGUSR1: a whole report of what there was so far; the one of the end takes its place."""
    where = folder()
    path = os.path.join(where, "report.json")
    live = Live("-i", "lo", text=("--json", path, "--ndjson", "-")).ready()
    traffic(32, 160)
    live.wait_for(32, 5)
    live.process.send_signal(signal.SIGUSR1)
    first = _report(path, 32)
    check(len(first["connections"]) == 32, "%d", len(first["connections"]))
    traffic(16, 160)
    live.wait_for(48, 5)
    check(live.end() == 0, "%s", live.err)
    last = _report(path, 48)
    check([c["id"] for c in last["connections"]] == list(range(1, 49)), "ids")
    valid("report-1.json", path)
    shutil.rmtree(where)


def _report(path, connections):
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            with open(path, encoding="utf-8") as f:
                report = json.load(f)
            if report["summary"]["connections"] == connections:
                return report
        except json.JSONDecodeError:
            pass
        time.sleep(0.05)
    raise Failed("no report of %d connections" % connections)


def terminal():
    """A terminal shows counts, rate and findings in place, no taller than it is; then the report."""
    try:
        master, slave = pty.openpty()
    except OSError as error:
        return "no terminal: %s" % error
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 20, 80, 0, 0))
    process = subprocess.Popen(
        [HATCHECK, "live", "-i", "lo", "--delayed-reject", "off"], stdout=slave, stderr=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm"})
    os.close(slave)
    shown = bytearray()
    reader = threading.Thread(target=_read_terminal, args=(master, shown))
    reader.start()
    time.sleep(1)
    traffic(160, 160)
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    check(process.wait(10) == 0, "%s", process.stderr.read())
    reader.join(5)
    frames = bytes(shown).split(b"\x1b[?25l")
    check(len(frames) > 4, "%d frames", len(frames))
    check(max(frame.split(b"\x1b[J")[0].count(b"\n") for frame in frames[1:]) < 20, "taller than the terminal")
    last = frames[-1].split(b"\x1b[J")
    for word in (b"160 connections", b"a second", b"delayed_reject", b"policy.stage-mismatch", b"warning"):
        check(word in last[0], "no %s on the screen: %s", word, last[0])
    check(b"Worth a look" in b"".join(last[1:]), "no report at the end")


def _read_terminal(master, shown):
    while True:
        try:
            octets = os.read(master, 65536)
        except OSError:
            return
        if not octets:
            return
        shown.extend(octets)
