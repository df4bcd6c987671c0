"""Settings of a connection to a Hikvision terminal."""

from __future__ import annotations

from datetime import date

from pydantic import SecretStr

from hrhub.connector import ConnectorConfig, setting


class HikvisionConfig(ConnectorConfig):
    """One terminal."""

    url: str = setting(
        title="Address",
        help="Root of the terminal's interface.",
        slot="host",
        example="https://10.20.3.40",
        min_length=1,
    )
    user: str = setting("admin", title="User", help="User of the terminal.", slot="login")
    password: SecretStr = setting(
        title="Password",
        help="Its password. After five wrong ones the terminal is locked for half an hour.",
        slot="password",
    )
    punch_events: str = setting(
        "5/1, 5/38, 5/75",
        title="Events that are punches",
        help="Pairs of major and minor event code: card, fingerprint, face. Guides differ on "
        "some: look at your terminal's events.",
        pattern=r"\d+/\d+(\s*,\s*\d+/\d+)*",
    )
    history_from: date = setting(
        date(2026, 1, 1),
        title="Punches from",
        help="First day of punches to read when nothing was read before.",
    )
    lookback_min: int = setting(
        60,
        title="Minutes read again",
        help="How far before the last reading punches are asked for again: terminals write late.",
        ge=0,
        le=10_080,
    )
    most_drift_s: int = setting(
        300,
        title="Most seconds the clock may be wrong",
        help="If the terminal's clock is further off, reading stops: times would be wrong.",
        ge=1,
    )

    push_serial: str = setting(
        "",
        title="Serial number of the terminal",
        help="As `hrhub check` tells it. With it, the events that the terminal tells by itself are "
        "taken as well: posted to the inbox (HTTP host) or listened to (alertStream).",
        pattern=r"[A-Za-z0-9_.-]{0,64}",
    )

    def pairs(self) -> list[tuple[int, int]]:
        """Return the events that are punches, as pairs of numbers."""
        words = (pair.strip().split("/") for pair in self.punch_events.split(","))
        return [(int(major), int(minor)) for major, minor in words]
