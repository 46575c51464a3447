#!/usr/bin/python3
"""lab: `hatcheck lab` as its folder shows it. lab.py HATCHECK [short]

What the fault table promises is held here: each fault raises its finding and no other, none raises
none. Witness beside the program itself: tshark, on the capture.
"""

import collections
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from responder import Skip, main, need, slow, test  # noqa: E402

PROGRAM = os.path.abspath(sys.argv[1])
SHORT = "short" in sys.argv[2:]
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
VALIDATE = os.path.join(TOP, "tests", "schema.py")
SCHEMA = os.path.join(TOP, "reports", "schema", "report-1.json")
VERDICTS = ("unanswered port_closed tcprefuse dropped client_abort not_smtp reject deferred "
            "delayed_reject accepted incomplete").split()
HAT = "hat.action-mismatch"  # where the gateway acts otherwise, its table says so too

# What must be found, and what follows from it when the HAT is there.
FAULTS = {
    "reject-by-rst": ({"profile.reject.fin_ack"}, set()),
    "refuse-by-fin": ({"log.action-mismatch"}, {HAT}),
    "reject-on-refuse": ({"log.action-mismatch"}, {HAT}),
    "refuse-on-reject": ({"log.action-mismatch"}, {HAT}),
    "accept-on-reject": ({"log.action-mismatch", "log.mail-after-reject"}, {HAT}),
    "delay-on-plain": ({"log.stage-mismatch"}, set()),
    "plain-on-delay": ({"log.stage-mismatch"}, set()),
    "log-other-recipient": ({"log.recipient-mismatch"}, set()),
    "log-nothing": ({"log.missing-session"}, set()),
    "log-phantom": ({"log.missing-connection"}, set()),
    "late-refusal": ({"wire.late-refusal"}, set()),
}

class Lab:
    """One run in a folder of its own."""

    def __init__(self, *options, prefix=()):
        self.folder = tempfile.mkdtemp(prefix="hatcheck-lab-")
        self.out = os.path.join(self.folder, "d")
        self.done = subprocess.run(
            [*prefix, PROGRAM, "lab", "-q", "--out", self.out, *options],
            capture_output=True, text=True, timeout=300, check=False)
        if self.done.returncode == 2 and "no right" in self.done.stderr:
            raise Skip(self.done.stderr.strip())
        assert self.done.returncode in (0, 1), self.done

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def path(self, name):
        return os.path.join(self.out, name)

    def report(self):
        with open(self.path("report.json")) as file:
            return json.load(file)

    def clients(self):
        """What the clients came for, by their endpoint and the server's: the system may give one
        of them a port that another had before it."""
        clients = {}
        with open(self.path("clients.tsv")) as file:
            for line in file:
                row = line.rstrip("\n").split("\t")
                clients.setdefault((row[1], row[2]), []).append(row)
        return clients

    def ports(self):
        return sorted({int(server.rsplit(":", 1)[1]) for _, server in self.clients()})

    def analyze(self, *options):
        done = subprocess.run(
            [PROGRAM, "analyze", "-p", ",".join(map(str, self.ports())), "--json", "-", *options,
             self.path("capture.pcap")], capture_output=True, text=True, check=False)
        return json.loads(done.stdout)


def serious(report):
    """The rules that make the run fail."""
    return {f["rule"] for f in report["findings"] if f["severity"] != "info"}


def endpoint(e):
    return f"[{e['ip']}]:{e['port']}" if ":" in e["ip"] else f"{e['ip']}:{e['port']}"


def ends(connection):
    return endpoint(connection["client"]), endpoint(connection["server"])


def due(clients, connection):
    """The verdicts that the clients at its endpoints came for."""
    return [row[4] for row in clients[ends(connection)]]


def story(report):
    return [(c["client"]["ip"], c["verdict"], c["outcome"]) for c in report["connections"]]


# --- without a fault ----------------------------------------------------------------------------


@test
def every_verdict_and_no_finding():
    with Lab() as lab:
        hold_to_plan(lab)


@test
def ports_that_come_again():
    """Where the system has few ports for clients, one has those of another before it."""
    few = ("ip link set lo up && echo 40000 40090 >/proc/sys/net/ipv4/ip_local_port_range && "
           'exec "$@"')
    if subprocess.run(["unshare", "-n", "sh", "-c", few, "sh", "true"], check=False,
                      stderr=subprocess.DEVNULL).returncode != 0:
        raise Skip("no right to a namespace with ports of its own")
    with Lab(prefix=("unshare", "-n", "sh", "-c", few, "sh")) as lab:
        hold_to_plan(lab)
        assert len(lab.clients()) < 200


