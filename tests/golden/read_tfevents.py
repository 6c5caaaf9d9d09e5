"""Reads a TensorBoard event file by the format's own words: prints step, tag and value of each scalar.

Independent of the writer it checks: its own bitwise CRC-32C, its own protobuf wire reader.
Exits 1 with a reason when a frame or checksum is wrong.
"""
import struct
import sys


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def fields(message):
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = varint()
        kind = key & 7
        if kind == 0:
            value = varint()
        elif kind == 2:
            size = varint()
            value = message[at:at + size]
            at += size
        else:
            size, code = (8, "<d") if kind == 1 else (4, "<f")
            value = struct.unpack(code, message[at:at + size])[0]
            at += size
        yield key >> 3, value


def records(data):
    at = 0
    while at < len(data):
        head = data[at:at + 8]
        size = struct.unpack("<Q", head)[0]
        body = data[at + 12:at + 12 + size]
        if struct.unpack("<I", data[at + 8:at + 12])[0] != masked(head):
            sys.exit(f"length checksum is wrong at {at}")
        if struct.unpack("<I", data[at + 12 + size:at + 16 + size])[0] != masked(body):
            sys.exit(f"data checksum is wrong at {at}")
        yield body
        at += 16 + size


def main(path):
    assert crc32c(b"123456789") == 0xE3069283
    with open(path, "rb") as file:
        data = file.read()
    for body in records(data):
        event = dict(fields(body))
        if 3 in event:
            print("version", event[3].decode())
        for number, value in fields(event.get(5, b"")):
            if number == 1:
                scalar = dict(fields(value))
                print(event.get(2, 0), scalar[1].decode(), repr(scalar[2]), event[1])


main(sys.argv[1])
