"""kill -9 during an import: the same archive goes on where it stopped; and how much both take."""

from __future__ import annotations

import http.client
import io
import json
import random
import threading
import time
import zipfile
from contextlib import closing

from ..archives import archive  # noqa: TID252 - tests have no absolute names
from .process import Caller, ServerProcess

ZIP = {"content-type": "application/zip"}
FILES, IN_EACH = 300, 30
OBJECTS = FILES * IN_EACH
TIMEOUT_SEC = 60
STORED_MORE_SEC = 0.05


def large_archive() -> bytes:
    """Return an archive of many objects, some of them without ids."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as box:
        for part in range(FILES):
            things = [
                {"type": "thing", "stamp": part * IN_EACH + n, "text": "x" * 300}
                | ({"id": f"t{part}-{n}"} if n % 3 else {})
                for n in range(IN_EACH)
            ]
            box.writestr(f"x_part{part}.json", json.dumps(things))
    return out.getvalue()


def stored(server: ServerProcess) -> int:
    with closing(Caller(server.port)) as caller:
        return int(caller.ask("GET", "/v1/thing/search/count").json["totalHits"])


def test_an_import_that_was_killed_goes_on(server: ServerProcess) -> None:
    body = large_archive()
    chance = random.Random(11)  # noqa: S311 - a seed, not a secret
    server.start()
    server.wait_until_ready()
    resumed = list[int]()
    for _ in range(2):
        thread = threading.Thread(target=_send_and_lose, args=(server.port, body))
        thread.start()
        _wait_for(server, f"t{1_000 * (1 + len(resumed)) // IN_EACH + 1}-1")
        time.sleep(chance.uniform(0, STORED_MORE_SEC))
        server.kill()
        thread.join(30)
        server.start()
        server.wait_until_ready()
        resumed.append(stored(server))
    with closing(Caller(server.port)) as caller:
        reply = caller.ask("PUT", "/v1/_import", body, headers=ZIP)
        assert (reply.status, reply.json["count"]) == (200, OBJECTS)
        assert reply.json["resumedAt"] >= 1_000
        walk = caller.ask("GET", "/v1/thing", query=[("limit", "0")]).json["totalHits"]
        ids = [("ids", f"t{part}-{n}") for part in range(0, FILES, 50) for n in (1, 2, 29)]
        assert len(caller.ask("GET", "/v1/_batch", query=ids).json) == len(ids)
        imports = caller.ask("GET", "/v1/paraimport").json["items"]
    assert [made["count"] for made in imports] == [OBJECTS]
    # What had no id may be there twice if it was stored after the last note before a kill.
    assert OBJECTS <= walk <= OBJECTS + 2 * 1_000 // 3


def _wait_for(server: ServerProcess, key: str) -> None:
    """Wait until the import has stored an object; a search would wait for the index as well."""
    deadline = time.monotonic() + TIMEOUT_SEC
    with closing(Caller(server.port)) as caller:
        while caller.ask("GET", f"/v1/thing/{key}").status != 200:
            assert time.monotonic() < deadline, f"{key} is never stored"
            time.sleep(0.005)


def _send_and_lose(port: int, body: bytes) -> None:
    with closing(Caller(port)) as caller:
        try:
            caller.ask("PUT", "/v1/_import", body, headers=ZIP)
        except (OSError, http.client.HTTPException):
            return


def test_an_export_takes_little_memory_and_lets_others_in(running: ServerProcess) -> None:
    assert running.process is not None
    with closing(Caller(running.port)) as caller:
        for start in range(0, 20_000, 2_000):
            things = [
                {"id": f"t{n}", "type": "thing", "text": f"{n} " * 100}
                for n in range(start, start + 2_000)
            ]
            assert caller.ask("POST", "/v1/_batch", things).status == 200
        stored(running)
        before = _memory_mb(running.process.pid)
        replies: list[bytes] = []
        with closing(Caller(running.port)) as other:
            thread = threading.Thread(
                target=lambda: replies.append(other.ask("GET", "/v1/_export").body)
            )
            thread.start()
            most, times = before, list[float]()
            while thread.is_alive():
                began = time.perf_counter()
                assert caller.ask("GET", "/v1/thing/t7").status == 200
                times.append(time.perf_counter() - began)
                most = max(most, _memory_mb(running.process.pid))
            thread.join()
    with zipfile.ZipFile(io.BytesIO(replies[0])) as box:
        assert json.loads(box.comment)["objects"] >= 20_000
        assert len(json.loads(box.read(box.namelist()[5]))) == 30
    assert most - before < 40, "MB, for archives of any size"
    assert len(times) > 50, "others are answered meanwhile"


def _memory_mb(pid: int, which: str = "VmRSS") -> float:
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:  # noqa: PTH123
        line = next(line for line in status if line.startswith(f"{which}:"))
    return int(line.split()[1]) / 1024


def test_an_import_takes_little_memory(running: ServerProcess) -> None:
    chance = random.Random(13)  # noqa: S311 - a seed, not a secret
    parts = (
        [{"type": "thing", "text": chance.randbytes(4_000).hex()} for _ in range(IN_EACH)]
        for _ in range(500)
    )
    body = archive(*parts)
    assert running.process is not None
    before = _memory_mb(running.process.pid)
    with closing(Caller(running.port)) as caller:
        reply = caller.ask("PUT", "/v1/_import", body, query=[("dryrun", "true")], headers=ZIP)
    assert (reply.status, reply.json["count"]) == (200, 500 * IN_EACH)
    assert len(body) > 60_000_000
    assert _memory_mb(running.process.pid, "VmHWM") - before < 40, "MB, for archives of any size"
