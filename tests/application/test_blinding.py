"""Where a decision type says so, the second pair of eyes does not know what the first one chose."""

import json
from uuid import UUID

import pytest

from adapters.http.histories import Paging, events_of
from application.projections.audit_trail import AuditLine, AuditTrail
from application.projections.feedback import Feedback
from application.projections.feedback_row import FeedbackRow
from application.recounting import tell
from application.sight import event_for, lines_for
from application.sight.second_review import SENTENCE, WITHHELD, row_for
from tests.application.office import Office, an_adoption, caller, run
from tests.domain.builders import SUSPICIOUS, a_definition

SECRETS = ("replace", "OVR.STOCK", "in stock", "overridden")
PEERS = ("sam",)
EVERYBODY_ELSE = ("rae", "ana", "di", "audra", "bot")


def seen_first(*, blind: bool | None = True) -> tuple[Office, UUID]:
    """Rae chose otherwise than the assistant; a second pair of eyes is awaited."""
    office = Office().adopt(an_adoption(a_definition(blind_second_review=blind)))
    id = office.recommend(context=SUSPICIOUS).decision.id
    office.choose(id, "override", action="replace", reason_code="OVR.STOCK", comment="in stock")
    return office, id


def everything_shown(office: Office, id: UUID, who: str) -> str:
    """All that somebody is told of a decision, by every door, but for its own view."""
    me = caller(who)

    async def shown() -> list[str]:
        lines, _ = await tell(id, me, office.desk)
        views = [await event_for(p, me, office.desk) for p in await office.desk.log.after(0)]
        page = await events_of(id, Paging(), me, office.desk)
        audit, row = AuditTrail(), Feedback()
        found: FeedbackRow | None = None
        steps: list[AuditLine] = []
        for p in await office.desk.log.after(0):
            steps += await lines_for([audit.fold(None, p)], me, office.desk)
            if p.event.originator_id == id:
                found = row.fold(found, p)
        assert found is not None
        told = (await row_for(found, me, office.desk)).model_dump(
            mode="json", include={"disposition", "reason_codes"}
        )
        own = [view for view in views if view.subject == str(id)]
        return [
            *(line.model_dump_json() for line in lines),
            *(view.model_dump_json() for view in own),
            page.decode(),
            *(step.model_dump_json() for step in steps if step.stream == id),
            json.dumps(told),
        ]

    return "\n".join(run(shown()))


@pytest.mark.parametrize("who", PEERS)
def test_who_may_be_the_second_learns_nothing_of_what_was_chosen(who: str) -> None:
    office, id = seen_first()
    shown = everything_shown(office, id, who)
    assert [secret for secret in SECRETS if secret in shown] == []
    assert (WITHHELD in shown, SENTENCE in shown) == (True, True)


@pytest.mark.parametrize("who", EVERYBODY_ELSE)
def test_whoever_is_no_second_is_kept_from_nothing(who: str) -> None:
    office, id = seen_first()
    shown = everything_shown(office, id, who)
    assert [secret for secret in SECRETS if secret not in shown] == []


@pytest.mark.parametrize("blind", [None, False])
def test_where_the_type_does_not_ask_for_it_all_is_told(blind: bool | None) -> None:
    office, id = seen_first(blind=blind)
    assert WITHHELD not in everything_shown(office, id, "sam")


def test_once_the_second_has_chosen_all_is_told() -> None:
    office, id = seen_first()
    office.choose(id, "uphold", who="sam")
    shown = everything_shown(office, id, "sam")
    assert [secret for secret in SECRETS if secret not in shown] == []
    assert WITHHELD not in shown


def test_who_claims_is_shown_nothing_of_it_either() -> None:
    from application.views import ClaimView

    office, id = seen_first()
    claimed = ClaimView.of(office.claim(id, "sam").decision).model_dump_json()
    # The action that was chosen is one of the type's, but the model's own is what is asked about.
    assert [secret for secret in SECRETS if secret in claimed] == []


def test_nobody_knows_who_reads_at_a_terminal() -> None:
    office, id = seen_first()
    lines, _ = run(tell(id, None, office.desk))
    assert SENTENCE in [line.what for line in lines]


def test_what_is_withheld_keeps_its_place() -> None:
    office, id = seen_first()
    page = json.loads(run(events_of(id, Paging(), caller("sam"), office.desk)))
    [hidden] = [event for event in page["items"] if event["type"] == WITHHELD]
    assert hidden["data"] == {"decision_type": "refund"}
    whole = json.loads(run(events_of(id, Paging(), caller("rae"), office.desk)))
    assert [event["id"] for event in page["items"]] == [event["id"] for event in whole["items"]]


def test_a_disagreement_goes_to_the_escalation_owner() -> None:
    office, id = seen_first()
    after = office.choose(id, "uphold", who="sam").decision
    assert after.placement is not None
    assert (after.status, after.placement.person) == ("escalated", "di")
