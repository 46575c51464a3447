"""gateway: an SMTP server that treats each client as its address says, and a mail log beside it.

For the tests of the live command: connections of every class at some hundred a second, in one process. The
last octet of the client's address chooses the class (CLASSES); what it must come to is known from it.
"""
import asyncio
import json
import os
import shutil
import socket
import struct
import sys
import time

# class: verdict, what the log says of it
CLASSES = {
    1: ("reject", "REJECT"),
    2: ("tcprefuse", None),
    3: ("delayed_reject", "REJECT"),
    4: ("accepted", "ACCEPT"),
    5: ("deferred", "REJECT"),
    6: ("dropped", None),
    7: ("client_abort", "ACCEPT"),
    8: ("not_smtp", None),
}
PORT = 25


class Log:
    """A mail log that is written as the gateway does: stamps of its own clock, rotated while it is written."""

    def __init__(self, path, zone_s=0, header=True):
        self.path, self.zone_s, self.header = path, zone_s, header
        self.rotated = 0
        self.out = None
        self.late = []
        self.open()

    def open(self):
        self.out = open(self.path, "a", buffering=1, encoding="ascii")
        if self.header:
            self.line("Begin Logfile")
            self.line("Version: 15.0.0-104 SN: 420D4B6FA42E0123ABCD-CE7D01234567")
            self.line("Time offset from UTC: %d seconds" % self.zone_s)

    def line(self, text):
        stamp = time.asctime(time.gmtime(time.time() + self.zone_s))
        self.out.write("%s Info: %s\n" % (stamp, text))

    def rename(self):
        """Rotation by rename: the writer goes on in the old file for a moment."""
        self.rotated += 1
        os.rename(self.path, "%s.%d" % (self.path, self.rotated))
        old = self.out
        self.open()
        old.close()

    def truncate(self):
        """Rotation by copy and truncation."""
        self.rotated += 1
        shutil.copyfile(self.path, "%s.%d" % (self.path, self.rotated))
        self.out.truncate(0)
        self.out.seek(0)


