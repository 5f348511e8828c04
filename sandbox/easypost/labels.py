"""Label files: small, real, and unmistakably not postage."""

import struct
import zlib
from typing import Final

WIDTH: Final = 120
HEIGHT: Final = 60
TYPES: Final = {
    "png": "image/png",
    "zpl": "application/zpl",
    "pdf": "application/pdf",
    "epl2": "application/epl2",
}


def label(form: str, tracking: str, *, carrier: str, service: str) -> bytes:
    """The label file of one parcel in that format (png, zpl, pdf or epl2)."""
    if form == "png":
        return _png(tracking)
    if form == "pdf":
        return _pdf(f"SAMPLE {carrier} {service} {tracking}")
    if form == "epl2":
        return f'N\nA10,10,0,3,1,1,N,"SAMPLE {carrier} {service}"\nB10,60,0,1,2,4,80,B,"{tracking}"\nP1\n'.encode()
    text = f"^XA^FO40,40^A0N,40^FDSAMPLE {carrier} {service}^FS^FO40,120^BCN,120^FD{tracking}^FS^XZ\n"
    return text.encode()


def _png(tracking: str) -> bytes:
    """Black bars, one for each set bit of the number's letters."""
    bits = "".join(f"{ord(letter):08b}" for letter in tracking)[:WIDTH].ljust(WIDTH, "0")
    row = b"\x00" + bytes(0 if bit == "1" else 255 for bit in bits)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    parts = (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(row * HEIGHT)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _pdf(text: str) -> bytes:
    """One page with one line of text."""
    stream = f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode()
    fonts = b"<< /Font << /F1 5 0 R >> >>"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 288 432] /Contents 4 0 R /Resources %s >>" % fonts,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    body = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    trailer = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + trailer
