"""The one checker: reads the database, the stand-ins' logs and the audit log, and judges each promise afterwards.

It shares no code with what it judges beyond the definitions of digest, quorum and chain. A verdict is a list of
sentences, each beginning with the promise that was broken; an empty list is a pass.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from models.content import Content, Media, Variant
from models.quorum import Voice, missing
from models.tables import audit_records, decisions, outbox, people, posts, publications, timers
from models.workflow import Workflow
from web.sandbox.store import SandboxStore
from workflows import sealing
from workflows.office import Office

EXPECTED_KINDS = {
    "block_policy": "policy_blocked",
    "request_changes": "changes_requested",
    "reject": "rejected",
    "expire": "expired",
    "schedule": "scheduled",
    "confirm_publish": "published",
    "fail_publish": "publish_failed",
    "lose_publish": "publish_unknown",
    "settle_publish": "settled",
}
DECIDING = {"approve", "request_changes", "reject"}


@dataclass(frozen=True)
class Acknowledged:
    """What a client was told to be done: a decision of a person (an id) on a post, or a post's submission."""

    action: str
    post: int
    person: int


@dataclass
class Evidence:
    """Everything that can be read afterwards. `disturbances` counts kills and freezes."""

    workflow: Workflow
    posts: dict[int, Any]
    history: dict[int, list[dict[str, Any]]]
    decisions: list[Any]
    outbox: list[Any]
    timers: dict[int, Any]
    publications: list[Any]
    slack: list[dict[str, Any]]
    mails: list[dict[str, Any]]
    handovers: list[str]
    published: list[dict[str, Any]]
    faults: list[str]
    emails: dict[int, str]
    disturbances: int = 0
    acknowledged: list[Acknowledged] = field(default_factory=list)


def gather(office: Office, store: SandboxStore, disturbances: int = 0,
           acknowledged: list[Acknowledged] | None = None) -> Evidence:  # fmt: skip
    """Reads all there is."""
    history: dict[int, list[dict[str, Any]]] = defaultdict(list)
    with office.database.reading() as connection:
        for row in connection.execute(select(audit_records).order_by(audit_records.c.chain, audit_records.c.seq)):
            if row.chain.startswith("post/"):
                history[int(row.chain.removeprefix("post/"))].append(json.loads(row.body))
        everything = {table.name: connection.execute(select(table)).all()
                      for table in (posts, decisions, outbox, timers, publications, people)}  # fmt: skip
    return Evidence(
        workflow=office.house.workflow,
        posts={row.id: row for row in everything["post"]},
        history=history,
        decisions=list(everything["decision"]),
        outbox=list(everything["outbox"]),
        timers={row.post_id: row for row in everything["timer"]},
        publications=list(everything["publication"]),
        slack=store.all("slack", last=100_000),
        mails=store.all("mail", last=100_000),
        handovers=[item["key"] for item in store.all("handover", last=100_000)],
        published=[item["post"] for item in store.all("published", last=100_000)],
        faults=[f"{fault.chain} record {fault.seq}: {fault.problem}" for fault in sealing.verify(office)],
        emails={row.id: row.email for row in everything["person"]},
        disturbances=disturbances,
        acknowledged=acknowledged or [],
    )


def judge(evidence: Evidence, *, drained: bool = True) -> list[str]:
    """Every broken promise. `drained`: the work was given the time to end, so nothing may be left over."""
    checks = [_published_is_approved, _one_transaction, _nothing_is_lost, _first_decision_wins, _published_once, _log]
    found = [sentence for check in checks for sentence in check(evidence)]
    return found + list(_delivered(evidence)) if drained else found


# --- P1 and P2: what goes out is what was approved ------------------------------------------------------------


def _published_is_approved(evidence: Evidence) -> Iterator[str]:
    for document in evidence.published:
        digest = _digest(document)
        if digest != document["digest"]:
            yield f"P1 post {document['post']}: the bytes that went out are not those of digest {digest[:12]}"
        for stage, needs in _needs(evidence, document["post"]):
            approval = (document["post"], digest, stage, "approve")
            given = [d for d in evidence.decisions if (d.post_id, d.digest, d.stage, d.verdict) == approval]
            if lacking := missing(needs, [Voice(row.person_id, row.holder_id, frozenset(row.roles)) for row in given]):
                yield f"P1 post {document['post']} went out, and {stage} lacked {', '.join(lacking)} for these bytes"


def _digest(document: dict[str, Any]) -> str:
    return Content(
        document["brand"],
        tuple(
            Variant(
                channel=variant["channel"],
                text=variant["text"],
                link=variant["link"],
                media=tuple(Media(item["sha256"], item["content_type"], item["alt"]) for item in variant["media"]),
                disclosure=variant["disclosure"],
            )
            for variant in document["variants"]
        ),
    ).digest


def _needs(evidence: Evidence, post: int) -> Iterator[tuple[str, Any]]:
    row = evidence.posts[post]
    facts = {
        "lane": frozenset({row.lane}),
        "brand": frozenset({row.brand}),
        "region": frozenset({row.region} - {None}),
        "channel": frozenset(row.channels),
        "finding_category": frozenset(row.categories),
    }
    for stage in evidence.workflow.stages_for(facts):
        yield stage.status, stage.needs


# --- P3: a transition, its record, its messages and its timer are one ------------------------------------------


