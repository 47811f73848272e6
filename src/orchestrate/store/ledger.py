"""Who did what, and who may: events from outside, the audit trail, tokens, answers given."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrate.store.cell import instant, instant_or_none, storable
from orchestrate.store.chain import FIRST, seal_audit
from orchestrate.store.database import Database
from orchestrate.store.failures import Conflict

_DELIVERED = "SELECT id FROM trigger_events WHERE source = ? AND delivery = ?"
_TRIGGER = (
    "INSERT INTO trigger_events (name, source, delivery, body_sha256, facts, payload, actor,"
    " workspace, received_at, processed_at, outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " RETURNING id"
)
_OUTCOME = (
    "UPDATE trigger_events SET outcome = ?, processed_at = coalesce(processed_at, ?) WHERE id = ?"
)
_FACTS = "UPDATE trigger_events SET facts = ? WHERE id = ?"
_STARTED = "SELECT id FROM pipeline_runs WHERE trigger_event_id = ? ORDER BY id"
_WAITS = "SELECT 1 FROM trigger_events WHERE id = ? AND processed_at IS NULL"
_BODY_STARTED = (
    "SELECT min(r.id) FROM trigger_events e JOIN pipeline_runs r ON r.trigger_event_id = e.id"
    " WHERE e.body_sha256 = ? AND e.received_at >= ? AND r.pipeline_id = ?"
)
_LAST_ENTRY = "SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1"
_ENTRY = (
    "INSERT INTO audit (id, at, actor, via, action, subject, detail, hash)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_ISSUE = (
    'INSERT INTO tokens (sha256, "user", name, scopes, created_at, expires_at)'
    " VALUES (?, ?, ?, ?, ?, ?) RETURNING id"
)
_REVOKE = "UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL"
_USED = "UPDATE tokens SET last_used_at = ? WHERE id = ?"
_REMEMBER = (
    "INSERT INTO idempotent_answers (key, caller, request_sha256, status, body, at)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_ANSWER = "SELECT request_sha256, status, body FROM idempotent_answers WHERE key = ? AND caller = ?"
_FORGET = "DELETE FROM idempotent_answers WHERE at < ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a request was answered with the first time; `request_sha256` tells if it is the same."""

    request_sha256: str
    status: int
    body: str


class Ledger(Database):
    """Records of the world around the runs."""

    audit_key: bytes = b""

    # -- events from outside -----------------------------------------------------------

    def add_trigger_event(
        self,
        *,
        name: str,
        source: str,
        delivery: str | None,
        body_sha256: str | None,
        facts: str,
        actor: str | None,
        received_at: float,
        outcome: str,
        payload: str | None = None,
        workspace: str = "",
        waiting: bool = False,
    ) -> int:
        """Keep an event. Conflict if its source has delivered it before: see `delivered`.

        `waiting`: which pipelines it starts is found out later, also after a crash.
        """
        source, delivery = storable(source), storable(delivery)
        if delivery is not None and (known := self.delivered(source, delivery)) is not None:
            raise Conflict(f"{source} has delivered {delivery} before: it is event {known}")
        now = instant(received_at)
        what = (storable(name), source, delivery, body_sha256, facts, payload, storable(actor))
        when = (storable(workspace), now, None if waiting else now)
        return self.number(_TRIGGER, (*what, *when, outcome))

    def delivered(self, source: str, delivery: str) -> int | None:
        """The event that this delivery became, if it was here before."""
        found = self.row(_DELIVERED, (storable(source), storable(delivery)))
        return None if found is None else found[0]

    def body_started(self, body_sha256: str, pipeline_id: int, since: float) -> int | None:
        """The first run of that pipeline that an event with this very body has started."""
        found = self.row(_BODY_STARTED, (body_sha256, instant(since), pipeline_id))
        return None if found is None else found[0]

    def set_outcome(self, trigger_event_id: int, outcome: str, at: float) -> None:
        """What became of an event, once it is known which runs it starts: it waits no more."""
        self.do(_OUTCOME, (outcome, instant(at), trigger_event_id))

    def set_facts(self, trigger_event_id: int, facts: str) -> None:
        """What was found out about an event since it came."""
        self.do(_FACTS, (facts, trigger_event_id))

    def started_by(self, trigger_event_id: int) -> list[int]:
        """The runs that an event has started, oldest first."""
        return [run_id for (run_id,) in self.rows(_STARTED, (trigger_event_id,))]

    def event_waits(self, trigger_event_id: int) -> bool:
        """Whether nobody has found out yet which pipelines an event starts."""
        return self.row(_WAITS, (trigger_event_id,)) is not None

    # -- the audit trail ---------------------------------------------------------------

    def add_audit(
        self, *, at: float, actor: str, via: str, action: str, subject: str, detail: str
    ) -> int:
        """One entry, sealed over the one before it."""
        last, previous = self.row(_LAST_ENTRY) or (0, FIRST)
        words = (storable(actor), storable(via), storable(action), storable(subject), detail)
        number: int = last + 1
        entry = (number, float(at), *words)
        self.do(_ENTRY, (*entry, seal_audit(self.audit_key, previous, entry)))
        return number

    # -- tokens ------------------------------------------------------------------------

    def add_token(
        self,
        *,
        sha256: str,
        user: str,
        name: str,
        scopes: str,
        created_at: float,
        expires_at: float | None,
    ) -> int:
        """Keep a token by its hash; the token itself is shown once, and never stored."""
        values = (sha256, storable(user), storable(name), scopes)
        return self.number(_ISSUE, (*values, instant(created_at), instant_or_none(expires_at)))

    def revoke_token(self, token_id: int, at: float) -> bool:
        """Whether there was such a token, and it was not revoked before."""
        return self.do(_REVOKE, (instant(at), token_id)) > 0

    def use_token(self, token_id: int, at: float) -> None:
        self.do(_USED, (instant(at), token_id))

    # -- answers already given ---------------------------------------------------------

    def remember_answer(
        self, key: str, caller: str, request_sha256: str, status: int, body: str, at: float
    ) -> None:
        """The answer to a request with this key, stored with what the request did."""
        if self.answer(key, caller) is not None:
            raise Conflict(f"the request with the key {key} was answered before")
        values = (storable(key), storable(caller), request_sha256, status, storable(body))
        self.do(_REMEMBER, (*values, instant(at)))

    def answer(self, key: str, caller: str) -> Answer | None:
        """What the request with this key was answered, if it was here before."""
        found = self.row(_ANSWER, (storable(key), storable(caller)))
        if found is None:
            return None
        request_sha256, status, body = found
        return Answer(request_sha256=request_sha256, status=status, body=body)

    def forget_answers(self, before: float) -> int:
        """Drop the answers older than that; how many there were."""
        return self.do(_FORGET, (instant(before),))
