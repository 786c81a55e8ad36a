"""What a server in a process of its own leaves in its log files, and what it never does."""

from __future__ import annotations

import base64
import http.client
import json
import re
import time
import zipfile
from contextlib import closing
from typing import Any

import pytest

from para_core.testing.signing import Draft, presign, query_text, stamp_at
from para_server import __version__

from .process import ROOT_SECRET, Caller, ServerProcess

OPERATOR_TOKEN = "token-of-the-operator-0123456789"  # noqa: S105 - of these tests
MAIL_PASSWORD = "password-of-the-mail-server"  # noqa: S105
PASSWORD = "correct horse battery 12"  # noqa: S105
NEW_PASSWORD = "another horse battery 34"  # noqa: S105
HOOK_SECRET = "secret-of-the-webhook-01234"  # noqa: S105


def logged(server: ServerProcess) -> dict[str, str]:
    """Return everything that was logged, by file; the console too."""
    found = {"console": server.log}
    for file in server.folder.iterdir():
        if file.suffix == ".log":
            found[file.name] = file.read_text()
        elif file.suffix == ".zip":
            with zipfile.ZipFile(file) as packed:
                found[file.name] = "".join(packed.read(n).decode() for n in packed.namelist())
    return found


def send(
    server: ServerProcess, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Send a request without a signature."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        data = None if body is None else json.dumps(body)
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, data, told)
        answer = connection.getresponse()
        heads = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, heads, answer.read()


def use_everything_secret(server: ServerProcess) -> set[str]:
    """Do what has to do with secrets, rightly and wrongly; return the secrets."""
    secrets = {ROOT_SECRET, OPERATOR_TOKEN, MAIL_PASSWORD, PASSWORD, NEW_PASSWORD, HOOK_SECRET}
    with closing(Caller(server.port)) as root:
        secrets.add(root.ask("GET", "/v1/_setup/cats").json["secretKey"])
        secrets.add(root.ask("POST", "/v1/_newkeys").json.get("secretKey") or ROOT_SECRET)
        root.ask("PUT", "/v1/_settings/gh_secret", {"value": HOOK_SECRET})
        root.ask("POST", "/v1/webhooks", {"targetUrl": "https://a.example", "secret": HOOK_SECRET})
        root.ask("POST", "/v1/jwt_auth", {"password": PASSWORD})
        root.ask("POST", "/v1/things", {"password": PASSWORD, "n": "x" * 50})
    about = {"appid": "app:para", "provider": "password"}
    for token in (f"ann@example.com:Ann:{PASSWORD}", f"ann@example.com:Ann:{NEW_PASSWORD}", "x"):
        status, _, body = send(server, "POST", "/jwt_auth", {**about, "token": token})
        if status == 200:
            secrets.add(json.loads(body)["jwt"]["access_token"])
    jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJuby1zdWNoIn0.c2lnbmF0dXJlMTIz"
    bearers = (*secrets, jwt)
    for bearer in bearers:
        send(server, "GET", "/v1/_me", authorization=f"Bearer {bearer}")
        send(server, "GET", f"/v1/_me?getCredentials={query_text([('a', bearer)])}")
        send(server, "GET", "/health", authorization=f"Bearer {bearer}")
    host, stamp = f"127.0.0.1:{server.port}", stamp_at(time.time())
    draft = Draft("GET", "/v1/things", host=host, stamp=stamp, key="app:para", secret=ROOT_SECRET)
    pairs = presign(draft)
    send(server, "GET", f"/v1/things?{query_text(pairs)}")
    send(server, "GET", f"/v1/things?{query_text([*pairs[:-1], ('X-Amz-Signature', 'f' * 64)])}")
    send(server, "GET", f"/github_auth?code={NEW_PASSWORD.replace(' ', '-')}&state=para")
    send(server, "POST", "/v1/things", {"broken": PASSWORD}, authorization="Anonymous app:para")
    secrets |= {jwt, "f" * 64, NEW_PASSWORD.replace(" ", "-"), dict(pairs)["X-Amz-Signature"]}
    return secrets


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_line_of_a_whole_run_has_a_secret(server: ServerProcess, form: str) -> None:
    server.settings = {
        "para.log.format": form,
        "para.log.level": "DEBUG",
        "para.file_logger_level": "DEBUG",
        "para.metrics.slow_ms": 1,
        "para.metrics.logging_rate": 1,
        "para.operator.token": OPERATOR_TOKEN,
        "para.mail.password": MAIL_PASSWORD,
        "para.debug_request_signatures": True,
    }
    server.start()
    server.wait_until_ready()
    secrets = use_everything_secret(server)
    time.sleep(1.2)  # until metrics are logged
    server.tell_to_stop()
    assert server.ends() == 0
    found = logged(server)
    names = {name.rstrip("0123456789_.log") for name in found}
    assert {"console", "para", "para-metrics", "para-access"} <= {n.rstrip("_") for n in names}
    assert all(found.values())
    for secret in secrets:
        shapes = {
            secret,
            query_text([("", secret)])[1:],
            base64.b64encode(secret.encode()).decode(),
        }
        for shape in shapes:
            assert [name for name, text in found.items() if shape in text] == []


def test_metrics_have_a_file_of_their_own(server: ServerProcess) -> None:
    server.settings = {"para.metrics.logging_rate": 1}
    server.start()
    server.wait_until_ready()
    file = server.folder / "para-metrics.log"
    wait_for(lambda: "name=SqlDAO.read," in file.read_text())
    assert "type=TIMER" not in server.log
    assert "type=TIMER" not in (server.folder / "para.log").read_text()


