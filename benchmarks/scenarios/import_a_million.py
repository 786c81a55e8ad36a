"""How much memory does an import take, and is what it stored what was exported?

1,000,000 objects of 500 bytes (seed 7) in one app are exported and imported into the app of an
empty server, over HTTP; that is exported too. Both archives must hold the same objects in the same
order, byte for byte in their JSON. Memory is what the server holds more than before, at most,
looked at five times a second, without the files of the index that the system maps.
"""

from __future__ import annotations

import itertools
import tempfile
import threading
from collections.abc import Sequence

from benchmarks.archives import Export, Import, all_objects
from benchmarks.peers import ParaServer
from benchmarks.scenario import Bar, Experiment, Extent, Finding

__all__ = ["EXPERIMENT"]

_OBJECTS = 1_000_000
_EVERY_SEC = 0.2


def run(server: ParaServer, extent: Extent) -> Sequence[Finding]:
    """Export, import, export, compare."""
    objects = extent.objects or _OBJECTS
    server.fill(objects)
    with tempfile.TemporaryFile() as before, tempfile.TemporaryFile() as after:
        first = Export(server, before)
        first.run()
        before.seek(0)
        with ParaServer() as empty:
            empty.prepare_fill()
            load, held = Import(empty, before.read()), [empty.process.own_memory_mb()]
            thread = threading.Thread(target=load.run)
            thread.start()
            while thread.is_alive():
                thread.join(_EVERY_SEC)
                held.append(empty.process.own_memory_mb())
            Export(empty, after).run()
        pairs = itertools.zip_longest(all_objects(before), all_objects(after))
        different = sum(one != other for one, other in pairs)
    return [
        Finding("objects imported", load.count, Bar(objects, is_upper=False)),
        Finding("objects a second", load.count / load.took_sec),
        Finding("archive, MB", first.size / 1_000_000),
        Finding("memory before, MB", held[0]),
        Finding("memory of the import, MB", max(held) - held[0], Bar(200)),
        Finding("objects that differ", different, Bar(0)),
    ]


EXPERIMENT = Experiment(run, is_long=True)
