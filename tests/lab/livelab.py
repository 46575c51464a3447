"""livelab: a run of `hatcheck live` under test, its lines with the time at which each came."""
import json
import os
import signal
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("B", "build"))
HATCHECK = os.path.join(BUILD, "hatcheck")


class Failed(Exception):
    pass


def check(holds, why, *values):
    if not holds:
        raise Failed(why % values if values else why)


class Live:
    """The lines of standard output are read as they come, unless `read` is False."""

    def __init__(self, *args, read=True, prefix=(), stdin=None, text=("--ndjson", "-")):
        self.lines, self.came = [], []
        self.err = []
        self.process = subprocess.Popen(
            [*prefix, HATCHECK, "live", *args, *text], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.threads = [threading.Thread(target=self.read_err, daemon=True)]
        if read:
            self.threads.append(threading.Thread(target=self.read_out, daemon=True))
        for thread in self.threads:
            thread.start()

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

    def connections(self):
        return [line for line in self.lines if line["type"] == "connection"]

    def findings(self):
        return [line for line in self.lines if line["type"] == "finding"]

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

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


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


def stamp(text):
    whole, fraction = text.rstrip("Z").split(".")
    return calendar_s(whole) + float("0." + fraction)


def calendar_s(whole):
    import calendar
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S"))


def main(tests):
    """Runs the functions named on the command line, or all; says what holds."""
    names = sys.argv[1:] or list(tests)
    passed = failed = skipped = 0
    for name in names:
        begin = time.monotonic()
        try:
            why = tests[name]()
        except Failed as error:
            failed += 1
            print("%s: %s" % (name, error))
            continue
        if why:
            skipped += 1
            print("%s: skipped: %s" % (name, why))
        else:
            passed += 1
            print("%s: holds (%.1f s)" % (name, time.monotonic() - begin))
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return 1 if failed else 0
