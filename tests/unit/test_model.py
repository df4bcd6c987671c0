"""The whole canonical model, and what is derived from it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from jsonschema import Draft202012Validator

from hrhub.errors import ConfigError
from hrhub.mapping.clean import text_cleaners
from hrhub.mapping.schema import mapping_schema
from hrhub.model import ENTITIES, FEEDS, MODULES, Entity, Feed, Field, Kind, Privacy, modules_of
from hrhub.model import reference as pages
from hrhub.model.entities import GROUPS as ENTITY_GROUPS
from hrhub.model.feeds import GROUPS as FEED_GROUPS
from hrhub.model.masking import MaskRule, mask, rule_of
from hrhub.model.modules import known_modules
from hrhub.model.schema import bundle, entity_schema, feed_schema
from hrhub.settings import Settings
from hrhub.store.schema import ENTITY_TABLES

CANONICAL = [
    "person",
    "person_identifier",
    "person_contact",
    "person_bank",
    "requisition",
    "candidate",
    "application",
    "application_event",
    "resume",
    "resume_job",
    "resume_education",
    "interview",
    "interview_ability_score",
    "interview_failure_reason",
    "offer",
    "service_order",
    "assessment_result",
    "assessment_scale",
    "background_check",
    "background_item",
    "social_security_month",
    "employment_verification",
    "employment_discrepancy",
    "employee",
    "employment",
    "assignment",
    "compensation",
    "org_unit",
    "position",
    "attendance_punch",
    "attendance_day",
    "leave_request",
    "leave_balance",
    "pay_item",
    "approval_step",
    "performance_review",
    "exit_record",
    "training_record",
    "consent",
]
WITHOUT_PERSON = {"requisition", "org_unit", "position"}
SENSITIVE = [
    "person_identifier.number",
    "person.marital_status",
    "person_bank.account",
    "attendance_punch.geo",
    "leave_request.type",
    "leave_request.reason",
    "interview.overall_score",
    "interview_ability_score.score",
    "interview_failure_reason.reason",
    "offer.pay_amount",
    "resume_job.claimed_pay",
    "service_order.invite_url",
    "assessment_scale.standard",
    "background_check.overall",
    "background_item.detail",
    "application.reject_note",
    "social_security_month.month",
    "social_security_month.base",
    "employment_discrepancy.claimed",
    "compensation.components",
    "pay_item.amount",
    "performance_review.rating",
    "exit_record.reason",
]
PERSONAL = [
    "candidate.talent_state",
    "candidate.tags",
    "application.stage",
    "resume.summary",
    "resume.document_file",
    "interview.status",
    "offer.status",
    "consent.purpose",
    "training_record.score",
    "leave_balance.remaining",
    "attendance_day.result",
    "approval_step.comment",
    "attendance_punch.place_label",
    "person.former_names",
]
OPEN = [
    "employee.status",
    "employment.hire_date",
    "employment.end_date",
    "attendance_day.work_date",
    "requisition.code",
    "service_order.status",
    "consent.expires_at",
    "social_security_month.scheme",
    "assignment.org_unit_id",
]


def _parts() -> Iterator[tuple[Feed, Feed]]:
    """Yield (feed, part): the feed itself and each of its lists."""
    for feed in FEEDS.values():
        yield feed, feed
        yield from ((feed, child) for child in feed.children.values())


def _field(path: str) -> Field:
    entity, name = path.split(".")
    return ENTITIES[entity].by_name[name]


def _chain(entity: Entity) -> list[str]:
    """Return the entities on the way to the person."""
    way = [entity.name]
    while entity.subject != "id":
        leads = entity.subject if entity.subject not in (None, "subject_id") else entity.via
        assert leads, f"{way} ends without a person"
        target = entity.by_name[leads].ref
        assert target not in way, f"{way} comes back to {target}"
        assert target is not None
        way.append(target)
        entity = ENTITIES[target]
        assert not entity.history, f"{way}: references to {target} are series, not rows"
    return way


def test_every_canonical_entity_is_there_once() -> None:
    assert sorted(ENTITIES) == sorted(CANONICAL)
    assert len([e for group in ENTITY_GROUPS.values() for e in group]) == len(ENTITIES)
    assert len([f for group in FEED_GROUPS.values() for f in group]) == len(FEEDS)
    assert set(FEED_GROUPS) <= set(ENTITY_GROUPS)


def test_names_are_unique_within_an_entity_and_never_those_of_the_hub() -> None:
    for name, entity in ENTITIES.items():
        names = [f.name for f in entity.fields]
        own = {c for c in set(ENTITY_TABLES[name].columns.keys()) if c not in names}

        assert len(set(names)) == len(names), name
        assert not {"id", "tenant", "content", "subject_id", "row_seal"} & set(names), name
        assert {"id", "tenant", "link_id", "content", "row_version"} <= own, name


@pytest.mark.parametrize("name", sorted(set(CANONICAL) - WITHOUT_PERSON))
def test_every_row_about_a_person_leads_to_the_person(name: str) -> None:
    assert _chain(ENTITIES[name])[-1] == "person"


def test_what_is_about_nobody_has_no_way_to_a_person() -> None:
    for name in WITHOUT_PERSON:
        assert (ENTITIES[name].subject, ENTITIES[name].via) == (None, None)


def test_the_way_to_the_person_starts_at_a_field_that_is_always_filled() -> None:
    for entity in ENTITIES.values():
        for leads in {entity.subject, entity.via} - {None, "id", "subject_id"}:
            assert leads is not None
            field = entity.by_name[leads]
            assert field.kind is Kind.REF and field.privacy is Privacy.OPEN
            asked = {
                f.target
                for f in (FEEDS[entity.name].fields if entity.name in FEEDS else ())
                if f.field.required
            }
            # Where two ways lead there, a record without either is refused.
            sure = field.required or f"{entity.name}.{leads}" in asked or entity.or_via
            assert sure, (entity.name, leads)


def test_a_second_way_leads_to_the_person_too() -> None:
    for entity in (e for e in ENTITIES.values() if e.or_via):
        assert entity.via and entity.or_via
        for leads in (entity.via, entity.or_via):
            assert entity.by_name[leads].privacy is Privacy.OPEN
            target = entity.by_name[leads].ref
            assert target and _chain(ENTITIES[target])[-1] == "person", (entity.name, leads)


def test_an_entity_sealed_with_another_subject_says_how_it_is_reached() -> None:
    for entity in ENTITIES.values():
        assert (entity.subject == "subject_id") <= bool(entity.via), entity.name


@pytest.mark.parametrize(
    ("paths", "privacy"),
    [(SENSITIVE, Privacy.SENSITIVE), (PERSONAL, Privacy.PERSONAL), (OPEN, Privacy.OPEN)],
    ids=["sensitive", "personal", "open"],
)
def test_fields_have_the_class_that_was_decided(paths: list[str], privacy: Privacy) -> None:
    assert {path: _field(path).privacy for path in paths} == dict.fromkeys(paths, privacy)


def test_references_are_open_and_files_have_their_hash_in_the_same_class() -> None:
    for entity in ENTITIES.values():
        for field in entity.fields:
            if field.kind is Kind.REF:
                assert field.privacy is Privacy.OPEN, (entity.name, field.name)
            if field.name.endswith("_file"):
                digest = entity.by_name[field.name.removesuffix("_file") + "_sha256"]
                assert digest.privacy is field.privacy is not Privacy.OPEN


def test_nothing_biometric_has_a_field() -> None:
    words = ("template", "photo", "face", "finger", "palm", "image")
    names = [f"{e.name}.{f.name}" for e in ENTITIES.values() for f in e.fields]

    assert not [name for name in names if any(word in name for word in words)]


def test_an_order_is_placed_once_per_tenant() -> None:
    table = ENTITY_TABLES["service_order"]
    unique = [[c.name for c in u.columns] for u in table.constraints if hasattr(u, "columns")]

    assert ["tenant", "idempotency_key"] in unique


def test_scales_keep_the_kind_of_their_standard_score() -> None:
    kinds = {"z", "t", "sten", "stanine", "iq", "pct", "ten", "hundred"}

    assert set(_field("assessment_scale.standard_kind").codes) == kinds


def test_each_list_of_a_feed_becomes_rows_that_refer_to_its_record_once() -> None:
    about_people = {"person_contact", "person_identifier"}
    for feed, part in _parts():
        if part is feed:
            continue
        parent = "person" if part.entity in about_people else feed.entity
        back = [f.name for f in ENTITIES[part.entity].fields if f.ref == parent]
        assert len(back) == 1, (feed.name, part.name)
        assert all(f.target and f.target.startswith(f"{part.entity}.") for f in part.fields)


def test_each_feed_asks_for_every_column_its_rows_cannot_be_without() -> None:
    filled_by_apply = {"candidate.person_id", "employee.person_id", "employment.employee_id"}
    for feed, part in _parts():
        offered = {f.target for f in part.fields if f.field.required}
        if part is not feed or feed.name == "device_user":
            offered |= {f"{part.entity}.{f.name}" for f in ENTITIES[part.entity].fields if f.ref}
        needed = {
            f"{part.entity}.{f.name}" for f in ENTITIES[part.entity].fields if f.required
        } - filled_by_apply
        if feed.name != "device_user":
            assert needed <= offered, (feed.name, part.name)


def test_records_of_every_feed_but_those_of_terminals_can_carry_their_version() -> None:
    without = {name for name, feed in FEEDS.items() if "modified_at" not in feed.by_name}

    assert without == {"device_user", "punch"}


def test_optional_modules_are_off_and_unknown_ones_refused() -> None:
    assert Settings.from_env({}).modules == frozenset()
    assert Settings.from_env({"HRHUB_MODULES": " pay, bank,"}).modules == {"pay", "bank"}
    assert {n for n, f in FEEDS.items() if modules_of(f)} == {
        "compensation",
        "pay_item",
        "person_bank",
    }
    with pytest.raises(ConfigError) as raised:
        known_modules(["pay", "pai"])
    assert (raised.value.code, raised.value.context["module"]) == ("settings.module", "pai")


def test_schemas_are_valid_and_say_what_the_model_says() -> None:
    Draft202012Validator.check_schema(bundle())
    for name, entity in ENTITIES.items():
        schema = entity_schema(name)
        properties = schema["properties"]
        assert list(properties) == [f.name for f in entity.fields]
        assert schema["required"] == [f.name for f in entity.fields if f.required]
        for field in entity.fields:
            told = properties[field.name]
            assert told["x-privacy"] == field.privacy
            assert told.get("x-references") == field.ref
            assert tuple(v for v in told.get("enum", ()) if v) == field.codes


def test_schemas_accept_what_a_feed_carries_and_nothing_else() -> None:
    check = Draft202012Validator(feed_schema("interview")).is_valid
    good = {
        "application": "A-1",
        "mode": "ai",
        "overall_score": "71.50",
        "human_reviewed_at": None,
        "ability": [{"ability": "logic", "score": "4"}],
    }

    assert check(good)
    assert not check({**good, "mode": "telepathy"})
    assert not check({**good, "overall_score": 71.5})
    assert not check({**good, "ability": [{"score": "4"}]})
    assert not check({**good, "more": 1})
    assert not check({"mode": "ai"})


def test_tables_pages_schemas_targets_and_masks_agree_with_the_model() -> None:
    page = pages.page()
    targets = {
        rule["if"]["properties"]["to"]["const"]: rule["then"]["properties"]
        for rule in mapping_schema()["allOf"]
    }
    schemas = bundle()["$defs"]

    assert set(ENTITY_TABLES) == set(ENTITIES)
    assert set(targets) == set(FEEDS)
    assert set(schemas) == {f"entity.{n}" for n in ENTITIES} | {f"feed.{n}" for n in FEEDS}
    for name, entity in ENTITIES.items():
        columns = ENTITY_TABLES[name].c
        section = page.partition(f"#### Entity {name}\n")[2].partition("\n#")[0]
        for field in entity.fields:
            is_column = field.privacy is Privacy.OPEN
            assert (field.name in columns) is is_column or entity.history, (name, field.name)
            assert (rule_of(field) is MaskRule.SHOWN) is is_column
            assert f"| `{field.name}` |" in section
            assert f"| {field.privacy.value} | {rule_of(field).value} |" in section
        for group in (Privacy.PERSONAL, Privacy.SENSITIVE):
            assert (f"sealed_{group}" in columns) is bool(entity.subject), name
    for feed, part in _parts():
        rules = targets[feed.name]["fields"]
        schema = schemas[f"feed.{feed.name}"]
        section = page.partition(f"### Feed {feed.name}\n")[2].partition("\n#")[0]
        if part is not feed:
            block = targets[feed.name]["each"]["properties"][part.name]
            rules = block["anyOf"][0]["properties"]["fields"]
            schema = schema["properties"][part.name]["items"]
        assert list(rules["properties"]) == [f.name for f in part.fields]
        assert set(part.by_name) <= set(schema["properties"])
        assert all(f"| `{f.name}` |" in section for f in part.fields)


def test_checks_named_by_the_model_exist() -> None:
    known = {*text_cleaners(date(2026, 11, 24)), "birth_date"}
    named = {f.field.check for _, part in _parts() for f in part.fields}
    named |= {f.check for e in ENTITIES.values() for f in e.fields}

    assert named - {None} <= known


def test_masks_of_every_entity_can_be_asked_for() -> None:
    assert all(mask(e.name, f.name, None) == "" for e in ENTITIES.values() for f in e.fields)
    assert MODULES.keys() == {"pay", "bank"}
