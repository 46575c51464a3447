"""The cases of fixtures/cases: what the tests that run them share.

A case is a folder: dialog.txt (compiled by dialogc), expect (what must come of it, written by hand),
rules (findings that must and must not appear), expected.json (the whole report), and where needed
args (options for analyze; @FILE is a file of the folder), mail_logs and hat.txt (what the gateway said,
and what it should have done; such cases are named join-*, and cut and loss leave them out, because their
wire is that of other cases), cut and loss (transformations that it is exempt from, and why).
The environment says what is tested: B is the folder of the build, `build` if unset.
"""
import concurrent.futures
import fnmatch
import json
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, os.environ.get("B", "build"))
CASES = os.path.join(ROOT, "fixtures", "cases")
HATCHECK = os.path.join(BUILD, "hatcheck")
DIALOGC = os.path.join(BUILD, "dialogc")
TIMEOUT_S = 120


class Case:
    def __init__(self, name):
        self.name = name
        self.folder = os.path.join(CASES, name)
        self.dialog = os.path.join(self.folder, "dialog.txt")
        self.args = [os.path.join(self.folder, word[1:]) if word.startswith("@") else word
                     for word in self.text("args").split()]
        # Named as they lie in the folder, which analyze is run in: no path gets into a report.
        self.beside = [word for option, file in (("--log", "mail_logs"), ("--hat", "hat.txt"))
                       if os.path.exists(os.path.join(self.folder, file)) for word in (option, file)]

    def text(self, file):
        """The file's text, empty if the case has none."""
        path = os.path.join(self.folder, file)
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8") as f:
            return f.read()

    def lines(self, file):
        return [line for line in self.text(file).splitlines() if line and not line.startswith("#")]

    def exempt(self, file, variant):
        """Whether the case's file `cut` or `loss` has a row whose pattern the variant matches."""
        return any(fnmatch.fnmatch(variant, line.split(None, 1)[0]) for line in self.lines(file))


def all_cases():
    return [Case(name) for name in sorted(os.listdir(CASES))
            if os.path.exists(os.path.join(CASES, name, "dialog.txt"))]


def wire_cases():
    return [case for case in all_cases() if not case.name.startswith("join-")]


def compile_dialogs(dialogs, output, *options):
    subprocess.run([DIALOGC, *options, "-o", output, *dialogs], check=True, timeout=TIMEOUT_S)


def analyze(captures, *options, stdin=None, folder=None):
    """(exit status, standard output, standard error) of hatcheck analyze, octets."""
    done = subprocess.run([HATCHECK, "analyze", *options, *captures], input=stdin, cwd=folder,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT_S,
                          env=dict(os.environ, TZ="UTC", LC_ALL="C"))
    return done.returncode, done.stdout, done.stderr


def report(captures, *options, stdin=None):
    """(exit status, the JSON report or None, standard error as text)."""
    status, out, err = analyze(captures, "--json", "-", *options, stdin=stdin)
    try:
        return status, json.loads(out), err.decode(errors="replace")
    except ValueError:
        return status, None, err.decode(errors="replace")


def parallel(function, items):
    """The results in order of the items, on all processors."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, items))


def summary(passed, failed, skipped=0):
    """The last line of a suite, which tests/check.sh adds up. Returns the exit status."""
    print("%d passed, %d failed" % (passed, failed) + (", %d skipped" % skipped if skipped else ""))
    return 1 if failed else 0