def hold_to_plan(lab):
    """Two hundred clients, each verdict, each what it came for, and nothing found."""
    report = lab.report()
    assert lab.done.returncode == 0, (lab.done, report["findings"])
    assert serious(report) == set(), report["findings"]
    assert len(report["connections"]) == 200
    assert all(report["summary"]["verdicts"][v] > 0 for v in VERDICTS), report["summary"]
    assert {":" in c["client"]["ip"] for c in report["connections"]} == {True, False}
    clients = lab.clients()
    assert sum(len(rows) for rows in clients.values()) == 200
    for c in report["connections"]:
        assert c["verdict"] in due(clients, c), (clients[ends(c)], c)
    met = sum(c["verdict"] not in ("unanswered", "port_closed") for c in report["connections"])
    assert report["summary"]["log_sessions"] == report["summary"]["matched"] == met
    assert report["log_sessions"] == [] and report["limits"]["packets_dropped_kernel"] == 0
    subprocess.run([sys.executable, VALIDATE, SCHEMA, lab.path("report.json")], check=True,
                   stdout=subprocess.DEVNULL)
    tshark_agrees(lab, report)


def tshark_agrees(lab, report):
    """Flags and codes, seen by another program."""
    if shutil.which("tshark") is None:
        print("tshark is not there, and was not asked")
        return
    decode = [option for port in lab.ports() for option in ("-d", f"tcp.port=={port},smtp")]
    rows = subprocess.run(
        [need("tshark"), "-n", "-r", lab.path("capture.pcap"), *decode, "-T", "fields", "-E",
         "separator=;", "-e", "tcp.stream", "-e", "tcp.srcport", "-e", "tcp.flags", "-e",
         "tcp.len", "-e", "smtp.response.code", "-e", "ip.src", "-e", "ipv6.src", "-e",
         "ip.dst", "-e", "ipv6.dst", "-e", "tcp.dstport"], capture_output=True, text=True,
        check=True).stdout.splitlines()
    ports = set(lab.ports())
    streams = collections.defaultdict(list)
    names = {}
    for row in rows:
        stream, sport, flags, octets, codes, src4, src6, dst4, dst6, dport = row.split(";")
        server = int(sport) in ports
        streams[stream].append((server, int(flags, 16), int(octets), codes.split(",")[0]))
        if not server:
            names[stream] = (f"[{src6}]:{sport}" if src6 else f"{src4}:{sport}",
                             f"[{dst6}]:{dport}" if dst6 else f"{dst4}:{dport}")
    verdicts = collections.defaultdict(list)  # of the same endpoints in the order of their time
    for c in report["connections"]:
        verdicts[ends(c)].append(c["verdict"])
    assert collections.Counter(names.values()) == {e: len(v) for e, v in verdicts.items()}
    for stream, packets in streams.items():
        verdict = verdicts[names[stream]].pop(0)
        served = [p for p in packets if p[0]]
        spoke = [p for p in served if p[2] > 0]
        closes = [p for p in packets if p[1] & 5]
        code = int(spoke[0][3] or 0) if spoke else None
        if verdict == "unanswered":
            assert not served, packets
        elif verdict == "port_closed":
            assert len(served) == 1 and served[0][1] == 0x14, packets
        elif verdict in ("tcprefuse", "dropped"):
            want = 0x14 if verdict == "tcprefuse" else 0x11
            assert not spoke and closes[0][0] and closes[0][1] == want, packets
        elif verdict == "client_abort":
            assert not spoke and not closes[0][0], packets
        elif verdict == "incomplete":
            assert not spoke and not closes, packets
        elif verdict in ("reject", "deferred"):
            assert code // 100 == (5 if verdict == "reject" else 4), packets
            assert closes[0][0] and closes[0][1] & 1, packets
        elif verdict in ("accepted", "delayed_reject"):
            assert code == 220, packets
        else:
            assert verdict == "not_smtp" and not code, packets


@test
def the_same_seed_the_same_verdicts():
    with concurrent.futures.ThreadPoolExecutor() as pool:
        options = (("--seed", "7"), ("--seed", "7"), ("--seed", "8"))
        labs = list(pool.map(lambda o: Lab("--connections", "120", *o), options))
    stories = []
    for lab in labs:
        with lab:
            assert lab.done.returncode == 0, lab.report()["findings"]
            stories.append(story(lab.report()))
    assert stories[0] == stories[1]
    assert stories[0] != stories[2]


