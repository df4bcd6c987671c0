"""Connectors that say wrong things of themselves, and mappings that do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from hrhub.conformance.subject import Subject
from hrhub.connector import (
    Checked,
    ConnectorConfig,
    Deletes,
    Session,
    VendorAnswer,
    setting,
)
from hrhub.errors import HrHubError, Transient, VendorError
from hrhub.http.auth import ClientCredentials
from tests.conformance.broken.variant import (
    BESIDE_STREAMS,
    EMPLOYEES,
    PUNCHES,
    STREAMS,
    Variant,
    variant,
    with_connector,
    with_employees,
    with_mapping,
)
from tests.conformance.reference.connector import AcmeConfig, check


class Silent(AcmeConfig):
    """A setting without words."""

    region: str = "cn"


@variant("a setting without title and help", "spec.valid")
def no_words(good: Subject, tmp: Path) -> Subject:
    return with_connector(good, config=Silent)


@variant("a vendor code that leads to a code without words", "spec.valid")
def no_catalogue(good: Subject, tmp: Path) -> Subject:
    errors = {**good.connector.errors, "1": VendorAnswer(Transient, "acme.unheard")}
    return with_connector(good, errors=errors)


class Open(AcmeConfig):
    """A secret that is not marked."""

    api_token: str = setting("abc", title="Token", help="Another way in.")


@variant("a secret setting that is plain text", "spec.secrets")
def open_secret(good: Subject, tmp: Path) -> Subject:
    return with_connector(good, config=Open)


class Talking(AcmeConfig):
    """A configuration whose representation shows the secret."""

    def __repr__(self) -> str:
        return f"Talking({self.client_secret.get_secret_value()})"


@variant("a configuration that shows its secret", "spec.secrets")
def talking(good: Subject, tmp: Path) -> Subject:
    return with_connector(good, config=Talking)


@variant("a stream for a feed that does not exist", "discover.stable", "mapping.cases")
def no_feed(good: Subject, tmp: Path) -> Subject:
    return with_connector(good, streams=(EMPLOYEES, replace(PUNCHES, feed="stamps")))


@variant(
    "a check that asks nothing",
    "check.credentials",
    "check.right",
    "check.unreachable",
    "check.wrong_answer",
)
def lazy_check(good: Subject, tmp: Path) -> Subject:
    return with_connector(good, check=lambda session: Checked("Acme HR", {"tenant": "acme"}))


def _loud(session: Session) -> Checked:
    assert isinstance(session.config, AcmeConfig)
    return replace(check(session), facts={"k": session.config.client_secret.get_secret_value()})


@variant("a check that tells the secret", "check.answers")
def loud_check(good: Subject, tmp: Path) -> Subject:
    return with_connector(good, check=_loud)


def _vague(session: Session) -> Checked:
    try:
        return check(session)
    except HrHubError:
        raise Transient("vendor.unreachable") from None


@variant(
    "a check that calls everything unreachable",
    "check.credentials",
    "check.right",
    "check.wrong_answer",
)
def vague_check(good: Subject, tmp: Path) -> Subject:
    return with_connector(good, check=_vague)


def _crashing(session: Session) -> Checked:
    try:
        return check(session)
    except VendorError as error:
        raise ConnectionError(str(error)) from None


@variant("a check that ends with a bare exception", "check.unreachable", "check.wrong_answer")
def crashing_check(good: Subject, tmp: Path) -> Subject:
    return with_connector(good, check=_crashing)


def _wordless(session: Session) -> Checked:
    try:
        return check(session)
    except HrHubError as error:
        raise type(error)("acme.no_words_for_this") from None


@variant(
    "errors without words",
    "check.credentials",
    "check.right",
    "check.unreachable",
    "check.wrong_answer",
)
def wordless(good: Subject, tmp: Path) -> Subject:
    return with_connector(good, check=_wordless)


@variant("leavers declared invisible although they are there", "records.leavers")
def wrong_leavers(good: Subject, tmp: Path) -> Subject:
    return with_employees(good, replace(EMPLOYEES, deletes=Deletes.INVISIBLE))


@variant("volatile fields that are not declared", "records.stable")
def not_volatile(good: Subject, tmp: Path) -> Subject:
    return with_employees(good, replace(EMPLOYEES, volatile=()))


def _printing_auth(config: ConnectorConfig) -> ClientCredentials:
    assert isinstance(config, AcmeConfig)
    secret = config.client_secret.get_secret_value()
    return ClientCredentials("oauth/token", config.client_id, SecretStr(secret), scope=secret)


@variant("an authentication that shows the secret when printed", "spec.secrets")
def printing_auth(good: Subject, tmp: Path) -> Subject:
    return with_connector(good, auth=_printing_auth)


@variant("an import of Airflow and a sleep of its own", "code.imports")
def airflow(good: Subject, tmp: Path) -> Subject:
    path = tmp / "acme_extra.py"
    path.write_text("import time\nfrom airflow.sdk import dag\n\ntime.sleep(1)\n")
    return replace(good, sources=(*good.sources, path))


@variant("a socket of its own", "code.imports")
def own_socket(good: Subject, tmp: Path) -> Subject:
    path = tmp / "acme_wire.py"
    path.write_text("import urllib.request\n")
    return replace(good, sources=(*good.sources, path))


@variant("a golden case that does not hold", "mapping.cases")
def wrong_case(good: Subject, tmp: Path) -> Subject:
    return with_mapping(
        good,
        tmp,
        "employees",
        lambda t: t.replace('out: {work_no: "0004711"', 'out: {work_no: "4711"'),
    )


@variant("a mapping without golden cases", "mapping.cases")
def no_cases(good: Subject, tmp: Path) -> Subject:
    return with_mapping(good, tmp, "employees", lambda t: t[: t.index("cases:")])


@variant("a mobile number in an open field", "mapping.classes")
def leaking_field(good: Subject, tmp: Path) -> Subject:
    return with_mapping(
        good, tmp, "employees", lambda t: t.replace("  status:", "  job_title: mobile\n  status:")
    )


@variant("an id number composed into an open field", "mapping.classes")
def leaking_text(good: Subject, tmp: Path) -> Subject:
    added = '  job_title: {concat: [{const: "post "}, idCard]}\n  status:'
    return with_mapping(good, tmp, "employees", lambda t: t.replace("  status:", added))


@variant("milliseconds taken for seconds", "records.fit", "mapping.cases", "hub.twice")
def wrong_epoch(good: Subject, tmp: Path) -> Subject:
    return with_mapping(good, tmp, "punches", lambda t: t.replace("epoch_ms", "epoch_s"))


@variant("another day in the place of the last", "mapping.cases", "time.true")
def wrong_day(good: Subject, tmp: Path) -> Subject:
    return with_mapping(
        good,
        tmp,
        "employees",
        lambda t: t.replace("end_date: {from: left", "end_date: {from: hired"),
    )


def _run_on(variant: Variant) -> Variant:
    """Leave the streams out for what was changed beside them, and the rest for what was not."""
    themes = {check.partition(".")[0] for check in variant.caught_by}
    beside = themes <= {"spec", "check", "code"}
    return replace(variant, only=BESIDE_STREAMS if beside else STREAMS)


VARIANTS: tuple[Variant, ...] = tuple(
    _run_on(v) for v in list(globals().values()) if isinstance(v, Variant)
)
