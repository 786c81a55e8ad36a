"""Archives that are too large for the memory, over a real socket."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

import pytest

from para_server.config import ApiSettings

from ...archives import archive  # noqa: TID252 - tests have no absolute names
from ..backends import MEMORY  # noqa: TID252 - tests have no absolute names
from ..client import ROOT_SECRET  # noqa: TID252 - tests have no absolute names
from ..wire import TIMEOUT_SEC, Answer, Server, running  # noqa: TID252 - tests have no absolute names

ZIP = "Content-Type: application/zip"
MOST = 4 << 20
FILES, IN_EACH = 12, 100
CHANCE = random.Random(7)  # noqa: S311 - a seed, not a secret
BODY = archive(
    *(
        [
            {"id": f"t{f}-{n}", "type": "thing", "text": CHANCE.randbytes(1_200).hex()}
            for n in range(IN_EACH)
        ]
        for f in range(FILES)
    )
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("archives")
    settings = ApiSettings(
        root_secret_override=ROOT_SECRET, import_max_bytes=MOST, import_folder=str(folder)
    )
    with running(settings, MEMORY, tmp_path_factory.mktemp("data")) as server:
        yield server
        assert list(folder.iterdir()) == []


@pytest.fixture(autouse=True)
def nothing_stays(server: Server) -> Iterator[None]:
    yield
    wait_until(lambda: server.para.api._on_disk.held == 0)


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_SEC
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def load(server: Server, body: bytes = BODY, *headers: str, **query: str) -> Answer:
    request = server.request(
        "PUT", "/v1/_import", body, headers=[ZIP, *headers], query=list(query.items())
    )
    return server.ask(request)


def test_it_is_larger_than_what_lies_in_memory() -> None:
    assert 1 << 20 < len(BODY) < MOST


def test_a_large_archive_is_imported(server: Server) -> None:
    answer = load(server)
    assert (answer.status, answer.json["count"]) == (200, FILES * IN_EACH)
    found = server.ask(server.request("GET", "/v1/thing/t11-99"))
    assert found.status == 200


def test_its_signature_counts(server: Server) -> None:
    request = server.request("PUT", "/v1/_import", BODY, headers=[ZIP])
    answer = server.ask(request[:-1] + bytes([request[-1] ^ 1]))
    assert (answer.status, answer.json["code"]) == (403, 403)


def test_its_length_may_be_unknown(server: Server) -> None:
    request = server.request(
        "PUT", "/v1/_import", BODY, headers=[ZIP, "Transfer-Encoding: chunked"]
    )
    head = request.removesuffix(BODY)
    chunks = (BODY[at : at + 50_000] for at in range(0, len(BODY), 50_000))
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    answer = server.ask(head + body + b"0\r\n\r\n")
    assert (answer.status, answer.json["count"]) == (200, FILES * IN_EACH)


def test_a_dry_run_reads_all_of_it(server: Server) -> None:
    answer = load(server, dryrun="true")
    assert (answer.status, answer.json["count"]) == (200, FILES * IN_EACH)


def test_what_is_answered_at_once_is_imported_afterwards(server: Server) -> None:
    made = {"id": "later", "type": "thing"}
    body = archive(
        [made, *({"type": "thing", "text": CHANCE.randbytes(1_200).hex()} for _ in range(1_000))]
    )
    assert len(body) > 1 << 20
    answer = load(server, body, "X-Para-Respond-Immediately: true")
    assert (answer.status, answer.body) == (200, b"")
    wait_until(lambda: server.ask(server.request("GET", "/v1/thing/later")).status == 200)


def test_a_broken_archive_is_a_400(server: Server) -> None:
    answer = load(server, BODY[:-30] + b"x" * 30)
    assert (answer.status, answer.json["message"]) == (
        400,
        "Import failed - the archive is damaged",
    )


def test_what_is_larger_than_allowed_is_refused_unread(server: Server) -> None:
    request = server.request("PUT", "/v1/_import", b"x", headers=[ZIP])
    answer = server.ask(request.replace(b"Content-Length: 1", b"Content-Length: %d" % (MOST + 1)))
    assert answer.status == 400
    assert answer.json["message"] == f"Request is too large - the maximum is {MOST // 1024} KB."


def test_a_client_that_goes_away_leaves_nothing(server: Server) -> None:
    request = server.request("PUT", "/v1/_import", BODY, headers=[ZIP])
    with server.connect() as connection:
        connection.sendall(request[: 2 << 20])
        wait_until(lambda: server.para.api._on_disk.held > 1 << 20)
    wait_until(lambda: server.para.api._on_disk.held == 0)
    assert load(server, dryrun="true").status == 200, "others go on"


def test_a_date_that_is_too_old_is_refused_before_anything_is_kept(server: Server) -> None:
    request = server.request("PUT", "/v1/_import", BODY, headers=[ZIP])
    today = time.strftime("X-Amz-Date: %Y%m%dT", time.gmtime()).encode().lower()
    assert today in request.lower()
    head, _, _ = request.partition(b"\r\n\r\n")
    at = head.lower().index(today) + len("x-amz-date: ")
    old = head[:at] + b"2001" + head[at + 4 :]
    answer = server.ask(old + b"\r\n\r\n")
    assert answer.status == 400
    assert server.para.api._on_disk.held == 0
