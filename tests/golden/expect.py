"""The files `expect` and `rules` of a case against a report.

expect: `exit N`; lines `ID KEY=VALUE...` for the connection with that id; a line `clock KEY=VALUE...`;
`left ICID...` for the log sessions without a connection. `-` stands for null or none, `a|b` for either. rules: `must RULE`, `must-not PATTERN`; a rule that must appear is not caught by a
pattern that forbids.
"""
import fnmatch


def null(value):
    return "-" if value is None else str(value)


def pair(value):
    return "%d,%d" % (value["client"], value["server"])


def smtp(connection, key):
    return None if connection["smtp"] is None else connection["smtp"][key]


def greeting(connection):
    found = smtp(connection, "greeting")
    return "-" if found is None else str(found["code"])


def profile(connection):
    found = connection["profile"]
    return "-" if found is None else "%s:%s" % (found["name"], found["result"])


def steps_that(holds):
    def names(connection):
        steps = connection["profile"]["steps"] if connection["profile"] else []
        return ",".join("%s:%s" % (s["from"], s["step"]) for s in steps if holds(s)) or "-"
    return names


def recipients(connection):
    return ",".join("%s:%d:%s" % (r["address"], r["code"] or 0, r["class"])
                    for r in smtp(connection, "recipients") or []) or "-"


def log(connection, key):
    return null(connection["log"] and connection["log"][key])


def hat(connection):
    found = connection["hat"]
    if found is None:
        return "-"
    if not found["certain"]:
        return "undecided:" + ",".join(found["candidates"])
    return "%s:%s" % (found["sender_group"], found["action"])


KEYS = {
    "icid": lambda c: log(c, "icid"),
    "sure": lambda c: log(c, "confidence"),
    "by": lambda c: ",".join(c["log"]["matched_by"]) if c["log"] else "-",
    "hat": hat,
    "findings": lambda c: ",".join(sorted(set(c["findings"]))) or "-",
    "verdict": lambda c: c["verdict"],
    "outcome": lambda c: null(c["outcome"]),
    "confidence": lambda c: c["confidence"],
    "client": lambda c: c["client"]["ip"],
    "server": lambda c: c["server"]["ip"],
    "handshake": lambda c: c["tcp"]["handshake"],
    "closed_by": lambda c: null(c["tcp"]["closed_by"]),
    "close": lambda c: null(c["tcp"]["close"]),
    "retransmitted": lambda c: str(c["tcp"]["retransmitted"]),
    "packets": lambda c: pair(c["packets"]),
    "octets": lambda c: pair(c["octets"]),
    "profile": profile,
    "fail": steps_that(lambda s: s["result"] == "fail"),
    "unknown": steps_that(lambda s: s["result"] == "unknown"),
    "frameless": steps_that(lambda s: s["result"] == "pass" and s["frame"] is None),
    "smtp": lambda c: "-" if c["smtp"] is None else "present",
    "greeting": greeting,
    "helo": lambda c: null(smtp(c, "helo")),
    "tls": lambda c: null(smtp(c, "tls")),
    "auth": lambda c: null(smtp(c, "auth")),
    "mail_from": lambda c: ",".join(smtp(c, "mail_from") or []) or "-",
    "rcpt": recipients,
    "messages": lambda c: str(smtp(c, "messages") or 0),
}


def check_line(words, connections):
    number = int(words[0])
    if number > len(connections):
        return ["connection %d: missing" % number]
    connection = connections[number - 1]
    faults = []
    for word in words[1:]:
        key, _, want = word.partition("=")
        if key == "absent":
            if want in str(connection):
                faults.append("connection %d: %s appears" % (number, want))
            continue
        got = KEYS[key](connection)
        if got not in want.split("|"):
            faults.append("connection %d: %s is %s, expected %s" % (number, key, got, want))
    return faults


def check_clock(words, report):
    clock = report["clock"] or {}
    rows = [word.partition("=") for word in words]
    return ["clock: %s is %s, expected %s" % (key, null(clock.get(key)), want)
            for key, _, want in rows if null(clock.get(key)) not in want.split("|")]


def check_left(words, report):
    left = [str(s["icid"]) for s in report["log_sessions"]]
    return [] if left == words else ["sessions left over: %s, expected %s" % (left, words)]


WHOLE = {"clock": check_clock, "left": check_left}  # lines of expect about the whole report


def check_expect(lines, status, report):
    faults, ids = [], set()
    for line in lines:
        words = line.split()
        if words[0] == "exit":
            if status != int(words[1]):
                faults.append("exit status %d, expected %s" % (status, words[1]))
            continue
        if words[0] in WHOLE:
            faults += WHOLE[words[0]](words[1:], report)
            continue
        ids.add(int(words[0]))
        faults += check_line(words, report["connections"])
    if ids != set(range(1, len(report["connections"]) + 1)):
        faults.append("%d connections, expected %d" % (len(report["connections"]), len(ids)))
    return faults


def check_rules(lines, report):
    found = {finding["rule"] for finding in report["findings"]}
    rows = [line.split() for line in lines]
    must = {row[1] for row in rows if row[0] == "must"}
    faults = ["%s does not appear" % rule for rule in sorted(must - found)]
    for row in rows:
        if row[0] == "must-not":
            faults += ["%s appears" % rule for rule in sorted(found - must)
                       if fnmatch.fnmatch(rule, row[1])]
    return faults