def test_every_answer_is_in_the_access_log(running: ServerProcess, caller: Caller) -> None:
    for n in range(5):
        caller.ask("GET", f"/v1/cats/c{n}")
    send(running, "GET", "/nothing")
    text = access_log_of(running)
    wait_for(lambda: "/nothing" in text())
    lines = [line for line in text().splitlines() if "/v1/cats/" in line or "/nothing" in line]
    shape = re.compile(
        r'127\.0\.0\.1 - - \[[^]]+\] "GET (/v1/cats/c\d|/nothing) HTTP/1\.1" 404 \d+'
    )
    assert len(lines) == 6
    assert all(shape.fullmatch(line) for line in lines)


def test_there_is_no_access_log_when_it_is_turned_off(server: ServerProcess) -> None:
    server.settings = {"para.access_log_enabled": False}
    server.start()
    server.wait_until_ready()
    server.tell_to_stop()
    assert server.ends() == 0
    assert sorted(logged(server)) == ["console", "para-metrics.log", "para.log"]


def access_log_of(server: ServerProcess) -> Any:  # noqa: ANN401 - a function
    def text() -> str:
        return "".join(file.read_text() for file in server.folder.glob("para-access_*.log"))

    return text


def test_nothing_goes_to_files_that_are_off(server: ServerProcess) -> None:
    server.settings = {"para.file_logger_level": "OFF", "para.log.console": "stdout"}
    server.start()
    server.wait_until_ready()
    server.tell_to_stop()
    assert server.ends() == 0
    assert set(logged(server)) == {"console"}
    assert "initialized and listening on" in server.log


def test_a_console_that_is_off_leaves_the_files(server: ServerProcess) -> None:
    server.settings = {"para.log.console": "off", "para.logs_dir": str(server.folder / "logs")}
    server.start()
    server.wait_until_ready()
    assert server.log == ""
    assert "initialized and listening on" in (server.folder / "logs" / "para.log").read_text()


@pytest.mark.parametrize(
    ("settings", "is_shown"),
    [
        ({}, True),
        ({"para.print_logo": False}, False),
        ({"para.log.format": "json"}, False),
        ({"para.workers": 2}, True),
    ],
    ids=["usual", "turned off", "for programs", "workers"],
)
def test_a_banner_greets_people_once(
    server: ServerProcess, settings: dict[str, object], *, is_shown: bool
) -> None:
    server.settings = settings
    server.start()
    server.wait_until_ready()
    assert server.log.count(f"for Python {__version__}") == is_shown
    assert f"for Python {__version__}" not in (server.folder / "para.log").read_text()


def test_a_folder_that_cannot_be_written_is_told_of(server: ServerProcess) -> None:
    (server.folder / "logs").write_text("a file")
    server.settings = {"para.logs_dir": str(server.folder / "logs")}
    server.start()
    server.wait_until_ready()
    assert "logs/para.log cannot be written" in server.log


def test_lines_of_one_request_have_its_id(server: ServerProcess) -> None:
    server.settings = {
        "para.log.format": "json",
        "para.metrics.slow_ms": 1,
        "para.trusted_proxies": "127.0.0.1",
    }
    server.start()
    server.wait_until_ready()
    with closing(Caller(server.port)) as caller:
        batch = [{"id": f"c{n}", "type": "cat", "text": "x" * 900} for n in range(500)]
        headers = {"x-request-id": "of-the-proxy-1"}
        assert caller.ask("POST", "/v1/_batch", batch, headers=headers).status == 200
    lines = [json.loads(line) for line in (server.folder / "para.log").read_text().splitlines()]
    slow = [line for line in lines if line["message"] == "a slow operation"]
    mine = [line for line in slow if line.get("request_id") == "of-the-proxy-1"]
    assert {"SqlDAO.createAll", "RestUtils.batch.create"} <= {line["operation"] for line in mine}
    assert all(line["appid"] == "para" and line["took_ms"] >= 1 for line in mine)


def wait_for(holds: Any) -> None:  # noqa: ANN401 - a function without arguments
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_workers_write_to_the_same_files(server: ServerProcess) -> None:
    server.settings = {"para.workers": 2}
    server.start()
    server.wait_until_ready()
    main, access = server.folder / "para.log", access_log_of(server)
    wait_for(lambda: main.read_text().count("a worker is ready") == 2)
    for n in range(40):
        send(server, "GET", f"/nothing-{n}")
    wait_for(lambda: all(f"/nothing-{n} " in access() for n in range(40)))
    server.tell_to_stop()
    assert server.ends() == 0
    assert main.read_text().count("stopping") >= 2


def test_lines_that_operators_look_for_are_those_of_the_original(server: ServerProcess) -> None:
    server.start()
    server.wait_until_ready()
    with closing(Caller(server.port)) as caller:
        caller.ask("GET", "/v1/_setup/cats", query=[("sharedTable", "true")])
        caller.ask("DELETE", "/v1/apps/cats")
    server.tell_to_stop()
    assert server.ends() == 0
    text = (server.folder / "para.log").read_text()
    wanted = [
        r"--- Para\.initialize\(\) \[embedded\] \S+ ---",
        r"Created root app 'para', sharingTable = false, sharingIndex = false\.",
        r"Server is healthy\.",
        r"Loaded new DAO, Search and Cache implementations - SqlDAO, LuceneSearch, CaffeineCache\.",
        rf"Instance #1 initialized and listening on http://localhost:{server.port}",
        r"Created new app 'cats', sharingTable = true, sharingIndex = false\.",
        r"App 'app:cats' deleted\.",
        r"--- Para\.destroy\(\) ---",
    ]
    at = 0
    for line in wanted:
        found = re.compile(line).search(text, at)
        assert found is not None, line
        at = found.end()
