"""The checks by name, in the order of a report: one file each, file name = name; a test holds this against the folder."""

from __future__ import annotations

from contextmail.auditing.base import Check
from contextmail.auditing.differing_opt_out import DifferingOptOut
from contextmail.auditing.dirty_name import DirtyName
from contextmail.auditing.duplicate_address import DuplicateAddress
from contextmail.auditing.empty_field import EmptyField
from contextmail.auditing.invalid_address import InvalidAddress
from contextmail.auditing.no_consent_source import NoConsentSource
from contextmail.auditing.same_person import SamePerson
from contextmail.auditing.untrue_label import UntrueLabel

CHECKS: dict[str, type[Check]] = {
    "differing-opt-out": DifferingOptOut,
    "no-consent-source": NoConsentSource,
    "dirty-name": DirtyName,
    "invalid-address": InvalidAddress,
    "duplicate-address": DuplicateAddress,
    "same-person": SamePerson,
    "untrue-label": UntrueLabel,
    "empty-field": EmptyField,
}
