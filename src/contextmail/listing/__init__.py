"""Lists for call centres, gateways and letter shops: files in, files out, checked again before use, outcomes back."""

from __future__ import annotations

from contextmail.listing.making import Listed, make_list
from contextmail.listing.outcomes import Taken, take_outcomes
from contextmail.listing.rechecking import recheck_list

__all__ = ["Listed", "Taken", "make_list", "recheck_list", "take_outcomes"]
