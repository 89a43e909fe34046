"""Check a record or evidence pack of remit: python3 verify.py EXPORT [KEY [CHECKPOINT ...]]

EXPORT is a directory or a zip. Use the KEY you were told and CHECKPOINT files you kept: those in
it prove nothing against whoever made it. Ends with 1 if anything was changed. Python 3.9 or newer.
"""

import json
import re
import sys
import zipfile
from base64 import b64decode, b64encode
from collections.abc import Iterator
from functools import reduce
from hashlib import sha256, sha512
from itertools import zip_longest
from pathlib import Path

LOG, HASHED = ("events.jsonl", "hashes.txt"), re.compile(rb"(\d+) ([0-9a-f]{64})\n")
P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519 (RFC 8032)
D = -121665 * pow(121666, -1, P) % P


def add(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    k = D * a[0] * b[0] * a[1] * b[1]
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + k, -1, P) % P
    return x, (a[1] * b[1] + a[0] * b[0]) * pow(1 - k, -1, P) % P


def times(n: int, a: tuple[int, int]) -> tuple[int, int]:
    rest = times(n >> 1, add(a, a)) if n else (0, 1)
    return add(rest, a) if n & 1 else rest


def point(packed: bytes) -> tuple[int, int]:
    y = int.from_bytes(packed, "little") & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    if y >= P or x * x % P != square:
        raise ValueError("no point of the curve")
    return (x if x & 1 == packed[31] >> 7 else P - x), y


def signs(public: bytes, text: bytes, made: bytes) -> bool:
    r, s, base = made[:32], int.from_bytes(made[32:], "little"), 4 * pow(5, -1, P) % P
    h = int.from_bytes(sha512(r + public + text).digest(), "little") % Q
    right = add(point(r), times(h, point(public)))
    return s < Q and times(s, point(base.to_bytes(32, "little"))) == right


def checkpoint(note: str, key: str) -> tuple[int, bytes]:
    """Size and root of a checkpoint (C2SP signed note), if the key signed it."""
    (name, id, public), (text, _, marks) = key.strip().split("+", 2), note.rpartition("\n\n")
    for mark in marks.splitlines():
        made = b64decode(mark.split(" ")[2])
        ours = mark == f"— {name} {b64encode(made).decode()}" and made[:4].hex() == id
        if ours and signs(b64decode(public)[1:], f"{text}\n".encode(), made[4:]):
            return int(text.split("\n")[1]), b64decode(text.split("\n")[2])
    raise ValueError(f"{name} did not sign the checkpoint {note[:200]!r}")


def spelt(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def leaf(line: bytes) -> bytes:
    """An event's position, and the hash that it is in the log's tree by (RFC 6962)."""
    try:
        row = json.loads(line)
        payload = b64decode(row["base64"]) if "base64" in row else row["payload"].encode()
        entry = {n: row[n] for n in row if n not in ("payload", "base64")}
        entry.update(payload_digest=f"sha256:{sha256(payload).hexdigest()}", v=1)
        found = f"{row['position']} {sha256(bytes(1) + spelt(entry)).hexdigest()}\n".encode()
        return found if spelt(row) + b"\n" == line else b"?"  # no other spelling will do
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return b"?" if line else b""


def node(right: bytes, left: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def lines(place: str, name: str) -> Iterator[bytes]:
    where = Path(place) / name if Path(place).is_dir() else zipfile.Path(place, name)
    if where.exists():
        with where.open("rb") as file:
            yield from file


def log_bad(place: str, roots: dict[int, set[bytes]]) -> str:
    """The first position that is not as it was signed; empty if there is none."""
    tree, size, sound, at, fork, bad = list[bytes](), 0, "0", "0", "", (b"", b"")
    for row, kept in zip_longest(*(lines(place, name) for name in LOG), fillvalue=b""):
        mine, known = leaf(row), HASHED.fullmatch(kept)
        bad = bad if any(bad) or mine == kept else (mine, kept if known else b"?")
        at, top = (known[1].decode(), bytes.fromhex(known[2].decode())) if known else (at, b"")
        for _ in range((size ^ size + 1).bit_length() - 1):
            top = node(top, tree.pop())
        tree, size = [*tree, top], size + 1
        if size in roots and {reduce(node, tree[::-1])} != roots[size]:
            fork = fork or f"after {sound}, up to {at}"
        sound = at if size in roots else sound
    if max(roots) > size:
        fork = fork or f"after {at}: {max(roots) - size} events are missing"
    print(f"{size} events, the last {size - max(roots)} of them not protected by a checkpoint yet")
    # The hashes are what was signed, unless a checkpoint says otherwise; then the events may be.
    order = bad if fork or bad[0][-65:] == bad[1][-65:] else bad[::-1]
    named = [one.split()[0].decode() for one in order if one.strip(b"?")]
    return named[0] if named else f"after {at}" if any(bad) else fork


def pack_bad(place: str, key: str) -> str:
    """What in an evidence pack is not as it was logged; empty if nothing is."""
    for name, digest in json.loads(b"".join(lines(place, "manifest.json")))["files"].items():
        if sha256(b"".join(lines(place, name))).hexdigest() != digest:
            return f"the file {name}"
    for row in lines(place, LOG[0]):
        at, top = leaf(row).decode().split()
        proof, _, note = (
            b"".join(lines(place, f"proofs/{at}.tlog-proof")).decode().partition("\n\n")
        )
        (size, root), (index, *path) = checkpoint(note, key), proof.split("\n")[1:]
        here, end, found = int(index[6:]), size - 1, bytes.fromhex(top)
        for step in map(b64decode, path):
            while here == end and here and not here & 1:
                here, end = here >> 1, end >> 1
            found = node(found, step) if here & 1 else node(step, found)
            here, end = here >> 1, end >> 1
        if found != root or end:
            return at
    return ""


def main(place: str = ".", key: str = "", *kept: str) -> None:
    roots = dict[int, set[bytes]]()
    try:
        key = (key or b"".join(lines(place, "key.txt")).decode()).strip()
        notes = [json.loads(line) for line in lines(place, "checkpoints.jsonl")]
        for note in [*notes, *(Path(name).read_text(encoding="utf-8") for name in kept)]:
            size, root = checkpoint(note, key)
            roots.setdefault(size, set()).add(root)
        bad = pack_bad(place, key) if any(lines(place, "manifest.json")) else log_bad(place, roots)
    except (OSError, ValueError, KeyError, IndexError) as error:
        bad = f"unknown ({error})"
    sys.exit(f"CHANGED, first bad position: {bad}" if bad else print(f"OK, as signed by {key}"))


if __name__ == "__main__":
    main(*sys.argv[1:])
