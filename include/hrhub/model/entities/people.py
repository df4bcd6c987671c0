"""People, their identity documents and the ways to reach them."""

from __future__ import annotations

from hrhub.model.declare import (
    OPEN,
    PERSONAL,
    SENSITIVE,
    code,
    data,
    day,
    flag,
    moment,
    ref,
    text,
)
from hrhub.model.types import Entity

GENDERS = ("female", "male", "other", "undisclosed")
IDENTIFIER_KINDS = (
    "cn_resident_id",
    "passport",
    "hk_mo_permit",
    "tw_permit",
    "foreign_permanent",
    "other",
)
VERIFIERS = ("vendor", "social_security", "background_check", "person", "other")
CONTACT_KINDS = ("mobile", "phone", "email", "wechat", "address")
CONTACT_USES = ("work", "personal", "emergency")

person = Entity(
    "person",
    (
        text("display_name", PERSONAL, required=True, index="name", check="name"),
        text("family_name", PERSONAL, check="name"),
        text("given_name", PERSONAL, check="name"),
        text("latin_name", PERSONAL, check="name"),
        data("former_names", PERSONAL, doc="list of names that the person had before"),
        code("gender", PERSONAL, GENDERS),
        day("birth_date", PERSONAL, check="birth_date"),
        text("nationality", PERSONAL, doc="ISO 3166-1 alpha-3"),
        text("marital_status", SENSITIVE),
        ref("survivor_id", "person"),
        code("merge_state", OPEN, ("single", "survivor", "merged")),
    ),
    subject="id",
    doc="A human being. Candidate and employee are roles of a person.",
)

person_identifier = Entity(
    "person_identifier",
    (
        ref("person_id", "person", required=True),
        code("kind", OPEN, IDENTIFIER_KINDS, required=True),
        text("number", SENSITIVE, required=True, index="cn_id"),
        text("issuer", PERSONAL),
        day("valid_from", PERSONAL),
        day("valid_to", PERSONAL),
        code("verified_by", OPEN, VERIFIERS, doc="who compared it with a register"),
        moment("verified_at", OPEN),
    ),
    subject="person_id",
    doc="One identity document of a person.",
)

person_contact = Entity(
    "person_contact",
    (
        ref("person_id", "person", required=True),
        code("kind", OPEN, CONTACT_KINDS, required=True),
        code("use", OPEN, CONTACT_USES, required=True),
        flag("is_primary", OPEN),
        text("value", PERSONAL, required=True, index="contact"),
        moment("verified_at", OPEN, doc="when it was last seen to work"),
        day("valid_from", OPEN),
        day("valid_to", OPEN, doc="last day; numbers are given to others afterwards"),
    ),
    subject="person_id",
    doc="A way to reach a person. Numbers are shared and re-used: the index is not unique.",
)

ALL = (person, person_identifier, person_contact)
