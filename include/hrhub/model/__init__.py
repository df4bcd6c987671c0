"""The canonical model as data: entities, feeds, privacy classes."""

from hrhub.model.custom import NO_CUSTOM_FIELDS, CustomField, CustomFields
from hrhub.model.entities import ENTITIES
from hrhub.model.feeds import FEEDS
from hrhub.model.modules import MODULES, known_modules, modules_of
from hrhub.model.types import Entity, Feed, FeedField, Field, Kind, Privacy

__all__ = [
    "ENTITIES",
    "FEEDS",
    "MODULES",
    "NO_CUSTOM_FIELDS",
    "CustomField",
    "CustomFields",
    "Entity",
    "Feed",
    "FeedField",
    "Field",
    "Kind",
    "Privacy",
    "known_modules",
    "modules_of",
]
