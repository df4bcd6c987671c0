"""Assessment platforms in two dialects: refusals, orders, reports, callbacks; failures first."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.assessment import connector
from connectors.assessment.dialect import filled
from connectors.assessment.reports import Reports
from connectors.assessment.sandbox import SECRET
from hrhub.ambient import FakeClock
from hrhub.connector import OrderService, OrderStatus
from hrhub.errors import (
    AuthError,
    ConfigError,
    ConsentError,
    ContractChanged,
    RowRejected,
    Throttled,
    Transient,
)
from hrhub.mapping import Mapped
from hrhub.pipeline import open_hub
from hrhub.pipeline.orders import give
from hrhub.reading import By, Reader
from hrhub.settings import Settings

Serve = Callable[..., Any]
MAPPINGS = Path(__file__).parents[3] / "mappings"
DIALECTS = ["shl", "talebase"]
WAYS = [("shl", "token"), ("talebase", "token"), ("talebase", "signature")]


def results(served: Any, service: OrderService, package: str, key: str = "k") -> list[Mapped]:
    """Order, let the person finish, and map the report."""
    state = service.place(served.session(), served.request(key, package))
    served.advance(3)
    outcomes = served.result(service, state.vendor_id)
    assert all(isinstance(o, Mapped) for o in outcomes)
    return [o for o in outcomes if isinstance(o, Mapped)]


@pytest.mark.parametrize(("dialect", "sign_in"), WAYS)
def test_wrong_credentials_are_told(serve: Serve, dialect: str, sign_in: str) -> None:
    with pytest.raises(AuthError) as refused:
        connector.check(serve(dialect=dialect, sign_in=sign_in).session(client_secret="another"))

    assert refused.value.code == "auth.refused"


def test_the_international_dialect_signs_no_requests(serve: Serve) -> None:
    with pytest.raises(ConfigError) as refused:
        serve().session(sign_in="signature")

    assert refused.value.code == "assessment.sign_in"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dead_token_is_renewed_once_and_credentials_do_not_show(
    serve: Serve, dialect: str
) -> None:
    served = serve(dialect=dialect)
    session = served.session()
    connector.check(session)
    served.running.tokens.revoke()

    assert connector.check(session).facts["dialect"] == dialect
    assert sum(r.path.endswith("/token") for r in served.running.requests) == 2
    assert connector.auth is not None
    assert SECRET not in repr(connector.auth(session.config)) + repr(session)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_platform_that_is_busy_is_told_as_such(serve: Serve, dialect: str) -> None:
    served = serve(dialect=dialect, limit="0")

    with pytest.raises(Throttled):
        connector.check(served.session())


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("lacking", ["display_name", "personal_email"])
def test_who_lacks_something_is_refused_before_anything_is_sent(
    serve: Serve, service: OrderService, dialect: str, lacking: str
) -> None:
    served = serve(dialect=dialect)

    with pytest.raises(RowRejected) as refused:
        service.place(served.session(), served.request(**{lacking: None}))

    assert refused.value.field_path == lacking
    assert served.running.requests == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_person_whom_the_platform_refuses_is_no_order(
    serve: Serve, service: OrderService, dialect: str
) -> None:
    served = serve(dialect=dialect)

    with pytest.raises(RowRejected) as refused:
        service.place(served.session(), served.request(personal_email="nobody@example.cn"))

    assert refused.value.rule == "assessment.refused"
    assert served.running.platform.orders == {}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_report_before_it_is_scored_is_asked_for_again(
    serve: Serve, service: OrderService, dialect: str
) -> None:
    served = serve(dialect=dialect)
    state = service.place(served.session(), served.request())

    with pytest.raises(Transient) as early:
        service.result(served.session(), state.vendor_id)

    assert early.value.code == "assessment.not_ready"


@pytest.mark.parametrize("word", ["scored", "CREATED"])
def test_a_word_of_another_dialect_is_no_word_here(
    serve: Serve, service: OrderService, word: str
) -> None:
    served = serve(dialect="talebase" if word == "scored" else "shl")
    state = service.place(served.session(), served.request())
    order = served.running.platform.orders[state.vendor_id]
    order.state = "begun"
    of = "IN_PROGRESS" if word == "scored" else "started"
    whole = served.running._answer

    def answer(asked: Any) -> Any:
        reply = whole(asked)
        return replace(reply, body=reply.body.replace(of.encode(), word.encode()))

    served.running._answer = answer
    with pytest.raises(ContractChanged) as changed:
        service.status(served.session(), state.vendor_id)

    assert changed.value.code == "order.status_unknown"


@pytest.mark.parametrize(("dialect", "sign_in"), WAYS)
def test_an_order_goes_its_way_in_every_dialect(
    serve: Serve, service: OrderService, dialect: str, sign_in: str
) -> None:
    served = serve(dialect=dialect, sign_in=sign_in)
    state = service.place(served.session(), served.request())
    seen = [state.status]
    for _ in range(3):
        served.advance()
        seen.append(service.status(served.session(), state.vendor_id).status)

    assert str(state.invite_url) not in repr(state)
    assert seen == [
        OrderStatus.AWAITING_SUBJECT,
        OrderStatus.IN_PROGRESS,
        # Taken is not scored.
        OrderStatus.IN_PROGRESS,
        OrderStatus.COMPLETED,
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_one_key_is_one_order(serve: Serve, service: OrderService, dialect: str) -> None:
    served = serve(dialect=dialect)

    first, again = (service.place(served.session(), served.request()) for _ in range(2))

    assert first.vendor_id == again.vendor_id
    assert len(served.running.platform.orders) == 1


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_order_is_found_among_many_by_its_key(
    serve: Serve, service: OrderService, dialect: str
) -> None:
    served = serve(dialect=dialect)
    prefix = "ord_" if dialect == "shl" else "90071992"
    for number in range(150):
        served.running.platform.place(f"k{number}", "PKG-POT", prefix)

    found = service.find(served.session(), "k140")

    assert found is not None
    assert served.running.platform.orders[found.vendor_id].key == "k140"
    assert service.find(served.session(), "nobody") is None


@pytest.mark.parametrize("dialect", DIALECTS)
def test_who_never_begins_lets_the_order_expire(
    serve: Serve, service: OrderService, dialect: str
) -> None:
    served = serve(dialect=dialect, people="idle")
    state = service.place(served.session(), served.request())
    served.advance()

    assert service.status(served.session(), state.vendor_id).status is OrderStatus.EXPIRED


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_order_that_was_begun_is_not_cancelled(
    serve: Serve, service: OrderService, dialect: str
) -> None:
    served = serve(dialect=dialect)
    state = service.place(served.session(), served.request())
    served.advance()

    assert service.cancel(served.session(), state.vendor_id).status is OrderStatus.IN_PROGRESS


def test_every_instrument_keeps_its_own_norm_group(serve: Serve, service: OrderService) -> None:
    personality, ability = results(serve(), service, "PKG-SEL")

    assert personality.values["norm_group"] == "CN-GEN-2022 国内通用常模"
    assert ability.values["norm_group"] == "CN-GRAD-2021 应届毕业生常模"
    assert [s["scale_code"] for s in ability.children["scale"]] == ["NUM", "SPEED"]
    assert personality.values["overall_score"] is None


@pytest.mark.parametrize("dialect", DIALECTS)
def test_kinds_are_kept_and_what_no_norm_stands_behind_is_raw(
    serve: Serve, service: OrderService, dialect: str
) -> None:
    (nine,) = results(serve(dialect=dialect), service, "PKG-POT")
    kinds = {s["scale_code"]: s["standard_kind"] for s in nine.children["scale"]}

    assert kinds == {"LEARN": "stanine", "DRIVE": "t", "SD": "t"}
    assert nine.values["overall_score"] is not None


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_clinical_profile_keeps_validity_scales_and_both_kinds_of_t(
    serve: Serve, service: OrderService, dialect: str
) -> None:
    (clinical,) = results(serve(dialect=dialect), service, "PKG-CLIN")
    scales = {s["scale_code"]: s for s in clinical.children["scale"]}

    assert {"Hs", "Hs+K", "D", "Mf", "Si", "?", "L", "F", "K", "VRIN"} == scales.keys()
    assert scales["F"]["parent_code"] == "validity"
    assert (scales["?"]["standard"], scales["?"]["standard_kind"]) == (None, None)
    assert scales["?"]["raw"] is not None
    # Nobody answered enough of it: no score is no zero.
    assert (scales["Mf"]["standard"], scales["Mf"]["standard_kind"]) == (None, "t")


@pytest.mark.parametrize(("dialect", "flag"), [("shl", "suspect"), ("talebase", "invalid")])
def test_doubt_about_an_order_is_doubt_about_its_result(
    serve: Serve, service: OrderService, dialect: str, flag: str
) -> None:
    served = serve(dialect=dialect)
    state = service.place(served.session(), served.request("k", "PKG-POT"))
    served.running.platform.orders[state.vendor_id].doubt = True

    (result,) = results(served, service, "PKG-POT")

    assert result.values["validity_flag"] == flag


def report(**said: Any) -> dict[str, Any]:
    """Decode a report of the international dialect."""
    body = json.dumps({"instruments": [{"code": "A"}], **said}).encode()
    (raw,) = Reports().split(body)
    return Reports().decode(raw, {"dialect": "shl", "order": "o", "state": "scored"})


def test_a_score_of_zero_is_zero_and_a_missing_one_is_null() -> None:
    scales = report(scales=[{"code": "a", "score": 0, "scale": "z"}, {"code": "b"}])["scales"]

    assert [s["score"] for s in scales] == [0, None]


def test_the_worst_word_of_validity_counts_and_an_unknown_one_is_not_guessed() -> None:
    flags = [[{"flag": "ok"}, {"flag": "invalid"}], [{"flag": "ok"}], [{"flag": "fishy"}], []]

    assert [report(validity=f)["validity"] for f in flags] == ["invalid", "valid", "fishy", None]
    assert report(proctoring={"flags": ["second person"]})["validity"] == "suspect"


def test_a_scale_of_nobody_knows_which_instrument_is_refused() -> None:
    body = json.dumps({"instruments": [{"code": "A"}, {"code": "B"}], "scales": [{"code": "x"}]})
    raw, _ = Reports().split(body.encode())

    with pytest.raises(RowRejected) as refused:
        Reports().decode(raw, {"dialect": "shl"})

    assert refused.value.field_path == "scales.instrument"


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data":null}', b'{"instruments":[]}', b'{"a":'])
def test_what_is_no_report_is_no_empty_one(body: bytes) -> None:
    with pytest.raises(ContractChanged):
        Reports().split(body)


def test_a_template_keeps_types_and_drops_what_has_no_value() -> None:
    made = filled({"a": "{n}", "b": ["{none}"], "c": {"d": "{none}"}}, {"n": 3, "none": None})

    assert made == {"a": 3, "b": [], "c": {}}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_callback_of_somebody_else_is_refused(serve: Serve, dialect: str) -> None:
    served = serve(dialect=dialect)
    (callback,) = connector.events
    config, now = served.session().config, served.now
    genuine = served.running.report("callback", now)
    callback.verify(config, genuine, now)
    empty = type(config.callback_secret)("")

    for received in (
        replace(genuine, body=genuine.body + b" "),
        replace(genuine, headers={}),
        replace(genuine, headers={n: v + "0" for n, v in genuine.headers.items()}),
    ):
        with pytest.raises(AuthError):
            callback.verify(config, received, now)
    with pytest.raises(AuthError):
        nothing = {"callback_secret": empty, "client_secret": empty}
        callback.verify(config.model_copy(update=nothing), genuine, now)


def test_a_hub_orders_with_consent_and_takes_a_revision_in_beside_the_first(
    serve: Serve, service: OrderService, tmp_path: Path
) -> None:
    served = serve()
    home = tmp_path / "hub"
    settings = Settings(
        home=home,
        store_url=f"sqlite:///{home}/store.db",
        keyring=home / "keyring.json",
        landing=home / "landing",
        mappings=MAPPINGS,
    )
    config, clock = served.session().config, FakeClock(served.now)
    with open_hub(settings, create=True, clock=clock) as hub:
        person = somebody(hub, served)
        asked = ("asm", "assessments", "PKG-CLIN")
        with pytest.raises(ConsentError):
            hub.orders.place(connector, config, *asked, person=person, actor="test")
        give(hub, person, "assessment", recipients=["asm"], evidence="file 7", actor="test")
        order = hub.orders.place(connector, config, *asked, person=person, actor="test")
        for _ in range(4):
            served.advance()
            clock.sleep(86_400)
            hub.orders.poll(connector, config, "asm", holder="test")
        done = hub.orders.get(order.id)
        served.running.platform.revise(next(iter(served.running.platform.orders)))
        hub.orders.fetch(connector, config, order.id, holder="test")
        checked = hub.verify()

    assert (done.status, done.result) == ("completed", "full")
    assert checked.ok
    with sa.create_engine(settings.store_url).connect() as database:
        found = [
            database.execute(sa.text(f"select count(*) from {table} where removed_at is null"))
            for table in ("assessment_result", "assessment_scale")
        ]
    assert [f.scalar() for f in found] == [2, 20]


def somebody(hub: Any, served: Any) -> str:
    """Let the hub know one person whom the platform knows as well."""
    from connectors.successfactors import connector as successfactors
    from connectors.successfactors.sandbox import sandbox as tenant

    running = tenant.start(served.world, "127.0.0.1", 0, {})
    try:
        config = successfactors.config.model_validate(tenant.connection(served.world, running))
        hub.sync(successfactors, config, "sf", "people", holder="test")
    finally:
        running.stop()
    number = next(p.national_id for p in served.world.people if not p.faulty)
    (found,) = Reader(hub.store, hub.keys).find(By.NATIONAL_ID, number, actor="test")
    return found.id
