"""The canonical model as data: entities, feeds, privacy classes."""

from hrhub.model.entities import ENTITIES
from hrhub.model.feeds import FEEDS
from hrhub.model.modules import MODULES, known_modules, modules_of
from hrhub.model.types import Entity, Feed, FeedField, Field, Kind, Privacy

__all__ = [
    "ENTITIES",
    "FEEDS",
    "MODULES",
    "Entity",
    "Feed",
    "FeedField",
    "Field",
    "Kind",
    "Privacy",
    "known_modules",
    "modules_of",
]
