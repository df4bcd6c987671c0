"""Who is who: find people by blind index, merge and take apart, ask humans where rules must not."""

from hrhub.identity.loading import (
    Entry,
    People,
    make_node,
    take_contact,
    take_identifier,
    take_job,
    take_person,
)
from hrhub.identity.lookup import EmployeeMatch, by_work_no, one_by_work_no
from hrhub.identity.merges import (
    Act,
    MergePersons,
    UnmergePersons,
    members_of,
    resolve_id,
    resolve_ids,
)
from hrhub.identity.nodes import Node
from hrhub.identity.placing import Placer, attaches
from hrhub.identity.policy import IdentityPolicy, load_identity_policy
from hrhub.identity.ports import Desk, State
from hrhub.identity.settling import Settled, settle, take_turn

__all__ = [
    "Act",
    "Desk",
    "EmployeeMatch",
    "Entry",
    "IdentityPolicy",
    "MergePersons",
    "Node",
    "People",
    "Placer",
    "Settled",
    "State",
    "UnmergePersons",
    "attaches",
    "by_work_no",
    "load_identity_policy",
    "make_node",
    "members_of",
    "one_by_work_no",
    "resolve_id",
    "resolve_ids",
    "settle",
    "take_contact",
    "take_identifier",
    "take_job",
    "take_person",
    "take_turn",
]
