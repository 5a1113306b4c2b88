"""Edits of files, which fail if the expected text is missing."""

import shutil
import struct
import zlib
from pathlib import Path


def replace(path: Path, old: str, new: str) -> None:
    """Replace `old`, which must be in the file exactly once."""
    text = path.read_text("utf-8")
    if text.count(old) != 1:
        raise LookupError(f"{path} contains {text.count(old)} times, not once: {old!r}")
    path.write_text(text.replace(old, new), "utf-8")


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def write(path: Path, content: str | bytes) -> None:
    """Create a file, which must not exist, and its folders."""
    if path.exists():
        raise FileExistsError(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def move(old: Path, new: Path) -> None:
    if new.exists():
        raise FileExistsError(new)
    new.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(old, new)


def png(red: int, green: int, blue: int) -> bytes:
    """A picture of one colour, 8 by 8 pixels."""
    rows = (b"\0" + bytes((red, green, blue)) * 8) * 8
    header = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
