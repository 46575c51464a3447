#!/usr/bin/python3
"""respond_load: `hatcheck respond` under load, with figures. respond_load.py HATCHECK

Postfix's smtp-source delivers 10,000 messages over 100 parallel sessions, to the responder and to
Postfix's smtp-sink in turn: nothing may be lost, and the responder may not be the slower one. Then
5,000 idle and 100 hostile clients: a delivery beside them takes less than a second, and memory
stays below 64 MiB.
"""

import multiprocessing
import os
import pwd
import re
import resource
import socket
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from responder import DELIVERED, Client, Server, Skip, deliver, need, run  # noqa: E402

PROGRAM = os.path.abspath(sys.argv[1])
SESSIONS, MESSAGES, ROUNDS = 100, 10000, 3
IDLE, HOSTILE, HOSTILE_PROCESSES = 5000, 100, 4
TICK = os.sysconf("SC_CLK_TCK")


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def throughput(source, port, pid, options):
    begin, used = time.monotonic(), cpu_s(pid)
    subprocess.run([source, "-s", str(SESSIONS), "-m", str(MESSAGES), *options,
                    f"127.0.0.1:{port}"], check=True, capture_output=True, timeout=300)
    return MESSAGES / (time.monotonic() - begin), cpu_s(pid) - used


def compare(source, server, sink, port, options):
    rates = {"respond": [], "smtp-sink": []}
    for _ in range(ROUNDS):
        for name, pid, at in (("smtp-sink", sink.pid, port),
                              ("respond", server.process.pid, server.port)):
            rates[name].append(throughput(source, at, pid, options))
    medians = {name: statistics.median(rate for rate, _ in rows) for name, rows in rates.items()}
    for name, rows in rates.items():
        print(f"smtp-source {' '.join(options):3} {name:9}: {medians[name]:6.0f} messages/s, "
              f"{statistics.median(cpu for _, cpu in rows):.2f} s of processor time")
    return medians


def as_many_messages_as_smtp_sink():
    source, sink_program = need("smtp-source"), need("smtp-sink")
    port = free_port()
    user = pwd.getpwuid(os.getuid()).pw_name
    sink = subprocess.Popen([sink_program, *(["-u", "nobody"] if user == "root" else []),
                             f"127.0.0.1:{port}", "1000"])
    try:
        with Server(PROGRAM, hat=None) as server:
            time.sleep(0.5)
            for options in ([], ["-d"]):
                medians = compare(source, server, sink, port, options)
                # One in twenty is what a loaded machine makes of equals.
                assert medians["respond"] >= 0.95 * medians["smtp-sink"], medians
            peak = server.peak_kib() / 1024
            assert server.stop() == 0
            log = server.log()
            done = sum(re.fullmatch(r"Message finished MID \d+ done", line) is not None
                       for line in log)
            assert done == 2 * ROUNDS * MESSAGES, done
            opened = sum(line.startswith("New SMTP ICID") for line in log)
            assert opened == sum(line.endswith(" close") for line in log), opened
            print(f"logged {done} messages in {opened} sessions, peak {peak:.1f} MiB")
    finally:
        sink.kill()
        sink.wait()


def pester(port, count):
    """So many hostile connections: long lines, endless data, commands without reading, resets."""
    os.nice(5)
    openings = (b"x" * 4000, b"HELO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n", b"HELP\r\n",
                b"\r\n" * 100)
    rests = (b"x" * 4000, b"endless\r\n" * 400, b"HELP\r\n" * 600, os.urandom(4000))
    clients = [None] * count
    while True:
        for i in range(count):
            try:
                if clients[i] is None:
                    clients[i] = socket.create_connection(("127.0.0.1", port), 5)
                    clients[i].setblocking(False)
                    clients[i].send(openings[i % 4])
                clients[i].send(rests[i % 4])
            except BlockingIOError:
                pass
            except OSError:
                if clients[i] is not None:
                    clients[i].close()
                clients[i] = None


def idle_and_hostile_clients():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < IDLE + 1000:
        raise Skip("too few open files are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, IDLE + 1000), hard))
    with Server(PROGRAM, "--max-connections", str(IDLE + 1000), hat=None) as server:
        idle = [Client(server.port, patience=30) for _ in range(IDLE)]
        for client in idle:
            assert client.reply().startswith("220")
        for client in idle[::2]:
            client.send(b"EHLO idle\r\nMAIL FROM:<")
        print(f"{IDLE} idle clients: peak {server.peak_kib() / 1024:.1f} MiB")
        crowd = [multiprocessing.Process(target=pester, daemon=True,
                                         args=(server.port, HOSTILE // HOSTILE_PROCESSES))
                 for _ in range(HOSTILE_PROCESSES)]
        for process in crowd:
            process.start()
        took = []
        end = time.monotonic() + 15
        while time.monotonic() < end:
            begin = time.monotonic()
            assert deliver(server.port) == DELIVERED
            took.append(time.monotonic() - begin)
            time.sleep(0.05)
        peak = server.peak_kib() / 1024
        for process in crowd:
            process.terminate()
            process.join()
        print(f"and {HOSTILE} hostile ones: {len(took)} deliveries, median "
              f"{1000 * statistics.median(took):.1f} ms, worst {1000 * max(took):.1f} ms; "
              f"peak {peak:.1f} MiB")
        assert max(took) < 1, max(took)
        assert peak < 64, peak
        for client in idle:
            client.socket.close()
        assert server.stop() == 0, server.said()


if __name__ == "__main__":
    sys.exit(run([as_many_messages_as_smtp_sink, idle_and_hostile_clients]))
