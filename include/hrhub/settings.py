"""Where this installation keeps its things, read once from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Places and names of one installation.

    Attributes:
        home: Directory of the embedded store, landing zone and key ring (``HRHUB_HOME``).
        store_url: SQLAlchemy address of the canonical store (``HRHUB_STORE_URL``).
        keyring: Key file of the ``file`` key provider (``HRHUB_KEYRING``).
        landing: Directory of landed segments (``HRHUB_LANDING``).
        mappings: Directory of mapping files (``HRHUB_MAPPINGS``).
        tenant: Tenant that commands work on (``HRHUB_TENANT``).
        language: Language of messages, ``en`` or ``zh`` (``HRHUB_LANG``).
        modules: Parts of the model that are off unless named, ``pay`` and ``bank``
            (``HRHUB_MODULES``, comma-separated).
        erasures: File that says who was erased (``HRHUB_ERASURES``), kept apart from store and
            backups; None is ``erasures.jsonl`` in the home.
    """

    home: Path
    store_url: str
    keyring: Path
    landing: Path
    mappings: Path
    tenant: str = "default"
    language: str = "en"
    modules: frozenset[str] = frozenset()
    erasures: Path | None = None

    @property
    def ledger(self) -> Path:
        """File that says who was erased."""
        return self.erasures or self.home / "erasures.jsonl"

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Read the settings; what is not set follows from ``HRHUB_HOME`` (default ``.hrhub``)."""
        env = os.environ if env is None else env
        home = Path(env.get("HRHUB_HOME") or ".hrhub").absolute()
        mappings = env.get("HRHUB_MAPPINGS")
        modules = (env.get("HRHUB_MODULES") or "").split(",")
        return cls(
            home=home,
            store_url=env.get("HRHUB_STORE_URL") or f"sqlite:///{home}/store.db",
            keyring=Path(env.get("HRHUB_KEYRING") or home / "keyring.json"),
            landing=Path(env.get("HRHUB_LANDING") or home / "landing"),
            mappings=Path(mappings) if mappings else _shipped_mappings(),
            tenant=env.get("HRHUB_TENANT") or "default",
            language="zh" if (env.get("HRHUB_LANG") or "en").lower().startswith("zh") else "en",
            modules=frozenset(name for name in map(str.strip, modules) if name),
            erasures=Path(ledger) if (ledger := env.get("HRHUB_ERASURES")) else None,
        )


def _shipped_mappings() -> Path:
    """Return the mappings of the wheel, or of the checkout when installed in place."""
    package = Path(__file__).parent
    shipped = package / "_mappings"
    return shipped if shipped.is_dir() else package.parent.parent / "mappings"
