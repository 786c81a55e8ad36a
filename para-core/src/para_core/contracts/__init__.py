"""What every implementation of a back-end promises; each contract has its suite in ``testing``."""

from __future__ import annotations

from para_core.contracts.cache import Cache
from para_core.contracts.component import Component
from para_core.contracts.dao import DAO, Change, Put, Record, Write
from para_core.contracts.emailer import Attachment, Emailer
from para_core.contracts.filestore import FileStore
from para_core.contracts.outbound import Outbound, OutboundReply
from para_core.contracts.queue import AsideMessage, Message, Queue
from para_core.contracts.search import Delta, Hits, Later, Search
from para_core.contracts.signin import Profile, SignIn, SignInTools

__all__ = [
    "DAO",
    "AsideMessage",
    "Attachment",
    "Cache",
    "Change",
    "Component",
    "Delta",
    "Emailer",
    "FileStore",
    "Hits",
    "Later",
    "Message",
    "Outbound",
    "OutboundReply",
    "Profile",
    "Put",
    "Queue",
    "Record",
    "Search",
    "SignIn",
    "SignInTools",
    "Write",
]