@test
def few_and_many():
    for count in ("1", "1000") if not SHORT else ("1",):
        with Lab("--connections", count, "--seed", "3") as lab:
            assert lab.done.returncode == 0, (lab.done, serious(lab.report()))
            assert lab.report()["summary"]["connections"] == int(count)


# --- faults -------------------------------------------------------------------------------------


def hold_to_account(fault):
    """A line on what is wrong, or None."""
    found, follows = FAULTS[fault]
    with Lab("--connections", "120", "--fault", fault, "--seed", "1") as lab:
        seen = serious(lab.report())
        if lab.done.returncode != 1 or seen != found | follows:
            odd = [f["message"] for f in lab.report()["findings"]
                   if f["rule"] not in found | follows and f["severity"] != "info"]
            return f"{fault}: status {lab.done.returncode}, findings {sorted(seen)}: {odd[:2]}"
        alone = serious(lab.analyze("--log", lab.path("mail_logs"), "--tcprefuse-logged", "yes"))
        if alone != found:
            return f"{fault}: without the HAT {sorted(alone)}"
    return None


@slow
def each_fault_raises_its_finding_and_no_other():
    faults = [f for f in FAULTS if not SHORT or f in ("refuse-by-fin", "accept-on-reject")]
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(faults)) as pool:
        wrong = [line for line in pool.map(hold_to_account, faults) if line is not None]
    assert not wrong, "\n".join(wrong)


@test
def a_fault_on_some():
    with Lab("--connections", "150", "--fault", "refuse-on-reject:30", "--fault",
             "log-nothing:10") as lab:
        assert lab.done.returncode == 1
        assert serious(lab.report()) == {"log.action-mismatch", HAT, "log.missing-session"}
        wrong = [c for c in lab.report()["connections"]
                 if c["verdict"] not in due(lab.clients(), c)]
        assert 0 < len(wrong) < 40, len(wrong)


# --- elsewhere ----------------------------------------------------------------------------------


@test
def between_two_namespaces():
    try:
        lab = Lab("--netns", "--connections", "150")
    except AssertionError as error:
        if "namespaces" in str(error):
            raise Skip("no veth, or no right to a namespace") from error
        raise
    with lab:
        report = lab.report()
        assert lab.done.returncode == 0, (lab.done, report["findings"])
        assert serious(report) == set()
        assert all(report["summary"]["verdicts"][v] > 0 for v in VERDICTS), report["summary"]
        refused6 = [c for c in report["connections"]
                    if ":" in c["client"]["ip"] and c["verdict"] == "tcprefuse"]
        assert refused6, "IPv6 has every verdict here"
        assert report["summary"]["packets"]["frames"] > 0
        if "netem" in lab.done.stderr:
            print(f"between_two_namespaces: {lab.done.stderr.strip()}")


@test
def an_interruption_leaves_nobody_behind():
    with tempfile.TemporaryDirectory() as folder:
        lab = subprocess.Popen([PROGRAM, "lab", "-q", "--out", os.path.join(folder, "d")],
                               stderr=subprocess.PIPE, text=True)
        time.sleep(2)
        if lab.poll() is not None:
            raise Skip(lab.communicate()[1].strip())
        with open(f"/proc/{lab.pid}/task/{lab.pid}/children") as file:
            children = file.read().split()
        lab.terminate()
        assert lab.wait(20) == 2
        assert "interrupted" in lab.communicate()[1]
        assert len(children) == 2, children
        assert not any(os.path.exists(f"/proc/{child}") for child in children)


@test
def usage_and_rights():
    for options in ((), ("--out", "/nonexistent/a/b"), ("--out", "d", "--fault", "no"),
                    ("--out", "d", "--connections", "0"), ("--out", "d", "--netem", "loss 1%"),
                    ("--out", "d", "--netns", "--iface", "lo"), ("--out", "d", "x")):
        done = subprocess.run([PROGRAM, "lab", *options], capture_output=True, text=True,
                              timeout=20, check=False)
        assert done.returncode == 2 and done.stderr.startswith("hatcheck: "), (options, done)
    if os.geteuid() != 0:
        raise Skip("only root can give up the right to capture")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        program = shutil.copy(PROGRAM, folder)  # where anybody may run it
        done = subprocess.run([program, "lab", "--out", folder + "/d"], capture_output=True,
                              text=True, timeout=20, check=False, user=65534, group=65534,
                              extra_groups=[])
        assert done.returncode == 2 and "no right to capture" in done.stderr, done


sys.exit(main())
