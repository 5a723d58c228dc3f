"""Plan a campaign for an audience: what would be written where, as data that a person reviews; reads, never writes."""

from contextmail.planning.planner import plan

__all__ = ["plan"]
