"""Orders to vendors: placed once, looked after until they end, their results taken in."""

from hrhub.pipeline.orders.book import Orders
from hrhub.pipeline.orders.consents import (
    WITHDRAWAL_REASONS,
    Consent,
    consent,
    consents,
    give,
    withdraw,
)
from hrhub.pipeline.orders.placing import Shown
from hrhub.pipeline.orders.polling import Polled
from hrhub.pipeline.orders.results import RESULT, stream_of
from hrhub.store.orders import Order, Tally

__all__ = [
    "RESULT",
    "WITHDRAWAL_REASONS",
    "Consent",
    "Order",
    "Orders",
    "Polled",
    "Shown",
    "Tally",
    "consent",
    "consents",
    "give",
    "stream_of",
    "withdraw",
]