class Gateway:
    def __init__(self, log=None, port=PORT, delay=0.0):
        self.log, self.port, self.delay = log, port, delay
        self.icid = 4000
        self.mid = 100
        self.server = None

    async def start(self, host="127.0.0.1"):
        self.server = await asyncio.start_server(self.serve, host, self.port, backlog=4096)

    def say(self, text):
        if self.log is not None:
            self.log.line(text)

    def open_session(self, peer, action):
        self.icid += 1
        self.say("New SMTP ICID %d interface Data 1 (127.0.0.1) address %s reverse dns host unknown verified no"
                 % (self.icid, peer))
        group = "BLACKLIST" if action == "REJECT" else "UNKNOWNLIST"
        self.say("ICID %d %s SG %s match %s SBRS None" % (self.icid, action, group, peer))
        return self.icid

    async def serve(self, reader, writer):
        peer = writer.get_extra_info("peername")[0]
        kind = int(peer.rsplit(".", 1)[1]) % 10
        action = CLASSES.get(kind, CLASSES[4])[1]
        icid = self.open_session(peer, action) if action else None
        try:
            await getattr(self, CLASSES.get(kind, CLASSES[4])[0])(reader, writer, icid, peer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
        if icid is not None:
            self.say("ICID %d close" % icid)

    async def turn_away(self, reader, writer, greeting):
        writer.write(greeting)
        writer.write_eof()
        while await reader.read(4096):
            pass

    async def reject(self, reader, writer, _icid, _peer):
        await self.turn_away(reader, writer, b"554 gateway.example\r\n")

    async def deferred(self, reader, writer, _icid, _peer):
        await self.turn_away(reader, writer, b"421 gateway.example try later\r\n")

    async def not_smtp(self, reader, writer, _icid, _peer):
        await self.turn_away(reader, writer, b"SSH-2.0-OpenSSH_9.2\r\n")

    async def tcprefuse(self, _reader, writer, _icid, _peer):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def dropped(self, reader, writer, _icid, _peer):
        writer.write_eof()
        while await reader.read(4096):
            pass

    async def client_abort(self, reader, _writer, _icid, _peer):
        while await reader.read(4096):
            pass

    async def delayed_reject(self, reader, writer, icid, peer):
        self.say("ICID %d Delayed HAT REJECT continuing session for recipient logging (%s)" % (icid, peer))
        await self.talk(reader, writer, icid, peer, True)

    async def accepted(self, reader, writer, icid, peer):
        await self.talk(reader, writer, icid, peer, False)

    async def talk(self, reader, writer, icid, peer, delayed):
        writer.write(b"220 gateway.example ESMTP\r\n")
        mid = None
        while line := await reader.readline():
            verb = line[:4].upper()
            text = line.decode("latin-1").strip()
            reply = b"250 ok\r\n"
            if verb == b"MAIL":
                sender = text[text.index("<") + 1:text.index(">")]
                if delayed:
                    self.say("ICID %d Delayed HAT REJECT Message from: %s (%s)" % (icid, sender, peer))
                else:
                    self.mid += 1
                    mid = self.mid
                    self.say("Start MID %d ICID %d" % (mid, icid))
                    self.say("MID %d ICID %d From: <%s>" % (mid, icid, sender))
            elif verb == b"RCPT":
                to = text[text.index("<"):]
                if delayed:
                    self.say("ICID %d Delayed HAT REJECT Message recipient: %s (%s)" % (icid, to, peer))
                    reply = b"550 #5.7.1 Your access to this mail system is refused.\r\n"
                else:
                    self.say("MID %d ICID %d RID 0 To: %s" % (mid, icid, to))
            elif verb == b"DATA":
                writer.write(b"354 go ahead\r\n")
                body = await reader.readuntil(b"\r\n.\r\n")
                self.say("MID %d ready %d bytes from <a@example.com>" % (mid, len(body)))
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                await writer.drain()
                return
            writer.write(reply)


async def client(number, kind, to="127.0.0.1", network="127.0", port=PORT, pause=0.0):
    """One connection; what must be reported of it: (address, port, verdict), and when it ended."""
    source = "%s.%d.%d" % (network, number // 25 % 250, number % 25 * 10 + kind)
    sock = socket.socket()
    sock.setblocking(False)
    sock.bind((source, 0))
    local = sock.getsockname()
    try:
        # A refusal may come before we are told that the connection was made.
        await asyncio.get_running_loop().sock_connect(sock, (to, port))
        reader, writer = await asyncio.open_connection(sock=sock)
        if CLASSES[kind][0] != "client_abort":
            greeting = await reader.readline()
            if greeting.startswith(b"220"):
                await dialogue(reader, writer, kind, number, pause)
            await reader.read()
        writer.close()
    except (OSError, asyncio.IncompleteReadError):
        sock.close()
    return (local[0], local[1], CLASSES[kind][0]), time.time()


async def dialogue(reader, writer, kind, number, pause):
    lines = [b"EHLO client.example", b"MAIL FROM:<user%d@example.com>" % number, b"RCPT TO:<xyz%d@example.org>" % number]
    if kind == 4:
        lines += [b"DATA", b"Subject: x\r\n\r\nbody\r\n."]
    for line in lines + [b"QUIT"]:
        if pause:
            await asyncio.sleep(pause)
        writer.write(line + b"\r\n")
        await reader.readline()


async def clients(count, rate, kinds=tuple(CLASSES), **how):
    """`count` connections, `rate` a second, of all kinds in turn: {(address, port): [(verdict, end), ...]}"""
    begin = time.monotonic()
    tasks = []
    for number in range(count):
        wait = begin + number / rate - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.ensure_future(client(number, kinds[number % len(kinds)], **how)))
    made = {}
    for task in tasks:
        (address, port, verdict), end = await task
        made.setdefault((address, port), []).append((verdict, end))
    return made


async def count_clients(seconds, rate, kinds=tuple(CLASSES), **how):
    """Connections of all kinds in turn for so long, without a word of each: how many there were."""
    begin, number, tasks = time.monotonic(), 0, set()
    while time.monotonic() < begin + seconds:
        wait = begin + number / rate - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        task = asyncio.ensure_future(client(number, kinds[number % len(kinds)], **how))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        number += 1
        if number % 100 == 0:
            await asyncio.sleep(0)
    while tasks:
        await asyncio.sleep(0.05)
    return number


if __name__ == "__main__":  # COUNT RATE SERVER NETWORK: the clients alone, and what they made as JSON
    result = asyncio.run(clients(int(sys.argv[1]), float(sys.argv[2]), to=sys.argv[3], network=sys.argv[4]))
    print(json.dumps([[*key, ends] for key, ends in result.items()]))
