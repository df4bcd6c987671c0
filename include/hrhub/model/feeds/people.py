"""The person feed, and the parts of it that other feeds about people carry too."""

from __future__ import annotations

from hrhub.model.entities import people as e
from hrhub.model.feeds.parts import MODIFIED, take
from hrhub.model.types import Feed, FeedField, Field, Privacy

PERSON = take(
    e.person,
    "display_name",
    "family_name",
    "given_name",
    "latin_name",
    "former_names",
    "gender",
    "birth_date",
    "nationality",
    "marital_status",
)
SHORTCUTS = (
    FeedField(
        "national_id",
        Field(name="national_id", check="cn_resident_id", doc="resident id of 18 (or 15) digits"),
        target="person_identifier.number",
    ),
    FeedField(
        "mobile",
        Field(name="mobile", privacy=Privacy.PERSONAL, check="mobile"),
        target="person_contact.value",
    ),
    FeedField(
        "work_email",
        Field(name="work_email", privacy=Privacy.PERSONAL, check="email"),
        target="person_contact.value",
    ),
    FeedField(
        "personal_email",
        Field(name="personal_email", privacy=Privacy.PERSONAL, check="email"),
        target="person_contact.value",
    ),
)
"""Fields that stand for an item of a list, because most vendors send just one."""

CHILDREN = {
    "contact": Feed(
        "contact",
        "person_contact",
        take(
            e.person_contact,
            "kind",
            "use",
            "is_primary",
            "value",
            "verified_at",
            "valid_from",
            "valid_to",
        ),
    ),
    "identifier": Feed(
        "identifier",
        "person_identifier",
        take(e.person_identifier, "kind", "number", "issuer", "valid_from", "valid_to"),
    ),
}

person = Feed(
    "person",
    "person",
    (*PERSON, *SHORTCUTS, MODIFIED),
    CHILDREN,
    "A person with contacts and identity documents.",
)

ALL = (person,)
