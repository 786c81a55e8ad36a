"""Validation: the rules of the core types, and the constraints that apps keep for theirs."""

from __future__ import annotations

from para_core.constraints.kinds import KINDS, Kind
from para_core.constraints.rules import CORE_RULES, core_constraints
from para_core.constraints.stored import (
    Constraints,
    add_constraint,
    all_constraints,
    constraints_of,
    readable_constraints,
    remove_constraint,
)
from para_core.constraints.validation import ObjectView, app_messages, core_messages, validate

__all__ = [
    "CORE_RULES",
    "KINDS",
    "Constraints",
    "Kind",
    "ObjectView",
    "add_constraint",
    "all_constraints",
    "app_messages",
    "constraints_of",
    "core_constraints",
    "core_messages",
    "readable_constraints",
    "remove_constraint",
    "validate",
]
