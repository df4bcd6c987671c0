"""What a connector says of itself: settings, secrets, words, streams."""

from __future__ import annotations

import re

from pydantic import SecretStr

from hrhub.conformance.lab import Lab
from hrhub.conformance.law import check, demand, some
from hrhub.connector.config import ConnectorConfig, is_secret, secrets_of
from hrhub.errors import HrHubError
from hrhub.messages import LANGUAGES, PARTS, catalogue
from hrhub.model import FEEDS

EVIDENCE = ("assumed", "documented", "client-proven", "recorded")
_SECRET_NAME = re.compile(r"(^|_)(secret|password|passwd|token|(private|api|comm|aes)_key)$")
_VERSION = re.compile(r"\d+\.\d+(\.\d+)?\S*")


@check(
    "spec.valid",
    means="Every setting has a title and help; version, evidence and error codes are known.",
    hint="Declare settings with setting(title=…, help=…); give every own code words in en and zh.",
)
def valid(lab: Lab, _: None) -> str:
    """Look at the declaration alone; nothing is sent."""
    connector = lab.connector
    fields = connector.config.model_fields
    silent = [n for n, f in fields.items() if not (f.title and f.description)]
    demand(not silent, f"settings without title or help: {some(silent)}")
    demand(_VERSION.fullmatch(connector.version), "the version is not of the form 1.2.3")
    demand(connector.evidence in EVIDENCE, f"evidence is none of {some(EVIDENCE)}")
    known = set(fields) | set(ConnectorConfig.model_fields)
    connector.config.model_json_schema()
    codes = {answer.code for answer in connector.errors.values()}
    codes |= {code for language in connector.words.values() for code in language}
    for language in LANGUAGES:
        words = {**catalogue(language), **connector.words.get(language, {})}
        wordless = sorted(c for c in codes if not all(words.get(c, {}).get(p) for p in PARTS))
        demand(not wordless, f"codes without words in language {language}: {some(wordless)}")
    odd = [c for c, a in connector.errors.items() if not issubclass(a.error, HrHubError)]
    demand(not odd, f"vendor codes that lead to no error of hrhub: {some(odd)}")
    return f"{len(known)} settings, {len(codes)} codes"


@check(
    "spec.secrets",
    means="Secrets are marked as such and appear in no representation of the configuration.",
    hint="Type secret settings as pydantic.SecretStr; nothing else marks them.",
)
def secrets(lab: Lab, _: None) -> str:
    """Compare names of settings with their types, and representations with the values."""
    fields = lab.connector.config.model_fields
    bare = [
        name
        for name, info in fields.items()
        if _SECRET_NAME.search(name) and info.annotation is not bool and not is_secret(info)
    ]
    demand(not bare, f"settings that look like secrets and are not marked: {some(bare)}")
    values = [v for v in secrets_of(lab.config) if len(v) > 3]
    shown = repr(lab.config) + str(lab.config.model_dump())
    demand(not any(v in shown for v in values), "the configuration shows a secret when printed")
    if lab.connector.auth:
        shown = repr(lab.connector.auth(lab.config))
        demand(not any(v in shown for v in values), "the authentication shows a secret if printed")
    marked = [n for n, f in fields.items() if is_secret(f)]
    wrong = {name: ["not", "a", "secret"] for name in marked}
    try:
        lab.connector.config.model_validate({**lab.site.given, **wrong})
    except ValueError as error:
        demand(not any(v in str(error) for v in values), "a wrong configuration shows a secret")
    assert all(isinstance(getattr(lab.config, n), SecretStr | None) for n in marked)
    return f"{len(marked)} secrets"


@check(
    "discover.stable",
    means="The streams are the same every time, name known feeds, and can be put in order.",
    hint="Declare streams as constants; `feed` is one of the canonical feeds.",
)
def stable(lab: Lab, _: None) -> str:
    """Put the streams in order twice, and find the connector in its module again."""
    connector = lab.connector
    first, second = (
        [(s.name, s.feed, s.key, s.mode, s.after) for s in connector.in_order()] for _ in range(2)
    )
    demand(first == second, "two looks at the streams differ")
    unknown = [s.name for s in connector.streams if s.feed not in FEEDS]
    demand(not unknown, f"streams with a feed that is not canonical: {some(unknown)}")
    titles = [(s.name, s.title) for s in connector.streams]
    titles += [(o.name, o.title) for o in connector.orders]
    untitled = [name for name, title in titles if not title]
    demand(not untitled, f"parts without a title: {some(untitled)}")
    promised = set(lab.site.truth)
    declared = {s.name for s in connector.streams}
    demand(
        promised <= declared, f"the simulator serves unknown streams: {some(promised - declared)}"
    )
    return f"{len(first)} streams"
