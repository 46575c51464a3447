"""livelab: a run of `hatcheck live` under test, its lines with the time at which each came."""
import asyncio
import calendar
import concurrent.futures
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import gateway

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("B", "build"))
HATCHECK = os.path.join(BUILD, "hatcheck")
LONG = os.environ.get("HATCHECK_LONG") == "1"
AT_ONCE = 3  # tests, each in a namespace of its own
STARTED = []  # processes, which no test leaves behind


class Failed(Exception):
    pass


def check(holds, why, *values):
    if not holds:
        raise Failed(why % values if values else why)


class Live:
    """The lines of standard output are read as they come, unless `read` is False."""

    def __init__(self, *args, read=True, prefix=(), program=HATCHECK, stdin=None, text=("--ndjson", "-")):
        self.lines, self.came = [], []
        self.err = []
        self.process = subprocess.Popen(
            [*prefix, program, "live", *args, *text], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        STARTED.append(self.process)
        self.threads = []
        self.start(self.read_err)
        if read:
            self.read()

    def start(self, function):
        self.threads.append(threading.Thread(target=function, daemon=True))
        self.threads[-1].start()

    def read(self):
        self.start(self.read_out)

    def read_out(self):
        for line in self.process.stdout:
            now = time.time()
            self.lines.append(json.loads(line))
            self.came.append(now)

    def read_err(self):
        for line in self.process.stderr:
            self.err.append(line.decode(errors="replace").rstrip())

    def status(self, pid=None):
        with open("/proc/%d/status" % (pid or self.process.pid), encoding="ascii") as f:
            return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)

    def ready(self, seconds=10):
        """Until it has given up its rights, which comes after everything was opened."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                for thread in self.threads:
                    thread.join(1)
                raise Failed("it ended at once: %s" % self.err)
            if self.status().get("Seccomp") == "2":
                return self
            time.sleep(0.01)
        raise Failed("it is not ready after %d s" % seconds)

    def resident(self):
        return int(self.status()["VmRSS"].split()[0]) << 10

    def wait_for_word(self, word, times=1, seconds=10):
        """Until standard error has said it."""
        until = time.monotonic() + seconds
        while sum(word in line for line in self.err) < times:
            check(time.monotonic() < until, "it never says %s: %s", word, self.err)
            time.sleep(0.05)

    def connections(self):
        return [line for line in self.lines if line["type"] == "connection"]

    def findings(self):
        return [line for line in self.lines if line["type"] == "finding"]

    def valid(self):
        """Every line is as the schema has it."""
        where = folder()
        path = os.path.join(where, "lines.ndjson")
        with open(path, "w", encoding="utf-8") as f:
            f.writelines(json.dumps(line) + "\n" for line in self.lines)
        valid("ndjson-1.json", path)
        shutil.rmtree(where)

    def summary(self):
        found = [line for line in self.lines if line["type"] == "summary"]
        check(len(found) == 1, "%d summaries", len(found))
        return found[0]

    def wait_for(self, count, seconds):
        until = time.monotonic() + seconds
        while len(self.connections()) < count and time.monotonic() < until:
            time.sleep(0.05)
        return len(self.connections())

    def end(self, how=signal.SIGTERM, seconds=20):
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Failed("it does not end") from None
        for thread in self.threads:
            thread.join(5)
        return status


def compare(made, live, what="connections"):
    """Every connection that was made is reported once, with its verdict; nothing else is."""
    reported = {}
    for line in live.connections():
        key = (line["client"]["ip"], line["client"]["port"])
        reported.setdefault(key, []).append(line["verdict"])
    for key, verdicts in made.items():
        want = sorted(v for v, _ in verdicts)
        got = sorted(reported.pop(key, []))
        check(got == want, "%s:%d: reported as %s, was %s", *key, got, want)
    check(not reported, "%s that nobody made: %s", what, list(reported.items())[:5])


def latest(live, made):
    """The longest time from the end of a connection, as its capture has it, to its line."""
    worst = 0.0
    for line, came in zip(live.lines, live.came):
        if line["type"] == "connection" and (line["client"]["ip"], line["client"]["port"]) in made:
            worst = max(worst, came - stamp(line["end"]))
    return worst


def valid(schema, path):
    """A report against its schema."""
    done = subprocess.run([sys.executable, os.path.join(ROOT, "tests/schema.py"), os.path.join(ROOT, "reports/schema", schema), path],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    check(done.returncode == 0, "%s", done.stdout)


def stamp(text):
    whole, fraction = text.rstrip("Z").split(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float("0." + fraction)


def folder():
    return tempfile.mkdtemp(prefix="hatcheck-live-")


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def traffic(count, rate, log=None, during=(), host="127.0.0.1", where=None, **how):
    """Gateway and clients; `during`: (seconds, function) called while they run.

    The clients are in the same loop, or in the namespace of the process `where`.
    """
    async def both():
        server = gateway.Gateway(log)
        await server.start(host)
        for seconds, function in during:
            asyncio.get_running_loop().call_later(seconds, function)
        if where is None:
            made = await gateway.clients(count, rate, to=host, **how)
        else:
            made = await asyncio.to_thread(clients_elsewhere, where, count, rate, host, how)
        await asyncio.sleep(0.1)
        server.server.close()
        return made
    return asyncio.run(both())


def clients_elsewhere(where, count, rate, host, how):
    done = subprocess.run(
        ["nsenter", "-t", str(where), "-n", sys.executable, gateway.__file__, str(count), str(rate), host,
         how.get("network", "127.0")], stdout=subprocess.PIPE, check=True)
    return {(address, port): [tuple(one) for one in ends] for address, port, ends in json.loads(done.stdout)}


class Host:
    """A namespace of its own: `peer` here and `peer`c there are the two ends of a cable.

    Here is 10.N.0.1; there are 10.N.0.2, and clients of every address of 10.(N+100).0.0/16.
    """

    def __init__(self, peer="wire", number=1):
        self.peer, self.number = peer, number
        self.address, self.network = "10.%d.0.1" % number, "10.%d" % (number + 100)
        self.process = subprocess.Popen(["unshare", "-n", "sleep", "600"], stdout=subprocess.DEVNULL)
        STARTED.append(self.process)
        mine = os.readlink("/proc/self/ns/net")
        while os.readlink("/proc/%d/ns/net" % self.process.pid) == mine:
            time.sleep(0.01)
        self.plug()

    def there(self, *words):
        run("nsenter", "-t", str(self.process.pid), "-n", *words)

    def plug(self):
        run("ip", "link", "add", self.peer, "type", "veth", "peer", "name", self.peer + "c", "netns", str(self.process.pid))
        self.there("ip", "link", "set", "lo", "up")
        run("ip", "link", "set", self.peer, "up")
        self.there("ip", "link", "set", self.peer + "c", "up")
        run("ip", "addr", "add", self.address + "/24", "dev", self.peer)
        self.there("ip", "addr", "add", self.address[:-1] + "2/24", "dev", self.peer + "c")
        self.route()

    def route(self):
        run("ip", "route", "replace", self.network + ".0.0/16", "via", self.address[:-1] + "2")
        self.there("ip", "route", "replace", "local", self.network + ".0.0/16", "dev", "lo")

    def traffic(self, count, rate, **how):
        return traffic(count, rate, host=self.address, where=self.process.pid, network=self.network, **how)


def one(tests, name):
    """In a namespace of this process's own: one line of what became of the test."""
    begin = time.monotonic()
    run("ip", "link", "set", "lo", "up")
    try:
        why = tests[name]()
    except Failed as error:
        print("%s: FAILED: %s" % (name, error))
        return 1
    except Exception:
        print("%s: FAILED: %s" % (name, traceback.format_exc()))
        return 1
    finally:
        for process in STARTED:
            process.kill()
    print("%s: skipped: %s" % (name, why) if why else "%s: holds (%.1f s)" % (name, time.monotonic() - begin))
    return 77 if why else 0


def in_namespace(script, name):
    done = subprocess.run(["unshare", "-n", sys.executable, script, "--here", name], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    print(done.stdout, end="", flush=True)
    return done.returncode


def main(script, tests):
    """Runs the tests named on the command line, or all, a few at a time; says what holds."""
    if sys.argv[1:2] == ["--here"]:
        return one(tests, sys.argv[2])
    names = sys.argv[1:] or list(tests)
    why = None
    if os.geteuid() != 0:
        why = "only root may capture and make namespaces"
    elif subprocess.run(["unshare", "-n", "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        why = "no right to make a network namespace"
    if why:
        print("live: skipped: %s\n0 passed, 0 failed, %d skipped" % (why, len(names)))
        return 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        ends = list(pool.map(lambda name: in_namespace(script, name), names))
    passed, skipped = ends.count(0), ends.count(77)
    print("%d passed, %d failed, %d skipped" % (passed, len(ends) - passed - skipped, skipped))
    return 0 if passed + skipped == len(ends) else 1
