"""The audit chain shows every edit."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hrhub.crypto import GENESIS, AuditBroken, TenantKeys, audit_linker, verify_links

Link = tuple[dict[str, object], bytes]


@pytest.fixture
def chain(tenant_keys: TenantKeys) -> list[Link]:
    link = audit_linker(tenant_keys)
    links: list[Link] = []
    prev = GENESIS
    for seq in range(1, 6):
        event: dict[str, object] = {"act": "sync.apply", "n": seq * 10, "seq": seq}
        prev = link(prev, event)
        links.append((event, prev))
    return links


def forge(links: list[Link]) -> list[Link]:
    return [(dict(event), mac) for event, mac in links]


def edited(links: list[Link]) -> list[Link]:
    links[2][0]["n"] = 31
    return links


def renumbered(links: list[Link]) -> list[Link]:
    kept = links[:2] + links[3:]
    for seq, (event, _) in enumerate(kept, 1):
        event["seq"] = seq
    return kept


@pytest.mark.parametrize(
    ("forgery", "first_wrong"),
    [
        (edited, 3),
        (renumbered, 3),
        (lambda c: c[:1] + c[2:], 2),
        (lambda c: c[1:], 1),
        (lambda c: [c[0], c[2], c[1], *c[3:]], 2),
        (lambda c: [*c[:2], c[1], *c[2:]], 3),
        (lambda c: [*c[:4], (c[4][0], bytes(32))], 5),
        (lambda c: [*c[:4], (c[4][0], b"")], 5),
    ],
    ids=["edit", "drop+renumber", "gap", "no start", "reorder", "repeat", "forged mac", "no mac"],
)
def test_a_forged_chain_is_refused_at_the_first_wrong_link(
    tenant_keys: TenantKeys,
    chain: list[Link],
    forgery: Callable[[list[Link]], list[Link]],
    first_wrong: int,
) -> None:
    with pytest.raises(AuditBroken) as caught:
        verify_links(audit_linker(tenant_keys), forgery(forge(chain)))

    assert caught.value.context == {"seq": first_wrong}


def test_a_gap_is_noticed_even_if_the_links_fit_together(tenant_keys: TenantKeys) -> None:
    link = audit_linker(tenant_keys)
    first = link(GENESIS, {"seq": 1})

    with pytest.raises(AuditBroken) as caught:
        verify_links(link, [({"seq": 1}, first), ({"seq": 3}, link(first, {"seq": 3}))])

    assert caught.value.context == {"seq": 2}


def test_a_link_after_something_that_is_no_link_is_refused(tenant_keys: TenantKeys) -> None:
    with pytest.raises(AuditBroken):
        audit_linker(tenant_keys)(b"", {"seq": 1})


def test_a_whole_chain_holds_and_can_be_checked_from_a_checkpoint_on(
    tenant_keys: TenantKeys, chain: list[Link]
) -> None:
    link = audit_linker(tenant_keys)

    assert verify_links(link, chain) == (5, chain[-1][1])
    assert verify_links(link, chain[2:], prev=chain[1][1], first_seq=3) == (3, chain[-1][1])
    assert verify_links(link, []) == (0, GENESIS)


def test_the_order_of_an_events_keys_does_not_matter(tenant_keys: TenantKeys) -> None:
    link = audit_linker(tenant_keys)

    assert link(GENESIS, {"a": 1, "b": None}) == link(GENESIS, {"b": None, "a": 1})
