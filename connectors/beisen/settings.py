"""Settings of a connection to Beisen iTalent."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import SecretStr

from hrhub.connector import ConnectorConfig, setting


class BeisenConfig(ConnectorConfig):
    """One tenant and the connector (连接器) that its back office opened for the hub."""

    url: str = setting(
        "https://openapi.italent.cn",
        title="Address",
        help="Root of the open platform.",
        slot="host",
        min_length=1,
    )
    sign_in: Literal["app_key", "app_id"] = setting(
        "app_key",
        title="Sign in by",
        help="app_key: AppKey and AppSecret (the form of today). app_id: application id, secret "
        "and tenant id (the older form). It follows from what the tenant was given.",
    )
    app_key: str = setting(
        title="AppKey",
        help="AppKey, or the application id of the older form. Those of sandbox and production "
        "differ.",
        slot="login",
        min_length=1,
    )
    app_secret: SecretStr = setting(
        title="AppSecret",
        help="AppSecret, or the secret of the older form.",
        slot="password",
        min_length=1,
    )
    tenant_id: str = setting(
        "", title="Tenant id", help="Number of the tenant; for the older form only."
    )
    history_from: date = setting(
        date(2015, 1, 1),
        title="History from",
        help="First day of changes that a first reading asks for: the day on which the tenant "
        "began, or earlier.",
    )
    lookback_days: int = setting(
        35,
        title="Days read again",
        help="What was entered so many days before the last reading is asked for again, because "
        "it may have come into force since without another change.",
        ge=1,
        le=365,
    )
    changes_by: Literal["business", "row"] = setting(
        "business",
        title="Changes by",
        help="business: when people changed something. row: when anything wrote the row; "
        "recalculated seniority then brings everybody every night.",
    )
    employ_types: tuple[int, ...] = setting(
        (0, 2),
        title="Kinds of people",
        help="Kinds (employType) that are read: 0 internal, 1 external, 2 intern, 3 consultant.",
    )
    page_size: int = setting(
        100, title="Rows per page", help="Rows asked for at once, 300 at most.", ge=1, le=300
    )
    assessment_root: str = setting(
        "/AssessmentOpen/api/v1",
        title="Root of assessments",
        help="Path of the assessment interface below the address, as Beisen told the tenant.",
    )
