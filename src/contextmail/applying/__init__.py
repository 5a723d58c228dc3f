"""Apply plans, refresh and undo what was applied, and tidy up: resumable, undoable, and it never sends."""

from contextmail.applying.apply import Applied, apply
from contextmail.applying.refresh import Refreshed, refresh
from contextmail.applying.tidy import plan_tidy
from contextmail.applying.undo import Undone, undo

__all__ = ["Applied", "Refreshed", "Undone", "apply", "plan_tidy", "refresh", "undo"]
