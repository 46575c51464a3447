"""What is seen: interfaces of every kind, their end and their return, and captures that come by a pipe."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

from livelab import BUILD, HATCHECK, LONG, ROOT, Host, Live, check, compare, folder, latest, run, traffic

COUNT, RATE = (2000, 200) if LONG else (480, 160)


def _compare_all(live, made, count):
    """Each connection once and right, none lost, each line soon."""
    live.wait_for(count, 5)
    late = latest(live, made)
    status = live.end()
    compare(made, live)
    print("  %d connections, the last line %.2f s after its connection's end" % (count, late))
    check(late < 2.0, "a line came %.2f s after its connection's end", late)
    check(status == 0, "exit status %d: %s", status, live.err)
    check(live.summary()["limits"]["packets_dropped_kernel"] == 0, "%s", live.summary()["limits"])


def loopback():
    """Connections of all classes at some hundred a second: each reported once, right, and soon."""
    live = Live("-i", "lo").ready()
    _compare_all(live, traffic(COUNT, RATE), COUNT)


def veth():
    """The same between two namespaces."""
    host = Host()
    live = Live("-i", "wire").ready()
    made = host.traffic(COUNT, RATE)
    _compare_all(live, made, COUNT)


LINKS = ("en10mb", "vlan", "qinq", "mpls", "pppoe", "gre", "erspan", "vxlan", "ipip", "options", "fragments")


def encapsulations():
    """Behind tags, tunnels, extension headers and in fragments, which the kernel's filter has to let through."""
    where = folder()
    runs = []
    for number, link in enumerate(LINKS):
        near, far, capture = "near%d" % number, "far%d" % number, os.path.join(where, link)
        run("ip", "link", "add", near, "mtu", "9000", "type", "veth", "peer", "name", far, "mtu", "9000")
        for end in (near, far):
            run("ip", "link", "set", end, "up")
        run(os.path.join(BUILD, "dialogc"), "-o", capture, "--link", link, os.path.join(ROOT, "fixtures/cases/demo/dialog.txt"))
        runs.append((link, far, capture, Live("-i", near)))
    for _, _, _, live in runs:
        live.ready()
    for _, far, capture, _ in runs:
        _send_frames(far, capture)
    time.sleep(1)
    for link, _, capture, live in runs:
        live.end()
        if link == "vlan":
            live.valid()
        done = subprocess.run([HATCHECK, "analyze", "--ndjson", "-", capture], stdout=subprocess.PIPE, check=False)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        want = sorted(_told(line) for line in lines if line["type"] == "connection")
        got = sorted(_told(line) for line in live.connections())
        check(len(want) > 5 and got == want, "%s: %s, not %s", link, got, want)
    shutil.rmtree(where)


def _told(line):
    return line["client"]["ip"], line["client"]["port"], line["verdict"], line["outcome"]


def _send_frames(interface, capture):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire, open(capture, "rb") as f:
        wire.bind((interface, 0))
        for record in list(_records(f.read()))[1:]:
            wire.send(record[16:])


def any_interface():
    """-i any shows a packet of loopback twice, on its way out and in: each connection is one."""
    host = Host()
    live = Live("-i", "any").ready()
    made = host.traffic(80, 160)
    made.update(traffic(80, 160))
    _compare_all(live, made, 160)


def several_interfaces():
    """Loopback and two cables in one run."""
    hosts = [Host("wire", 1), Host("cord", 2)]
    live = Live("-i", "lo", "-i", "wire", "-i", "cord").ready()
    made = hosts[0].traffic(80, 160)
    made.update(hosts[1].traffic(80, 160))
    made.update(traffic(80, 160))
    _compare_all(live, made, 240)
    

def interface_down_and_up():
    """The interface goes down and up, is removed, and another of its name comes: it is watched on."""
    host = Host()
    live = Live("-i", "wire").ready()
    made = host.traffic(40, 80)
    run("ip", "link", "set", "wire", "down")
    live.wait_for_word("went down")
    run("ip", "link", "set", "wire", "up")
    live.wait_for_word("up again")
    host.route()
    made.update(host.traffic(40, 80))
    run("ip", "link", "del", "wire")
    live.wait_for_word("removed")
    host.plug()
    live.wait_for_word("up again", 2)
    made.update(host.traffic(40, 80))
    live.wait_for(120, 5)
    status = live.end()
    compare(made, live)
    check(status == 0, "exit status %d: %s", status, live.err)


