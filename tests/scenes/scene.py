#!/usr/bin/env python3
"""scene.py OUT [options]: a capture, its mail log, its HAT, and the truth about them.

Made from a seed: connections of many peers, each treated as its HAT says, and a log whose clock has
a zone, a skew and a drift, with stamps of one second. Contradictions are planted, and written down in
truth.json, so that what is reported can be counted as found, missed or false. With --packet-loss
and --line-loss, percent of both are left out at random.
"""
import argparse
import json
import os
import random
import struct
import time

SERVER = bytes([198, 51, 100, 25])
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
ZONES = [-36000, -25200, -18000, -12600, -7200, 0, 3600, 7200, 12600, 19800, 20700, 32400, 34200, 45900]
REJECT_TEXT = "554-esa.example.com\r\n554 Access from your address is refused here.\r\n"
RCPT_TEXT = "550 #5.7.1 Your access to this mail system is refused.\r\n"

# What a connection does on the wire: its kind is decided by the peer's group.
GROUPS = {  # group: action
    "RELAYLIST": "RELAY", "WHITELIST": "ACCEPT", "BLACKLIST": "REJECT",
    "SHUNLIST": "TCPREFUSE", "SUSPECTLIST": "ACCEPT", "ALL": "ACCEPT",
}


class Wire:
    """Packets of all connections, sorted by time when they are written."""

    def __init__(self):
        self.packets = []

    def write(self, path, rng, loss):
        self.packets.sort(key=lambda p: p[0])
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
            for us, packet in self.packets:
                if rng.random() * 100 < loss:
                    continue
                out.write(struct.pack("<IIII", us // 1000000, us % 1000000, len(packet), len(packet)))
                out.write(packet)


def checksum(data):
    if len(data) & 1:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Talk:
    """One connection: keeps both sequence numbers, and time in microseconds."""

    def __init__(self, wire, rng, client, port, us):
        self.wire, self.client, self.port, self.us = wire, client, port, us
        self.seq = [rng.getrandbits(32), rng.getrandbits(32)]
        self.ident = rng.getrandbits(16)
        self.start = us
        self.rng = rng

    def send(self, server, flags, data=b""):
        src, dst = (SERVER, self.client) if server else (self.client, SERVER)
        sport, dport = (25, self.port) if server else (self.port, 25)
        ack = self.seq[not server] if flags & ACK else 0
        self.ident = (self.ident + 1) & 0xFFFF
        tcp = struct.pack("!HHIIBBHHH", sport, dport, self.seq[server] & 0xFFFFFFFF,
                          ack & 0xFFFFFFFF, 5 << 4, flags, 64240, 0, 0) + data
        pseudo = src + dst + struct.pack("!BBH", 0, 6, len(tcp))
        tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), self.ident, 0, 64, 6, 0) + src + dst
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        self.wire.packets.append((self.us, ip + tcp))
        self.seq[server] += len(data) + bool(flags & SYN) + bool(flags & FIN)
        self.us += self.rng.randrange(300, 4000)

    def say(self, server, text):
        self.send(server, PSH | ACK, text.encode())
        self.send(not server, ACK)

    def open(self):
        self.send(0, SYN)
        self.send(1, SYN | ACK)
        self.send(0, ACK)

    def close(self, server):
        self.send(server, FIN | ACK)
        self.send(not server, ACK)
        self.send(not server, FIN | ACK)
        self.send(server, ACK)

    def greet(self):
        self.say(1, "220 esa.example.com ESMTP\r\n")
        self.say(0, "EHLO mta.example.net\r\n")
        self.say(1, "250-esa.example.com\r\n250 8BITMIME\r\n")

    def quit(self):
        self.say(0, "QUIT\r\n")
        self.say(1, "221 esa.example.com\r\n")
        self.close(1)


def wire_accepted(t, c):
    t.greet()
    t.say(0, "MAIL FROM:<%s>\r\n" % c["sender"])
    t.say(1, "250 sender ok\r\n")
    for r in c["recipients"]:
        t.say(0, "RCPT TO:<%s>\r\n" % r)
        t.say(1, "250 recipient ok\r\n")
    t.say(0, "DATA\r\n")
    t.say(1, "354 go ahead\r\n")
    t.us += t.rng.randrange(0, 1500000)
    t.say(0, "Subject: x\r\n\r\ntext\r\n.\r\n")
    t.say(1, "250 ok\r\n")
    t.quit()


def wire_no_mail(t, c):
    t.greet()
    t.quit()


def wire_reject(t, c):
    t.say(1, REJECT_TEXT)
    t.close(1)


def wire_tcprefuse(t, c):
    t.send(1, RST | ACK)


def wire_delayed(t, c):
    t.greet()
    t.say(0, "MAIL FROM:<%s>\r\n" % c["sender"])
    t.say(1, "250 sender ok\r\n")
    for r in c["recipients"]:
        t.say(0, "RCPT TO:<%s>\r\n" % r)
        t.say(1, RCPT_TEXT)
    t.quit()


