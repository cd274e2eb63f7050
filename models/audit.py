"""The audit chain: how a record is sealed to the one before it, and how a chain is checked.

A chain is the history of one post (`post/42`) or of the organisation (`organisation`). The canonical bytes are
kept as they were sealed, and those are what is hashed again: nothing is parsed to verify.
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

GENESIS = "0" * 64


class Record(NamedTuple):
    """One sealed record. `seq` counts from 1 within its chain; `previous` and `hash` are 64 hexadecimal digits."""

    chain: str
    seq: int
    previous: str
    body: bytes
    hash: str


@dataclass(frozen=True)
class Fault:
    """Where a chain breaks, and how."""

    chain: str
    seq: int
    problem: str


def seal(previous: str, body: bytes) -> str:
    """SHA-256(previous hash ‖ body), as 64 hexadecimal digits."""
    return hashlib.sha256(bytes.fromhex(previous) + body).hexdigest()


def verify_chain(records: Iterable[Record], heads: Collection[tuple[int, str]] = ()) -> list[Fault]:
    """The faults of one chain given in order of `seq`; `heads` are the (seq, hash) that it must contain."""
    faults: list[Fault] = []
    expected_seq, previous, chain, missing = 1, GENESIS, "?", set(heads)
    for record in records:
        chain = record.chain
        if record.seq != expected_seq:
            faults.append(Fault(chain, expected_seq, f"record {expected_seq} is missing or out of order"))
        elif record.previous != previous:
            faults.append(Fault(chain, record.seq, "does not continue the record before it"))
        if seal(record.previous, record.body) != record.hash:
            faults.append(Fault(chain, record.seq, "its content was changed"))
        missing.discard((record.seq, record.hash))
        expected_seq, previous = record.seq + 1, record.hash
    faults += [Fault(chain, seq, "was cut off, or rewritten after it was sealed") for seq, _ in sorted(missing)]
    return faults
