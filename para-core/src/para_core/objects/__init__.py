"""Objects: their classes, their fields, and their JSON."""

from __future__ import annotations

from para_core.objects.base import (
    CLASSES,
    Address,
    App,
    Form,
    Linker,
    ParaObject,
    Sysprop,
    Tag,
    Translation,
    User,
    Vote,
    Webhook,
    class_of,
)

__all__ = [
    "CLASSES",
    "Address",
    "App",
    "Form",
    "Linker",
    "ParaObject",
    "Sysprop",
    "Tag",
    "Translation",
    "User",
    "Vote",
    "Webhook",
    "class_of",
]
