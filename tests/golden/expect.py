"""The files `expect` and `rules` of a case against a report.

expect: `exit N`, and lines `ID KEY=VALUE...` for the connection with that id; `-` stands for null or
none, `a|b` for either. rules: `must RULE`, `must-not PATTERN`; a rule that must appear is not caught by a
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


def failed_steps(connection):
    steps = connection["profile"]["steps"] if connection["profile"] else []
    return ",".join("%s:%s" % (s["from"], s["step"]) for s in steps if s["result"] == "fail") or "-"


def recipients(connection):
    return ",".join("%s:%d:%s" % (r["address"], r["code"] or 0, r["class"])
                    for r in smtp(connection, "recipients") or []) or "-"


KEYS = {
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
    "fail": failed_steps,
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


def check_expect(lines, status, report):
    faults, ids = [], set()
    for line in lines:
        words = line.split()
        if words[0] == "exit":
            if status != int(words[1]):
                faults.append("exit status %d, expected %s" % (status, words[1]))
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
