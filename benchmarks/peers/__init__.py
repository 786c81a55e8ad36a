"""The servers that are measured: Para, and those it is held against, each in its own dialect."""

from __future__ import annotations

from benchmarks.peers.base import Peer
from benchmarks.peers.floor import Floor
from benchmarks.peers.original import Original
from benchmarks.peers.para import ParaServer
from benchmarks.peers.pocketbase import PocketBase

__all__ = ["PEERS", "Floor", "Original", "ParaServer", "Peer", "PocketBase"]

PEERS: dict[str, type[Peer]] = {
    "para": ParaServer,
    "floor": Floor,
    "pocketbase": PocketBase,
    "original": Original,
}
