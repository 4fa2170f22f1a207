"""Delivery: rows to the relay, each claimed, handed over and marked singly.

The door of its rooms: `rounds` (a worker's loop), `claim` (who holds a message), `settle` (what becomes of
it), `sweeping` (what each minute puts right), `smtp` (one kept connection), `switch` (stops all of it).
"""

from forum.outbox.delivery.rounds import Halt, Tally, deliver_all, deliver_some
from forum.outbox.delivery.settle import expire
from forum.outbox.delivery.sweeping import reap, sweep

__all__ = ["Halt", "Tally", "deliver_all", "deliver_some", "expire", "reap", "sweep"]
