"""Feeds of results that were ordered; the order's source id is the vendor's number of it."""

from __future__ import annotations

from hrhub.model.entities import orders as e
from hrhub.model.feeds.parts import MODIFIED, ref, take
from hrhub.model.types import Entity, Feed, FeedField


def _order(entity: Entity) -> FeedField:
    return ref("order", entity, "order_id", "the vendor's number of the order")


assessment_result = Feed(
    "assessment_result",
    "assessment_result",
    (
        _order(e.assessment_result),
        *take(
            e.assessment_result,
            "instrument",
            "instrument_version",
            "norm_group",
            "taken_at",
            "attempt",
            "overall_score",
            "score_max",
            "percentile",
            "level",
            "validity_flag",
        ),
        MODIFIED,
    ),
    {
        "scale": Feed(
            "scale",
            "assessment_scale",
            take(
                e.assessment_scale,
                "scale_code",
                "scale_name",
                "parent_code",
                "seq",
                "raw",
                "standard",
                "standard_kind",
                "percentile",
                "level",
                "narrative",
            ),
            doc="Its scales.",
        )
    },
    "Result of an assessment that was ordered.",
)
background_check = Feed(
    "background_check",
    "background_check",
    (
        _order(e.background_check),
        *take(e.background_check, "overall", "overall_raw"),
        MODIFIED,
    ),
    {
        "item": Feed(
            "item",
            "background_item",
            take(e.background_item, "kind", "verdict", "detail", "source_desc", "verified_on"),
            doc="What was looked into.",
        )
    },
    "Result of a background check that was ordered.",
)
social_security_month = Feed(
    "social_security_month",
    "social_security_month",
    (
        _order(e.social_security_month),
        *take(
            e.social_security_month,
            "month",
            "payer_name",
            "payer_uscc",
            "region_code",
            "scheme",
            "state",
            "base",
            "queried_at",
            "asked_from",
        ),
        MODIFIED,
    ),
    doc="One month of contributions that a query brought.",
)

ALL = (assessment_result, background_check, social_security_month)
