"""AI interviews: refusals, signatures, invitations, results in a real store; failures first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from connectors.ai_interview import connector
from connectors.ai_interview.events import signature
from connectors.ai_interview.results import ResultRecords
from hrhub.connector import OrderService, OrderStatus, Write, WriteStatus
from hrhub.errors import AuthError, RowRejected, ScopeError, Throttled
from hrhub.pipeline.starting import Start, note_started, passed_interviews

Serve = Callable[..., Any]
ABILITY = {"abilityCode": "LOGIC", "score": 43.0, "passLine": 60}
NOT_MET = {
    "reasonCode": "ABILITY_NOT_MET",
    "abilityCode": "LOGIC",
    "requiredScore": 60,
    "actualScore": 43.0,
}


def result(**told: Any) -> bytes:
    base = {"invitationId": "I1", "conclusion": "NOT_RECOMMENDED", "abilities": [ABILITY]}
    return msgspec.json.encode({**base, **told})


def test_a_secret_that_the_platform_does_not_know_is_refused(serve: Serve) -> None:
    with pytest.raises(AuthError, match=r"auth\.refused"):
        connector.check(serve().session(access_secret="another"))


def test_an_access_that_may_not_do_it_is_told_in_words(serve: Serve) -> None:
    served = serve()
    session = served.session()
    connector.check(session)
    served.running.platform.tokens.revoke()

    connector.check(session)  # a token that died is renewed
    with pytest.raises((ScopeError, AuthError)):
        connector.check(served.session(access_id="somebody-else"))


def test_too_many_requests_are_told_as_such(serve: Serve) -> None:
    with pytest.raises(Throttled):
        connector.check(serve(limit="0").session())


def test_the_signature_is_that_of_the_contract() -> None:
    body = b'{"eventId":"ev-1","eventType":"interview.result"}'

    made = signature("ai-demo-secret", "1760000000000", "n-0004", body)

    assert made == "d9cf954b91bfecaa1ffe91ce1e0f5634603fedb1855a4817a3fea54f9ee10337"


def test_without_a_callback_secret_nothing_is_genuine(serve: Serve) -> None:
    served, now = serve(), datetime.now(UTC)
    (receiver,) = connector.events
    genuine = served.running.report("callback", now)
    good = connector.config.model_validate(served.settings())
    bare = connector.config.model_validate(served.settings(callback_secret=""))

    receiver.verify(good, genuine, now)
    with pytest.raises(AuthError, match=r"event\.refused"):
        receiver.verify(bare, genuine, now)
    with pytest.raises(AuthError, match=r"event\.refused"):
        receiver.verify(good, genuine, now + timedelta(minutes=6))


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"failureReasons": []}, "policy"),
        ({"failureReasons": [{**NOT_MET, "actualScore": 44}]}, "policy"),
        ({"failureReasons": [NOT_MET], "abilities": []}, "policy"),
        ({"failureReasons": [NOT_MET], "abilities": [{**ABILITY, "score": None}]}, "policy"),
        ({"failureReasons": [{"reasonCode": "JOB_MATCH_DEVIATION"}]}, "required"),
        ({"failureReasons": "none"}, "type"),
    ],
    ids=["no_reason", "score", "no_ability", "not_assessed", "no_criterion", "no_list"],
)
def test_a_result_that_contradicts_itself_is_refused(told: Any, reason: str) -> None:
    with pytest.raises(RowRejected) as refused:
        ResultRecords().decode(result(**told), {"order": "I1"})

    assert refused.value.reason == reason


def test_a_reason_that_nobody_knows_is_kept_whole_and_faces_are_not_read() -> None:
    moon = {"reasonCode": "MOON_PHASE", "phase": "full"}
    claims = [{"source": "ANSWER"}, {"source": "ANSWER"}]
    face = {"reasonCode": "BEHAVIOUR_INCONSISTENT", "claims": claims}
    face["dimension"] = "EXPRESSION_VS_CONTENT"

    row = ResultRecords().decode(result(failureReasons=[NOT_MET, moon, face]), {"order": "I1"})

    assert [r["reasonCode"] for r in row["failureReasons"]] == ["ABILITY_NOT_MET", "MOON_PHASE"]
    assert row["failureReasons"][0]["detail"] == {"requiredScore": 60, "actualScore": 43}
    assert row["failureReasons"][1]["detail"] == moon


def test_who_has_no_mainland_number_or_is_nobody_there_is_not_invited(
    serve: Serve, service: OrderService
) -> None:
    served = serve()

    for mobile in ("+4915112345678", "+8613900000000", ""):
        with pytest.raises(RowRejected):
            service.place(served.session(), served.request(mobile=mobile))

    assert served.running.platform.invitations == {}


def test_an_invitation_that_nobody_opens_expires(serve: Serve, service: OrderService) -> None:
    served = serve(people="idle")
    placed = service.place(served.session(), served.request())
    for _ in range(14):
        served.running.advance()

    assert service.status(served.session(), placed.vendor_id).status is OrderStatus.EXPIRED


def test_a_decision_of_a_person_goes_back_and_an_unknown_order_is_refused(
    serve: Serve, service: OrderService
) -> None:
    served = serve()
    placed = service.place(served.session(), served.request())
    values = {"order": placed.vendor_id, "verdict": "no", "reviewer": "hr-7"}
    decisions, erasures = connector.sink("decisions"), connector.sink("erasures")

    (done,) = decisions.write(served.session(), [Write(key="w1", values=values)])
    (lost,) = decisions.write(served.session(), [Write(key="w2", values={**values, "order": "I9"})])
    (gone,) = erasures.write(served.session(), [Write(key="w3", values={"order": "I000001"})])

    assert (done.status, lost.status) == (WriteStatus.WRITTEN, WriteStatus.REFUSED)
    assert lost.code == "ai_interview.unknown"
    assert served.running.platform.decisions[placed.vendor_id]["decision"] == "REJECT"
    assert gone.status is WriteStatus.WRITTEN
    assert served.running.platform.invitations == {}


def test_a_result_is_in_the_store_as_the_platform_has_it_and_a_correction_replaces_it(
    office: Callable[..., Any],
) -> None:
    desk = office()
    order = desk.invite()
    assert desk.invite().id == order.id
    desk.served.finish()
    truth = next(iter(desk.served.running.platform.invitations))
    platform = desk.served.running.platform

    polled = desk.poll()

    told = platform._result(platform.invitations[truth])
    [interview] = desk.rows("interview")
    assert (polled.results, polled.counts.inserted) == (1, 1)
    assert (interview["order_id"], interview["subject_id"]) == (order.id, desk.person)
    assert interview["application_id"] is None
    assert float(interview["overall_score"]) == told["totalScore"]
    verdicts = {"RECOMMENDED": "yes", "NOT_RECOMMENDED": "no"}
    assert interview["verdict"] == verdicts[told["conclusion"]]
    scores = {r["ability"]: r.get("score") for r in desk.rows("interview_ability_score")}
    kept = {code: score if score is None else float(score) for code, score in scores.items()}
    assert kept == {a["abilityCode"]: a["score"] for a in told["abilities"]}
    reasons = desk.rows("interview_failure_reason")
    assert len(reasons) == len(told["failureReasons"])

    assert desk.poll().looked == 0  # nothing is left to do
    platform.correct(truth)
    assert desk.hub.orders.event("ai_interview_default", None, truth)
    again = desk.poll()

    [corrected] = desk.rows("interview")
    assert (again.results, corrected["id"], corrected["verdict"]) == (1, interview["id"], "yes")


def test_a_passed_interview_asks_for_one_run_until_it_is_noted(office: Callable[..., Any]) -> None:
    desk = office(outcome="recommended")
    order = desk.invite()
    desk.served.finish()

    assert passed_interviews(desk.hub, "hire") == []
    desk.poll()
    found = passed_interviews(desk.hub, "hire", mode="ai")
    [interview] = desk.rows("interview")
    repeated = passed_interviews(desk.hub, "hire")
    note_started(desk.hub, "hire", found, actor="test")

    assert found == repeated == [Start(f"interview_{order.id}", desk.person, interview["id"])]
    assert passed_interviews(desk.hub, "hire") == []
    assert passed_interviews(desk.hub, "another", mode="onsite") == []
    assert passed_interviews(desk.hub, "another") == found, "each process is asked by itself"

    number = next(iter(desk.served.running.platform.invitations))
    desk.hub.orders.event("ai_interview_default", None, number)
    desk.poll()
    assert passed_interviews(desk.hub, "hire") == [], "a result that is read again starts nothing"


def test_an_interview_that_was_not_passed_asks_once_it_is_corrected(
    office: Callable[..., Any],
) -> None:
    desk = office()
    desk.invite()
    desk.served.finish()
    platform = desk.served.running.platform
    (number,) = platform.invitations
    assert platform._result(platform.invitations[number])["conclusion"] == "NOT_RECOMMENDED"
    desk.poll()

    before = passed_interviews(desk.hub, "hire")
    platform.correct(number)
    desk.hub.orders.event("ai_interview_default", None, number)
    desk.poll()

    assert (before, len(passed_interviews(desk.hub, "hire"))) == ([], 1)


def test_what_lies_long_back_starts_nothing(office: Callable[..., Any]) -> None:
    desk = office(outcome="recommended")
    desk.invite()
    desk.served.finish()
    desk.poll()

    desk.clock.sleep(timedelta(days=40).total_seconds())

    assert passed_interviews(desk.hub, "hire") == []