def _one_transaction(evidence: Evidence) -> Iterator[str]:
    publications_of, decisions_of = _by_post(evidence.publications), _by_post(evidence.decisions)
    written = {(row.post_id, row.post_version, row.kind) for row in evidence.outbox}
    stages = {stage.status for stage in evidence.workflow.stages}
    for number, row in evidence.posts.items():
        records = evidence.history.get(number, [])
        last = records[-1] if records else {"to": None, "version": 0}
        if (last["to"], last["version"], len(records)) != (row.status, row.version, row.version):
            yield (f"P3 post {number} is {row.status} at version {row.version}, and its record says {last['to']} at "
                   f"{last['version']} ({len(records)} records)")  # fmt: skip
        if (number in evidence.timers) != (row.status in stages):
            yield f"P3 post {number} is {row.status}, and its timer is there: {number in evidence.timers}"
        claimed = [row for row in publications_of[number] if row.ended_at is None]
        if (row.status == "publishing") != bool(claimed):
            yield f"P3 post {number} is {row.status} with {len(claimed)} open handovers"
        yield from _records_of(number, records, stages, written)
        yield from _decisions_of(number, records, decisions_of[number])
    for number in evidence.history.keys() - evidence.posts.keys():
        yield f"P3 post {number} has records and does not exist"


def _by_post(rows: list[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.post_id].append(row)
    return found


def _records_of(
    number: int, records: list[dict[str, Any]], stages: set[str], written: set[tuple[int, int, str]]
) -> Iterator[str]:
    for before, record in zip([{"to": None}, *records], records, strict=False):
        if record["from"] != before["to"]:
            yield f"P3 post {number}: record {record['seq']} starts from {record['from']}, not from {before['to']}"
        kind = EXPECTED_KINDS.get(record["action"])
        if record["to"] in stages and record["from"] != record["to"]:
            kind = "review_requested"
        if kind and (number, record["version"], kind) not in written:
            yield f"P3 post {number}: {record['action']} at version {record['version']} wrote no {kind}"


def _decisions_of(number: int, records: list[dict[str, Any]], rows: list[Any]) -> Iterator[str]:
    decided = Counter((r["actor"]["id"], r["action"], r["detail"]["stage"]) for r in records if r["action"] in DECIDING)
    kept = Counter((row.person_id, row.verdict, row.stage) for row in rows)
    if decided != kept:
        yield f"P3 post {number}: decisions on record {dict(decided)}, decisions kept {dict(kept)}"


# --- what was acknowledged is there ---------------------------------------------------------------------------


def _nothing_is_lost(evidence: Evidence) -> Iterator[str]:
    kept = {(d.verdict, d.post_id, d.person_id) for d in evidence.decisions}
    for done in evidence.acknowledged:
        if done.action in DECIDING and (done.action, done.post, done.person) not in kept:
            yield f"P3 person {done.person} was told that {done.action} of post {done.post} is done, and it is not"
        actions = {record["action"] for record in evidence.history.get(done.post, [])}
        if done.action not in DECIDING and done.action not in actions:
            yield f"P3 {done.action} of post {done.post} was acknowledged and is not on record"


# --- P5: the first decision wins ------------------------------------------------------------------------------


def _first_decision_wins(evidence: Evidence) -> Iterator[str]:
    places = Counter((d.post_id, d.revision, d.stage, d.person_id) for d in evidence.decisions)
    for (post, revision, stage, person), count in places.items():
        if count > 1:
            yield f"P5 person {person} decided {count} times on revision {revision} of post {post} at {stage}"
    for number, records in evidence.history.items():
        for record in records:
            if record["action"] in DECIDING and record["from"] != record["detail"]["stage"]:
                yield f"P5 post {number}: a decision at {record['detail']['stage']} counted in {record['from']}"


# --- P4: delivered or dead, twice only where that could not be known -------------------------------------------


def _delivered(evidence: Evidence) -> Iterator[str]:
    for row in evidence.outbox:
        if row.ended_at is None:
            yield f"P4 message {row.id} ({row.kind} by {row.medium}) was never delivered: {row.last_error}"
    for number, row in evidence.posts.items():
        if row.status in ("policy_check", "publishing"):
            yield f"P4 post {number} is stuck in {row.status}"
    posted = Counter(m["metadata"]["event_payload"]["outbox_id"] for m in evidence.slack if m["metadata"])
    mailed = Counter(m["message_id"] for m in evidence.mails)
    sent = [row for row in evidence.outbox if row.sent_at is not None]
    for row in sent:
        if row.medium == "slack" and row.kind != "cards" and not posted[row.id]:
            yield f"P4 message {row.id} ({row.kind}) is marked as sent, and Slack never got it"
    mails_sent = sum(row.medium == "mail" for row in sent)
    if len(mailed) < mails_sent:
        yield f"P4 {mails_sent} mails are marked as sent, and {len(mailed)} different ones arrived"
    again = sum(count - 1 for counter in (posted, mailed) for count in counter.values())
    if again > evidence.disturbances:
        yield f"P4 {again} messages came again, after {evidence.disturbances} kills"


# --- publications ---------------------------------------------------------------------------------------------


def _published_once(evidence: Evidence) -> Iterator[str]:
    for key, count in Counter(evidence.handovers).items():
        if count > 1:
            yield f"P4 publication {key} was handed over {count} times"
    out = {document["post"] for document in evidence.published}
    for number, row in evidence.posts.items():
        if row.status == "published" and number not in out:
            yield f"P1 post {number} is published, and the receiver never got it"
        if number in out and row.status not in ("published", "publish_unknown", "publishing"):
            yield f"P1 post {number} went out, and it is {row.status}"


def _log(evidence: Evidence) -> Iterator[str]:
    for fault in evidence.faults:
        yield f"P10 {fault}"