WIRES = {"accepted": wire_accepted, "no_mail": wire_no_mail, "reject": wire_reject,
         "tcprefuse": wire_tcprefuse, "delayed_reject": wire_delayed}


class Log:
    def __init__(self, args, rng, base_us):
        self.lines = []
        self.zone = rng.choice(ZONES)
        self.skew = rng.uniform(-args.skew, args.skew)
        self.drift = rng.uniform(-args.drift, args.drift) * 1e-6
        self.base = base_us
        self.order = 0

    def add(self, us, text):
        seconds = us / 1e6 + self.zone + self.skew + (us - self.base) / 1e6 * self.drift
        self.order += 1
        self.lines.append((int(seconds // 1), self.order, text))

    def write(self, path, rng, loss, header):
        # A gateway writes as things happen; lines of one second stay in their session's order.
        self.lines.sort(key=lambda x: (x[0], x[1]))
        with open(path, "w") as out:
            def line(second, text):
                out.write(time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(second)) + " Info: " + text + "\n")
            first = self.lines[0][0]
            line(first, "Begin Logfile")
            line(first, "Version: 15.0.0-104 SN: 420D4B6FA42E0123ABCD-CE7D01234567")
            if header:
                line(first, "Time offset from UTC: %d seconds" % self.zone)
            for second, _, text in self.lines:
                if rng.random() * 100 >= loss:
                    line(second, text)


def log_session(log, ids, c):
    """Lines of one session, as the logged story has it."""
    icid, ip, start, end = c["icid"], c["ip"], c["start"], c["end"]
    group, action = c["logged_group"], c["logged_action"]
    match = "ALL" if group == "ALL" else ip
    name = "None" if group == "ALL" else group
    log.add(start, "New SMTP ICID %d interface Data 1 (198.51.100.25) address %s reverse dns host "
                   "unknown verified no" % (icid, ip))
    log.add(start + 1500, "ICID %d %s SG %s match %s SBRS None" % (icid, action, name, match))
    middle = (start + end) // 2
    if action == "REJECT" and c["logged_delayed"]:
        log.add(start + 2000, "ICID %d Delayed HAT REJECT continuing session for recipient logging (%s)" % (icid, ip))
        log.add(middle, "ICID %d Delayed HAT REJECT Message from: %s (%s)" % (icid, c["sender"], ip))
        for r in c["logged_recipients"]:
            log.add(middle, "ICID %d Delayed HAT REJECT Message recipient: <%s> (%s)" % (icid, r, ip))
    if action in ("ACCEPT", "RELAY") and c["logged_mail"]:
        mid = ids["mid"] = ids["mid"] + 1
        log.add(middle, "Start MID %d ICID %d" % (mid, icid))
        log.add(middle, "MID %d ICID %d From: <%s>" % (mid, icid, c["sender"]))
        for k, r in enumerate(c["logged_recipients"]):
            log.add(middle, "MID %d ICID %d RID %d To: <%s>" % (mid, icid, k, r))
        log.add(end, "MID %d ready 100 bytes from <%s>" % (mid, c["sender"]))
    log.add(end, "ICID %d close" % icid)


def kind_of(group, delayed, rng):
    action = GROUPS[group]
    if action == "REJECT":
        return "delayed_reject" if delayed else "reject"
    if action == "TCPREFUSE":
        return "tcprefuse"
    return "no_mail" if rng.random() < 0.1 else "accepted"


def plant(c, delayed, rng):
    """Makes the stories differ; returns the rules that must come of it."""
    if c["kind"] == "accepted":
        choice = rng.choice(["log-reject", "recipient", "wire-reject", "group"])
        if choice == "log-reject":  # mail went in, the log says REJECT
            c["logged_action"], c["logged_group"] = "REJECT", "BLACKLIST"
            c["logged_mail"], c["logged_delayed"] = False, delayed
            return ["log.action-mismatch", "log.mail-after-reject", "hat.group-mismatch"]
        if choice == "wire-reject":  # the log says ACCEPT, nothing went in
            c["kind"], c["logged_mail"] = "reject", False
            return ["log.action-mismatch", "hat.action-mismatch"]
        if choice == "group":
            c["logged_group"] = "WHITELIST" if c["group"] != "WHITELIST" else "SUSPECTLIST"
            c["logged_action"] = "ACCEPT"
            return ["hat.group-mismatch"]
        c["logged_recipients"] = ["changed." + r for r in c["recipients"]]
        return ["log.recipient-mismatch"]
    if c["kind"] in ("reject", "delayed_reject"):
        choice = rng.choice(["stage", "wire-refuse", "wire-accept"])
        if choice == "stage":
            c["kind"] = "reject" if c["kind"] == "delayed_reject" else "delayed_reject"
            return ["log.stage-mismatch"]
        if choice == "wire-refuse":
            c["kind"] = "tcprefuse"
            return ["log.action-mismatch", "hat.action-mismatch"]
        c["kind"] = "accepted"
        return ["log.action-mismatch", "log.mail-after-reject", "hat.action-mismatch"]
    return []


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("out")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--connections", type=int, default=10000)
    ap.add_argument("--peers", type=int, default=50)
    ap.add_argument("--seconds", type=int, default=3600)
    ap.add_argument("--skew", type=float, default=200)
    ap.add_argument("--drift", type=float, default=200, help="parts in a million")
    ap.add_argument("--planted", type=float, default=2, help="percent of the connections")
    ap.add_argument("--packet-loss", type=float, default=0)
    ap.add_argument("--line-loss", type=float, default=0)
    ap.add_argument("--burst", type=float, default=0.3, help="share of connections that come in bursts")
    ap.add_argument("--header", action="store_true", help="the log tells its zone")
    ap.add_argument("--masked-refusals", action="store_true", help="TCPREFUSE is logged, as ICID 0")
    ap.add_argument("--group", choices=list(GROUPS), help="of every peer")
    args = ap.parse_args()
    rng = random.Random(args.seed)
    os.makedirs(args.out, exist_ok=True)
    base = 1247800000 * 1000000 + rng.randrange(10**12)
    wire, log, ids = Wire(), Log(args, rng, base), {"mid": 1000}
    delayed = rng.random() < 0.5
    peers = []
    for i in range(args.peers):
        ip = bytes([192, 0, 2, i + 1]) if i < 250 else bytes([203, 0, i >> 8, i & 255])
        peers.append((ip, args.group or rng.choice(list(GROUPS))))
    bursts = [rng.random() * args.seconds for _ in range(max(1, args.connections // 400))]
    starts = []
    for i in range(args.connections):
        at = rng.choice(bursts) + rng.random() * 8 if rng.random() < args.burst else rng.random() * args.seconds
        starts.append(base + int(at * 1e6))
    starts.sort()
    ports, truth, icid = {}, [], 100000
    for start in starts:
        ip, group = rng.choice(peers)
        port = ports[ip] = ports.get(ip, 1024) + 1
        icid += 1
        n = len(truth) + 1
        c = {"ip": ".".join(map(str, ip)), "port": port, "icid": icid, "group": group,
             "kind": kind_of(group, delayed, rng), "logged_group": group, "logged_action": GROUPS[group],
             "logged_delayed": delayed, "sender": "s%d@example.net" % rng.randrange(200),
             "recipients": ["r%d@example.org" % rng.randrange(400) for _ in range(rng.choice([1, 1, 1, 2, 3]))]}
        c["recipients"] = sorted(set(c["recipients"]))
        c["logged_recipients"] = c["recipients"]
        c["logged_mail"] = c["kind"] == "accepted"
        rules = plant(c, delayed, rng) if rng.random() * 100 < args.planted else []
        logged = c["logged_action"] != "TCPREFUSE"
        phantom = not rules and logged and rng.random() * 100 < args.planted / 8
        silent = not rules and logged and rng.random() * 100 < args.planted / 8
        t = Talk(wire, rng, ip, 1024 + port % 60000, start)
        c["port"] = t.port
        t.open()
        if rng.random() < 0.02:
            t.us += rng.randrange(0, 40000000)  # the gateway asks DNS
        WIRES[c["kind"]](t, c)
        c["start"], c["end"] = start, t.us
        if silent:
            rules = ["log.missing-session"]
        elif logged:
            log_session(log, ids, c)
        elif args.masked_refusals:
            log.add(t.us, "ICID 0 TCPREFUSE SG %s match %s SBRS None" % (group, c["ip"]))
        if phantom:
            icid += 1
            other = dict(c, icid=icid, logged_mail=False, ip="203.0.113.%d" % rng.randrange(1, 250),
                         logged_action="ACCEPT", logged_group="ALL")
            log_session(log, ids, other)
        truth.append({"ip": c["ip"], "port": c["port"], "start_us": start, "rules": rules, "kind": c["kind"],
                      "icid": c["icid"] if logged and not silent else None,
                      "phantom": icid if phantom else None})
    wire.write(os.path.join(args.out, "capture.pcap"), rng, args.packet_loss)
    log.write(os.path.join(args.out, "mail_logs"), rng, args.line_loss, args.header)
    with open(os.path.join(args.out, "hat.txt"), "w") as out:
        for name, action in (("$RELAYED", "RELAY"), ("$ACCEPTED", "ACCEPT"), ("$BLOCKED", "REJECT"), ("$SHUNNED", "TCPREFUSE")):
            out.write("%s\n    %s {}\n\n" % (name, action))
        policy = {"RELAY": "$RELAYED", "ACCEPT": "$ACCEPTED", "REJECT": "$BLOCKED", "TCPREFUSE": "$SHUNNED"}
        for group in [g for g in GROUPS if g != "ALL"]:
            hosts = [".".join(map(str, ip)) for ip, g in peers if g == group]
            if hosts:
                out.write("%s:\n%s    %s\n\n" % (group, "".join("    %s\n" % h for h in hosts), policy[GROUPS[group]]))
        out.write("ALL\n    $ACCEPTED\n")
    with open(os.path.join(args.out, "truth.json"), "w") as out:
        json.dump({"zone": log.zone, "skew": log.skew, "drift": log.drift, "delayed": delayed,
                   "connections": truth}, out)


if __name__ == "__main__":
    main()
