"""responder: what the tests of `hatcheck respond` share: a server, clients, a witness on the wire."""

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

HAT = """\
$BLOCKED
    REJECT
$ACCEPTED
    ACCEPT {}
RELAYLIST:
    127.0.0.2
    RELAY
REFUSED:
    127.0.0.9, 127.0.2., sbrs[-10.0:-5.0]
    TCPREFUSE
BLACKLIST:
    127.0.0.8, 127.0.1.
    $BLOCKED
ALL
    $ACCEPTED
"""


class Skip(Exception):
    """A test that cannot be done here; its text says why."""


def need(program):
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if path is None:
        raise Skip(f"{program} is not there")
    return path


def with_port(address):
    """Where it may listen: not on a port that a client may be given, whom a witness took for it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    while True:
        port = random.randrange(10000, 30000)
        with socket.socket(family) as probe:
            try:
                probe.bind((address, port))
            except OSError:
                continue
        return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Server:
    """A responder in a folder of its own: `hat` is a text, the log is the file mail_logs."""

    def __init__(self, program, *options, hat=HAT, listen=("127.0.0.1",), log=True, prefix=()):
        self.folder = tempfile.mkdtemp(prefix="hatcheck-respond-")
        self.log_path = os.path.join(self.folder, "mail_logs")
        self.hat_path = os.path.join(self.folder, "hat.txt")
        command = [*prefix, program, "respond", "--hostname", "mx.test"]
        for address in listen:
            command += ["--listen", address if address.endswith(":0") else with_port(address)]
        if hat is not None:
            self.write("hat.txt", hat)
            command += ["-t", self.hat_path]
        if log:
            command += ["-l", self.log_path]
        self.errors = open(os.path.join(self.folder, "errors"), "w+")
        self.process = subprocess.Popen(
            command + list(options), stdout=subprocess.PIPE, stderr=self.errors, text=True)
        self.ports = []
        for _ in listen:
            line = self.process.stdout.readline()
            found = re.fullmatch(r"listening on (.*):(\d+)\n", line)
            assert found, f"{line!r}; {self.said()}"
            self.ports.append(int(found.group(2)))
        self.port = self.ports[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()
        shutil.rmtree(self.folder)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def stop(self, patience=20):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(patience)

    def said(self):
        """What it wrote on standard error."""
        with open(self.errors.name) as file:
            return file.read()

    def log(self):
        """The log's texts, without stamps and level."""
        with open(self.log_path) as file:
            return [line[31:].rstrip("\n") for line in file]

    def wait_log(self, pattern, count=1, patience=10):
        """The log, once so many lines of it match; lines are written at the end of a turn."""
        end = time.monotonic() + patience
        while True:
            log = self.log()
            if sum(re.search(pattern, line) is not None for line in log) >= count:
                return log
            assert time.monotonic() < end, f"no {count} lines like {pattern} in {log}"
            time.sleep(0.01)

    def wait_said(self, pattern, patience=10):
        end = time.monotonic() + patience
        while re.search(pattern, self.said()) is None:
            assert time.monotonic() < end, f"nothing like {pattern} in {self.said()!r}"
            time.sleep(0.01)

    def peak_kib(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmHWM:\s+(\d+) kB", file.read()).group(1))


class Client:
    """A client that sends octets as it is told and reads replies."""

    def __init__(self, port, source="127.0.0.1", to=None, patience=10):
        family = socket.AF_INET6 if ":" in source else socket.AF_INET
        self.socket = socket.socket(family)
        self.socket.settimeout(patience)
        self.socket.bind((source, 0))
        self.rest = b""
        self.socket.connect((to or ("::1" if family == socket.AF_INET6 else "127.0.0.1"), port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, octets):
        self.socket.sendall(octets)

    def reply(self):
        """One reply, its lines joined; empty at the end; ConnectionResetError for RST."""
        lines = []
        while True:
            while b"\n" not in self.rest:
                octets = self.socket.recv(65536)
                if octets == b"":
                    return ""
                self.rest += octets
            line, self.rest = self.rest.split(b"\n", 1)
            lines.append(line.decode().rstrip("\r"))
            if lines[-1][3:4] != "-":
                return "\n".join(lines)

    def say(self, *commands):
        """Each command with CRLF; the codes of their replies."""
        codes = []
        for command in commands:
            self.send(command.encode() + b"\r\n")
            codes.append(int(self.reply()[:3] or 0))
        return codes

    def ended(self):
        """What comes before the end: "fin" or "rst" last."""
        try:
            while self.reply():
                pass
            return "fin"
        except ConnectionResetError:
            return "rst"


def deliver(port, source="127.0.0.1", recipient="to@test", **more):
    """One message; the codes of its replies, up to the first that is no success."""
    with Client(port, source, **more) as client:
        codes = [int(client.reply()[:3] or 0)]
        for command in ("EHLO client.test", "MAIL FROM:<from@test>", f"RCPT TO:<{recipient}>",
                        "DATA", "Subject: test\r\n\r\n..\r\n.", "QUIT"):
            if codes[-1] >= 400 or codes[-1] == 0:
                return codes
            codes += client.say(command)
        assert client.ended() == "fin"
        return codes


DELIVERED = [220, 250, 250, 250, 354, 250, 221]


class Wire:
    """What tcpdump sees of a port on the loopback interface."""

    def __init__(self, port):
        tcpdump = need("tcpdump")
        self.port = port
        self.folder = tempfile.mkdtemp(prefix="hatcheck-wire-")
        os.chmod(self.folder, 0o755)
        self.path = os.path.join(self.folder, "capture.pcap")
        # As root: tcpdump would give that up, and could not write here then.
        self.process = subprocess.Popen(
            [tcpdump, "-i", "lo", "-U", "--immediate-mode", "-s", "2048", "-B", "16384", "-Z", "root", "-w", self.path, "tcp", "port",
             str(port)], stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        while line and "listening on" not in line:
            if "permission" in line.lower():
                self.process.wait()
                self.process.stderr.close()
                raise Skip("no right to capture")
            line = self.process.stderr.readline()
        assert self.process.poll() is None, line

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        shutil.rmtree(self.folder)

    def settle(self, patience=5):
        """The capture, once nothing came for a while."""
        end = time.monotonic() + patience
        size = -1
        while time.monotonic() < end and size != os.path.getsize(self.path):
            size = os.path.getsize(self.path)
            time.sleep(0.3)
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        return self.path

    def packets(self, client):
        """Per packet of the client's address: ("C" or "S", flags as tcpdump writes them, octets)."""
        text = subprocess.run(
            [need("tcpdump"), "-nn", "-r", self.path, "host", client], capture_output=True,
            text=True, check=True).stdout
        found = re.findall(r"IP6? (\S+)\.(\d+) > .*?: Flags \[(\S+)\],.* length (\d+)", text)
        return [("S" if int(port) == self.port else "C", flags, int(octets))
                for _, port, flags, octets in found]


class Outcome:
    """Counts, and says what went wrong."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.lock = threading.Lock()

    def try_one(self, test):
        failure = None
        try:
            test()
        except Exception as error:  # pylint: disable=broad-except
            failure = error
        with self.lock:
            self.count(test.__name__, failure)

    def count(self, name, failure):
        if failure is None:
            self.passed += 1
        elif isinstance(failure, Skip):
            self.skipped += 1
            print(f"{name}: skipped: {failure}")
        else:
            self.failed += 1
            print("".join(traceback.format_exception(failure)).rstrip())
            print(f"{name}: failed")
        sys.stdout.flush()


TESTS, SLOW = [], []


def test(function):
    TESTS.append(function)
    return function


def slow(function):
    """One that waits, most of its time."""
    SLOW.append(function)
    return function


def main(wanted=()):
    """Runs what was registered, or what is named; the exit status."""
    return run(*([t for t in tests if not wanted or t.__name__ in wanted]
                 for tests in (TESTS, SLOW)))


def run(tests, beside=()):
    """Runs the functions, those of `beside` at the same time as the others; the exit status."""
    outcome = Outcome()
    threads = [threading.Thread(target=outcome.try_one, args=(test,)) for test in beside]
    for thread in threads:
        thread.start()
    for test in tests:
        outcome.try_one(test)
    for thread in threads:
        thread.join()
    print(f"{outcome.passed} passed, {outcome.failed} failed, {outcome.skipped} skipped")
    return 1 if outcome.failed else 0