def pipe():
    """`ssh gateway tcpdump -w - | hatcheck live -`: what has ended is told while the pipe is open."""
    demo = os.path.join(BUILD, "demo.pcap")
    check(os.path.exists(demo), "make builds it: %s", demo)
    with open(demo, "rb") as f:
        octets = f.read()
    whole = Live("-", stdin=subprocess.PIPE)
    whole.process.stdin.write(octets)
    whole.process.stdin.close()
    check(whole.process.wait(10) == 0, "%s", whole.err)
    whole.end()
    live = Live("-", stdin=subprocess.PIPE)
    for record in _records(octets):
        live.process.stdin.write(record)
        live.process.stdin.flush()
    # The last packets are in the pipe, and it stays open.
    check(live.wait_for(1, 5) >= 1, "nothing is told before the end")
    ended = [c for c in whole.connections() if c["tcp"]["close"] is not None]
    check(ended, "no connection of the capture ends")
    got = live.wait_for(len(ended), 8)
    check(got >= len(ended), "%d of %d told before the end", got, len(ended))
    live.process.stdin.close()
    check(live.process.wait(10) == 0, "%s", live.err)
    live.end()
    verdicts = [sorted(c["verdict"] for c in one.connections()) for one in (whole, live)]
    check(verdicts[0] == verdicts[1], "%s, and by and by %s", *verdicts)


def pipe_with_log():
    """A capture of before the start, its log and its packets kept: what analyze says of the same."""
    case, demo, where = os.path.join(ROOT, "fixtures/cases/demo"), os.path.join(BUILD, "demo.pcap"), folder()
    args = ["--log", os.path.join(case, "mail_logs"), "--hat", os.path.join(case, "hat.txt")]
    kept = os.path.join(where, "kept")
    with open(demo, "rb") as f:
        live = Live("-", *args, "--write", kept, stdin=f)
        check(live.process.wait(10) == 1, "findings are there: %s", live.err)
    live.end()
    live.valid()
    for capture in (demo, kept):
        done = subprocess.run([HATCHECK, "analyze", "--json", "-", *args, capture], stdout=subprocess.PIPE, check=False)
        want, got = json.loads(done.stdout)["summary"], live.summary()["summary"]
        for key in ("connections", "verdicts", "log_sessions", "matched"):
            check(got[key] == want[key], "%s: %s, not %s", key, got[key], want[key])
        for severity in ("error", "warning"):
            check(got["findings"][severity] == want["findings"][severity], "%s, not %s", got["findings"], want["findings"])
    shutil.rmtree(where)


def _records(octets):
    """A little-endian pcap: its header, then each record."""
    yield octets[:24]
    at = 24
    while at < len(octets):
        size = 16 + int.from_bytes(octets[at + 8:at + 12], "little")
        yield octets[at:at + size]
        at += size


def signals_end_it():
    """A signal while nothing comes by the pipe: a whole report, and no damage."""
    live = Live("-", stdin=subprocess.PIPE)
    with open(os.path.join(BUILD, "demo.pcap"), "rb") as f:
        live.process.stdin.write(f.read()[:400])
    live.process.stdin.flush()
    time.sleep(0.5)
    check(live.end(signal.SIGINT) == 0, "%s", live.err)
    live.summary()


def stragglers():
    """An RST seconds after a connection was reported is of that connection, and of no other."""
    host = Host()
    live = Live("-i", "wire").ready()
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "resets.py")
    recorder = subprocess.Popen(
        ["nsenter", "-t", str(host.process.pid), "-n", sys.executable, script, "wirec"], stdin=subprocess.PIPE)
    made = host.traffic(24, 80)
    live.wait_for(24, 5)
    before = len(live.connections())
    check(before == 24, "%d connections", before)
    recorder.stdin.close()
    check(recorder.wait(5) == 0, "the resets were not sent")
    time.sleep(1)
    live.end()
    compare(made, live)
    seen = live.summary()["summary"]["packets"]["segments"]
    told = sum(c["packets"]["client"] + c["packets"]["server"] for c in live.connections())
    check(seen >= told + 2 * 24, "%d segments seen, %d told of: no reset came", seen, told)


def count_and_duration():
    """--count ends after so many, --duration after so long."""
    live = Live("-i", "lo", "--count", "20").ready()
    traffic(40, 160)
    check(live.process.wait(10) == 0, "%s", live.err)
    live.end()
    check(len(live.connections()) == 20, "%d", len(live.connections()))
    begin = time.monotonic()
    live = Live("-i", "lo", "--duration", "1.5")
    check(live.process.wait(10) == 0, "%s", live.err)
    check(1.4 < time.monotonic() - begin < 4, "%.1f s", time.monotonic() - begin)
