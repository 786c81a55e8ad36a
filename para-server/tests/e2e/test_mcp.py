"""The official client of the Model Context Protocol, and a server in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from para_core.config import Config
from para_core.errors import ConfigError
from para_core.nesting import MAX_DEPTH
from para_server.plugin import para_register_routes

from ..processes import free_port, stop, wait_until_ready  # noqa: TID252 - tests have no absolute names
from .client import ROOT_SECRET
from .tokens import super_token

if TYPE_CHECKING:
    from mcp import Client

pytest.importorskip("mcp")
pytest.importorskip("para_dao_sql")
pytest.importorskip("para_search_lucene")

READING = ["config_search", "get_config_by_key", "list_types", "search", "get_user_by_email"]
READING += ["get_object_by_id", "get_app_settings"]
WRITING = ["put_app_setting", "create_app", "create_object", "update_object", "delete_object"]
WRITING += ["rebuild_index", "clear_cache"]


@dataclass
class Server:
    """A running server, and who may ask it."""

    url: str
    root: str  # a token of the root app
    keys: Mapping[str, str]

    @property
    def app(self) -> str:
        """A token of the app ``harbour``."""
        return super_token("app:harbour", self.keys["secretKey"])

    def rest(self, method: str, path: str, token: str, body: object = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.request(method, f"{self.url}{path}", headers=headers, json=body)

    def user(self, name: str, appid: str = "app:harbour") -> str:
        """A token of a user of an app, made on its first use."""
        body = {"appid": appid, "provider": "password"}
        answer = httpx.post(
            f"{self.url}/jwt_auth",
            json={**body, "token": f"{name}@example.com:{name}:a password of {name}"},
        )
        found: str = answer.json()["jwt"]["access_token"]
        return found


@contextmanager
def running(folder: Path, mode: str) -> Iterator[Server]:
    port, log = free_port(), folder / "server.log"
    options = {
        "para.port": port,
        "para.mcp_server_mode": mode,
        "para.root_secret_override": ROOT_SECRET,
        "para.cache_enabled": "true",
        "para.security.allow_unverified_emails": "true",
    }
    command = [sys.executable, "-m", "para_server"]
    for name, value in options.items():
        command += ["--set", f"{name}={value}"]
    own = {name: value for name, value in os.environ.items() if not name.startswith("PARA_")}
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            command, cwd=folder, env=own, stdout=output, stderr=subprocess.STDOUT
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(process, url, log)
        server = Server(url, super_token("app:para", ROOT_SECRET), {})
        server.keys = server.rest("GET", "/v1/_setup/harbour", server.root).json()
        yield server
    finally:
        stop(process)


@pytest.fixture(scope="module")
def writable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("rw"), "rw") as server:
        yield server


@pytest.fixture(scope="module")
def readable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("r"), "r") as server:
        yield server


@asynccontextmanager
async def connected(server: Server, token: str, mode: str = "auto") -> AsyncIterator[Client]:
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
        transport = streamable_http_client(f"{server.url}/v1/_mcp", http_client=http)
        async with Client(transport, mode=mode) as client:
            yield client


async def call(client: Client, name: str, /, **arguments: object) -> Any:  # noqa: ANN401 - any JSON
    """Call a tool that has to work; return what it gave."""
    result = await client.call_tool(name, arguments)
    assert not result.is_error, result.content
    return result.structured_content or text_of(result)


async def refused(client: Client, name: str, /, **arguments: object) -> str:
    """Call a tool that has to fail; return what it said."""
    result = await client.call_tool(name, arguments)
    assert result.is_error, result.content
    return text_of(result)


def text_of(result: Any) -> str:  # noqa: ANN401 - a result of the SDK
    [content] = result.content
    text: str = content.text
    return text


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_an_assistant_finds_tools_and_resources(readable: Server, mode: str) -> None:
    async with connected(readable, readable.app, mode) as client:
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == READING + WRITING
        hints = {tool.name: tool.annotations for tool in tools}
        assert [name for name in hints if hints[name].read_only_hint] == READING  # type: ignore[union-attr]
        found = [resource.uri for resource in (await client.list_resources()).resources]
        assert found == ["para:///", "para:///metadata", "para:///config"]
        assert (await client.list_resource_templates()).resource_templates == []
        home = (await client.read_resource("para:///")).contents[0].text  # type: ignore[union-attr]
        assert '"mcpMode":"r"' in home
        assert "get_object_by_id" in home
        assert "delete_object" not in home
        about = (await client.read_resource("para:///metadata")).contents[0].text  # type: ignore[union-attr]
        assert '"appIdentifier":"harbour"' in about
        assert '"dao":"H2DAO"' in about
        keys = (await client.read_resource("para:///config")).contents[0]
        assert keys.mime_type == "text/markdown"
        assert "|`para.port`" in keys.text  # type: ignore[union-attr]


async def test_nothing_is_changed_in_the_mode_r(readable: Server) -> None:
    async with connected(readable, readable.root) as client:
        for name in WRITING:
            assert "read-only mode" in await refused(client, name, key="a", objectId="a")
        assert (await call(client, "list_types"))["types"]["user"] == 0


async def test_objects_are_made_found_changed_and_deleted(writable: Server) -> None:
    async with connected(writable, writable.app) as client:
        fields = {"id": "ann", "masts": 2}
        made = await call(client, "create_object", type="boat", name="Ann", fields=fields)
        assert made["message"] == "Object created successfully"
        assert made["object"]["masts"] == 2
        found = await call(client, "search", query="properties.masts:2", type="boat")
        assert [item["id"] for item in found["items"]] == ["ann"]
        assert (found["totalHits"], found["page"], found["limit"]) == (1, 1, 30)
        changed = await call(client, "update_object", objectId="ann", fields={"masts": 3})
        assert changed["updatedFields"] == ["masts"]
        assert (await call(client, "get_object_by_id", objectId="ann"))["masts"] == 3
        assert (await call(client, "list_types"))["types"]["boat"] == 1
        gone = await call(client, "delete_object", objectId="ann")
        assert gone["deletedName"] == "Ann"
        assert await refused(client, "get_object_by_id", objectId="ann") == (
            "Object not found with ID: ann"
        )


async def test_settings_index_and_cache_of_the_app(writable: Server) -> None:
    async with connected(writable, writable.app) as client:
        assert (
            await call(client, "put_app_setting", key="lamp", value="green") == "Setting updated."
        )
        assert await call(client, "get_app_settings") == {"lamp": "green"}
        assert await call(client, "put_app_setting", key="lamp") == "Setting removed."
        assert "lamp" not in await call(client, "get_app_settings")
        assert await call(client, "rebuild_index") == "Search index rebuilt."
        assert await call(client, "clear_cache") == "Cache cleared."


async def test_only_the_root_app_makes_apps_and_sees_values(writable: Server) -> None:
    async with connected(writable, writable.app) as client:
        assert "Only the root app" in await refused(client, "create_app", appIdentifier="quay")
        entry = await call(client, "get_config_by_key", key="PORT")
        assert (entry["prefixedKey"], entry["defaultValue"]) == ("para.port", "8080")
        assert "value" not in entry
    async with connected(writable, writable.root) as client:
        made = await call(client, "create_app", appIdentifier="quay", name="Quay")
        assert made["accessKey"] == "app:quay"
        assert made["secretKey"]
        again = await call(client, "create_app", appIdentifier="quay")
        assert again == {"code": 200, "message": "All set!"}
        entry = await call(client, "get_config_by_key", key="para.mcp_server_mode")
        assert entry["value"] == "rw"
        secret = await call(client, "get_config_by_key", key="root_secret_override")
        assert secret["value"] == "<redacted>"
        found = await call(client, "config_search", query="root secret", limit=3)
        assert ROOT_SECRET not in str(found)
        assert found["count"] == len(found["results"]) <= 3
        assert "Did you mean: port" in await refused(client, "get_config_by_key", key="prt")


async def test_a_user_does_what_its_permissions_allow(writable: Server) -> None:
    ann, ben = writable.user("ann"), writable.user("ben")
    assert writable.rest("POST", "/v1/_mcp", ann).status_code == 403
    grants = {"_mcp": ["POST"], "boat": ["GET", "POST", "OWN"], "_id": ["GET"]}
    app = writable.rest("GET", "/v1/_me", writable.app).json()
    permissions = {"resourcePermissions": {"*": grants}}
    path = f"/v1/app/{app['id']}"
    assert writable.rest("PATCH", path, writable.app, permissions).status_code == 200
    async with connected(writable, ann) as client:
        made = await call(client, "create_object", type="boat", name="Ann's")
        key = made["object"]["id"]
        assert (await call(client, "search", type="boat"))["totalHits"] == 1
        denial = "You don't have permission"
        assert denial in await refused(client, "delete_object", objectId=key)
        assert denial in await refused(client, "get_app_settings")
        assert denial in await refused(client, "rebuild_index")
        assert denial in await refused(client, "clear_cache")
        assert denial in await refused(client, "list_types")
        assert denial in await refused(client, "search", query="*")
        assert denial in await refused(client, "get_user_by_email", email="ben@example.com")
        assert denial in await refused(client, "config_search", query="port")
    async with connected(writable, ben) as client:
        assert (await call(client, "search", type="boat"))["totalHits"] == 0
        assert "not found" in await refused(client, "get_object_by_id", objectId=key)
    async with connected(writable, writable.app) as client:
        user = await call(client, "get_user_by_email", email="Ann@example.com")
        assert user["name"] == "ann"
        assert "tokenSecret" not in user
        await call(client, "delete_object", objectId=key)


async def test_no_tool_does_anything_for_who_may_only_ask(writable: Server) -> None:
    """Whatever tools there are: each one asks what the door of the API asks."""
    keys = writable.rest("GET", "/v1/_setup/quiet", writable.root).json()
    app = super_token("app:quiet", keys["secretKey"])
    eve = writable.user("eve", "app:quiet")
    path = "/v1/_permissions/*/_mcp"
    assert writable.rest("PUT", path, app, ["POST"]).status_code == 200
    made = writable.rest("POST", "/v1/ship", app, {"id": "kept", "name": "Kept"})
    assert made.status_code == 201
    arguments = {
        "query": "kept", "key": "port", "value": 1, "email": "eve@example.com", "type": "ship",
        "name": "Eve's", "objectId": "kept", "fields": {"name": "Eve's"}, "appIdentifier": "eve",
    }  # fmt: skip
    async with connected(writable, eve) as client:
        tools = [tool.name for tool in (await client.list_tools()).tools]
        for name in tools:
            told = await refused(client, name, **arguments)
            assert "permission" in told.lower(), (name, told)
    ships = writable.rest("GET", "/v1/ship", app).json()["items"]
    assert [ship["name"] for ship in ships] == ["Kept"]


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("search", {"query": "a AND ("}, "Invalid query string syntax: a AND ("),
        ("search", {"limit": "many"}, "'limit' must be a number."),
        ("search", {"query": ["a"]}, "'query' must be a text."),
        ("get_object_by_id", {}, "Object ID is required."),
        ("get_user_by_email", {}, "Email address is required."),
        ("get_user_by_email", {"email": 'a"b'}, "'a\"b' is no e-mail address."),
        ("get_user_by_email", {"email": "x@y.zz"}, "User not found with email: x@y.zz"),
        ("get_config_by_key", {}, "Configuration key cannot be empty"),
        ("put_app_setting", {}, "Setting key cannot be empty"),
        ("create_object", {"type": "boat"}, "Object type and name are required"),
        ("create_object", {"type": "b", "name": "n", "fields": [1]}, "'fields' must be a map"),
        ("create_object", {"type": "user", "name": "n"}, "The end user must supply"),
        ("update_object", {"objectId": "app:harbour"}, "No fields to update provided."),
        ("no_such_tool", {}, "Unknown tool: no_such_tool"),
    ],
)
async def test_what_is_wrong_is_told(
    writable: Server, name: str, arguments: dict[str, object], message: str
) -> None:
    async with connected(writable, writable.app) as client:
        assert message in await refused(client, name, **arguments)


async def test_objects_are_no_deeper_than_those_of_the_api(writable: Server) -> None:
    deep: list[object] = []
    for _ in range(MAX_DEPTH):
        deep = [deep]
    async with connected(writable, writable.app) as client:
        fields = {"deep": deep}
        told = await refused(client, "create_object", type="boat", name="Deep", fields=fields)
        assert "levels inside each other" in told
        told = await refused(client, "put_app_setting", key="deep", value=deep)
        assert "levels inside each other" in told


def test_objects_are_no_larger_than_those_of_the_api(writable: Server) -> None:
    fields = {"text": "a" * 1_048_576}
    arguments = {"type": "boat", "name": "Large", "fields": fields}
    params = {"name": "create_object", "arguments": arguments}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    answer = writable.rest("POST", "/v1/_mcp", writable.app, message)
    assert answer.status_code == 413
    assert writable.rest("GET", "/v1/boats", writable.app).json()["totalHits"] == 0


async def test_an_unknown_resource_is_an_error(writable: Server) -> None:
    from mcp import MCPError

    async with connected(writable, writable.app) as client:
        with pytest.raises(MCPError, match="Resource not found"):
            await client.read_resource("para:///secrets")


def test_the_endpoint_has_the_door_of_the_api(writable: Server) -> None:
    url = f"{writable.url}/v1/_mcp"
    assert httpx.post(url, json={}).status_code == 401
    listening = writable.rest("GET", "/v1/_mcp", writable.app)
    assert (listening.status_code, listening.headers["allow"]) == (405, "POST")
    assert writable.rest("DELETE", "/v1/_mcp", writable.app).status_code == 405
    assert writable.rest("POST", "/v1/_mcp", writable.app, {"no": "message"}).status_code == 400


# ---- whether it is there at all ---------------------------------------------------------------

_LOADED = """
import sys
from para_core.config import Config
from para_server.plugin import para_register_routes
routes = para_register_routes(Config({"para.mcp_server_mode": sys.argv[1]}))
print(len(routes), "mcp" in sys.modules)
"""


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("off", "0 False"), ("", "0 False"), ("w", "0 False"), ("r", "1 False"), ("RW", "1 False")],
)
def test_the_sdk_is_not_loaded_at_the_start(mode: str, expected: str) -> None:
    command = [sys.executable, "-c", _LOADED, mode]
    said = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert said.stdout.strip() == expected


def test_a_missing_sdk_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(ConfigError, match=r"pip install 'para-server\[mcp\]'"):
        para_register_routes(Config({"para.mcp_server_mode": "r"}))
