"""Logs that grow beside the wire, are rotated under load, and have a clock of their own."""
import os
import shutil

from gateway import CLASSES, Log
from livelab import LONG, Live, check, compare, folder, latest, traffic

COUNT, RATE = (1200, 200) if LONG else (400, 200)
SETTLE = 3.0


def _log_run(rotate, zone_s=0, header=True):
    """Every connection of a logged class gets its session, whatever becomes of the file."""
    where = folder()
    log = Log(os.path.join(where, "mail.current"), zone_s, header)
    live = Live("-i", "lo", "--log", log.path, "--settle", "%g" % SETTLE).ready()
    third = COUNT / RATE / 3
    made = traffic(COUNT, RATE, log, during=[(third, lambda: rotate(log)), (2 * third, lambda: rotate(log))])
    live.wait_for(COUNT, 8)
    late = latest(live, made)
    status = live.end()
    compare(made, live)
    check(late < 2.0 + SETTLE + 0.5, "a line came %.2f s after its connection's end", late)
    without = [c for c in live.connections() if c["log"] is None and _logged(c)]
    check(not without, "%d connections without their session: %s", len(without), without[:1])
    wrong = [f for f in live.findings() if f["severity"] == "error"]
    check(not wrong, "%s", wrong[:3])
    check(status == 0, "exit status %d: %s", status, live.err)
    print("  %d connections, the last line %.2f s after its connection's end" % (COUNT, late))
    left = [line for line in live.lines if line["type"] == "log_session"]
    check(not left, "%d sessions without a connection: %s", len(left), left[:1])
    shutil.rmtree(where)
    return live.summary()


def _logged(connection):
    return next(action for verdict, action in CLASSES.values() if verdict == connection["verdict"]) is not None


def log_renamed():
    """The log is rotated twice by rename under load, in a folder that only root may enter."""
    _log_run(Log.rename)


def log_truncated():
    """The log is copied and truncated twice under load."""
    _log_run(Log.truncate)


def log_zone():
    """A log nine hours ahead, without a header: its clock is found."""
    summary = _log_run(lambda log: None, 32400, False)
    check(abs(summary["clock"]["offset_ms"] - 32400000) < 1500, "%s", summary["clock"])


def log_not_there_yet():
    """A log that comes only after the start is waited for."""
    where = folder()
    path = os.path.join(where, "mail.current")
    live = Live("-i", "lo", "--log", path, "--settle", "2").ready()
    live.wait_for_word("it is waited for")
    log = Log(path)
    made = traffic(32, 32, log)
    live.wait_for(32, 8)
    live.end()
    compare(made, live)
    live.valid()
    found = sum(c["log"] is not None for c in live.connections())
    check(found >= 16, "%d sessions found", found)
    shutil.rmtree(where)
