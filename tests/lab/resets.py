"""resets.py INTERFACE: notes the last segment of each TCP connection that it sees on its way out to port 25; when
standard input ends, sends an RST and a FIN, each with the number that is due, for each of them.
"""
import select
import socket
import struct
import sys

ETH_P_ALL = 3
PACKET_OUTGOING = 4
FIN, SYN, RST, ACK = 1, 2, 4, 16


def watch(interface):
    seen = {}
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    wire.bind((interface, 0))
    while True:
        ready = select.select([wire, sys.stdin], [], [])[0]
        if wire in ready:
            packet, where = wire.recvfrom(65536)
            if where[2] == PACKET_OUTGOING and packet[9] == 6:
                note(seen, packet)
        elif sys.stdin in ready:
            return seen


def note(seen, packet):
    tcp = packet[(packet[0] & 15) * 4:struct.unpack("!H", packet[2:4])[0]]
    source, target, seq, ack = struct.unpack("!HHII", tcp[:12])
    flags = tcp[13]
    if target == 25 and not flags & RST:
        end = seq + len(tcp) - (tcp[12] >> 4) * 4 + bool(flags & SYN) + bool(flags & FIN)
        seen[packet[12:16], packet[16:20], source] = (end & 0xffffffff, ack)


def send(out, key, seq, ack, flags):
    source, target, port = key
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0, source, target)
    tcp = struct.pack("!HHIIBBHHH", port, 25, seq, ack, 5 << 4, flags, 0, 0, 0)
    total = sum(struct.unpack("!10H", tcp)) + sum(struct.unpack("!4H", source + target)) + 6 + len(tcp)
    total = (total & 0xffff) + (total >> 16)
    total = ~((total & 0xffff) + (total >> 16)) & 0xffff
    out.sendto(header + tcp[:16] + struct.pack("!H", total) + tcp[18:], (socket.inet_ntoa(target), 0))


if __name__ == "__main__":
    connections = watch(sys.argv[1])
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for key, (seq, ack) in connections.items():
            send(raw, key, seq, ack, RST | ACK)
            send(raw, key, seq, ack, FIN | ACK)
