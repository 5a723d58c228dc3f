"""contextmail rewrite: the template in the platform's own language, with manifest, diff and variants beside it."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

import typer
from typing import Annotated

from contextmail import wiring
from contextmail.campaign import Campaign, CompiledEdit, CompiledVariant, Slot
from contextmail.checking import dialect_of
from contextmail.cli import options
from contextmail.cli.files import Output, outputs, unified_diff
from contextmail.cli.output import busy, notes, number, plural, say
from contextmail.compiling import compiled
from contextmail.config import Settings
from contextmail.deciding import decide
from contextmail.dialects import DIALECTS, Dialect
from contextmail.errors import ConfigurationError, DialectError
from contextmail.language.messages import read_message
from contextmail.merging import Merged, merge
from contextmail.model.finding import Edit
from contextmail.model.manifest import Manifest
from contextmail.model.message import Message
from contextmail.predicates.tree import describe
from contextmail.rewriting import Rewrite, rewritten
