"""The one client for requests of the server itself."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from para_core.errors import UnavailableError
from para_server.outbound import Addresses, OutboundClient

from .certificates import self_signed
from .web import Asked, Told, json_of, web

SECRETS = {"Authorization": "Bearer t", "X-Amz-Access-Token": "t", "Cookie": "a=b"}


@pytest.fixture
async def client() -> AsyncIterator[OutboundClient]:
    async with OutboundClient(
        Addresses(allow_private=True), timeout_ms=500, max_bytes=100_000
    ) as made:
        yield made


def echo(asked: Asked) -> Told:
    return json_of([asked.method, asked.target, asked.headers, asked.body.decode()])


async def test_a_request_arrives_as_it_was_sent(client: OutboundClient) -> None:
    async with web(lambda _: Told(201, b"made", {"X-Id": "7"})) as server:
        reply = await client.send(
            "post", f"{server.url}/a/b?c=%20d", headers={"Accept": "text/plain"}, body=b"x=1"
        )
    asked = server.asked[0]
    assert (reply.status, reply.body, reply.headers["x-id"]) == (201, b"made", "7")
    assert (asked.method, asked.target, asked.body) == ("POST", "/a/b?c=%20d", b"x=1")
    assert asked.headers["accept"] == "text/plain"
    assert asked.headers["host"] == f"127.0.0.1:{server.port}"
    assert asked.headers["user-agent"].startswith("para-server/")
    assert asked.headers["accept-encoding"] == "identity"


async def test_a_request_whose_time_has_passed_does_not_leave(client: OutboundClient) -> None:
    async with web(echo) as server:
        asked: list[int] = []

        def not_now() -> bool:
            asked.append(server.connections)
            return False

        with pytest.raises(UnavailableError, match="not sent"):
            await client.send("POST", server.url, body=b"late", may_send=not_now)
        assert server.asked == []
        reply = await client.send("POST", server.url, body=b"in time", may_send=lambda: True)
    assert reply.status == 200
    assert [request.body for request in server.asked] == [b"in time"]
    assert asked == [1]  # when the connection was there


async def test_private_addresses_are_refused_before_anything_is_sent() -> None:
    async with web(echo) as server, OutboundClient(Addresses()) as strict:
        with pytest.raises(UnavailableError, match=r"add it to para\.outbound\.hosts"):
            await strict.send("GET", server.url)
        with pytest.raises(UnavailableError):
            await strict.send("GET", f"http://localhost:{server.port}/")
    assert server.connections == 0


async def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    """A name that answers with another address the second time leads nowhere else."""
    answers = [["127.0.0.1"], ["127.0.0.99"]]

    async def look_up(host: str, port: int) -> list[str]:
        assert (host, port) == ("rebinding.example", server.port)
        return answers.pop(0)

    addresses = Addresses(hosts=["rebinding.example"], resolver=look_up)
    async with web(echo) as server, OutboundClient(addresses) as client:
        reply = await client.send("GET", f"http://rebinding.example:{server.port}/")
    assert reply.status == 200
    assert len(answers) == 1
    assert server.asked[0].headers["host"] == f"rebinding.example:{server.port}"


async def test_redirects_are_checked_again() -> None:
    async def look_up(host: str, port: int) -> list[str]:
        del port
        return ["127.0.0.1"] if host == "public.example" else ["10.0.0.1"]

    def away(_: Asked) -> Told:
        return Told(302, headers={"location": "http://internal.example/secrets"})

    addresses = Addresses(hosts=["public.example"], resolver=look_up)
    async with web(away) as server, OutboundClient(addresses) as client:
        with pytest.raises(UnavailableError, match=r"internal\.example"):
            await client.send("GET", f"http://public.example:{server.port}/")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed_with_its_headers_on_the_same_host(
    client: OutboundClient, status: int
) -> None:
    def answer(asked: Asked) -> Told:
        return echo(asked) if asked.path == "/b" else Told(status, headers={"location": "/b?x=1"})

    async with web(answer) as server:
        reply = await client.send("GET", f"{server.url}/a", headers=SECRETS)
    assert reply.status == 200
    assert server.asked[1].target == "/b?x=1"
    assert server.asked[1].headers["authorization"] == "Bearer t"


async def test_another_host_gets_no_credentials(client: OutboundClient) -> None:
    def away(_: Asked) -> Told:
        return Told(302, headers={"location": f"{other.url}/b"})

    headers = {**SECRETS, "Accept": "image/*"}
    async with web(echo) as other, web(away) as first:
        assert (await client.send("GET", f"{first.url}/a", headers=headers)).status == 200
    got = other.asked[0].headers
    assert got["accept"] == "image/*"
    assert not {name.lower() for name in SECRETS} & set(got)


async def test_what_is_posted_is_not_sent_elsewhere(client: OutboundClient) -> None:
    async with web(lambda _: Told(307, headers={"location": "/b"})) as server:
        reply = await client.send("POST", f"{server.url}/a", body=b"client_secret=s")
    assert reply.status == 307
    assert len(server.asked) == 1


async def test_endless_redirects_end(client: OutboundClient) -> None:
    async with web(lambda _: Told(302, headers={"location": "/"})) as server:
        with pytest.raises(UnavailableError, match="more than 5 times"):
            await client.send("GET", server.url)
    assert len(server.asked) == 6


async def test_a_redirect_that_names_no_address_ends(client: OutboundClient) -> None:
    for target in ("file:///etc/passwd", "gopher://127.0.0.1/", "http://", "http://[::1/"):
        async with web(lambda _, to=target: Told(302, headers={"location": to})) as server:  # type: ignore[misc]
            with pytest.raises(UnavailableError):
                await client.send("GET", server.url)


async def test_large_answers_are_refused_announced_or_not(client: OutboundClient) -> None:
    announced = b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\nx"
    endless = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 200_000
    for raw in (announced, endless):
        async with web(lambda _, raw=raw: Told(raw=raw)) as server:  # type: ignore[misc]
            with pytest.raises(UnavailableError):
                await client.send("GET", server.url)


async def test_slow_answers_end_with_the_time_limit(client: OutboundClient) -> None:
    async def slow(_: Asked) -> Told:
        await asyncio.sleep(5)
        return Told()

    async with web(slow) as server:
        with pytest.raises(UnavailableError, match=r"did not answer within 0\.5 seconds"):
            await client.send("GET", server.url)


async def test_what_is_no_http_is_unavailable(client: OutboundClient) -> None:
    async with web(lambda _: Told(raw=b"SSH-2.0-OpenSSH\r\n\r\n")) as server:
        with pytest.raises(UnavailableError, match="cannot be reached"):
            await client.send("GET", server.url)


async def test_a_closed_port_is_unavailable(client: OutboundClient) -> None:
    async with web(echo) as server:
        pass
    await asyncio.sleep(0)
    with pytest.raises(UnavailableError, match="cannot be reached"):
        await client.send("GET", f"http://127.0.0.1:{server.port}/")


async def test_a_kept_connection_that_was_closed_meanwhile_is_replaced(
    client: OutboundClient,
) -> None:
    async with web(lambda _: Told(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")) as server:
        for _ in range(3):
            assert (await client.send("GET", server.url)).body == b"x"
    assert server.connections == 3


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "ftp://example.org/",
        "http:///path",
        "http://user:secret@example.org/",
        "http://example.org:0/",
        "http://example.org:99999/",
        "http://example.org/a b",
        "http://example.org/\r\nX: y",
        "http://exämple.org/",
        "http://[::1/",
    ],
)
async def test_what_is_no_address_is_refused(client: OutboundClient, url: str) -> None:
    with pytest.raises(UnavailableError, match="no address"):
        await client.send("GET", url)


async def test_a_header_cannot_smuggle_another(client: OutboundClient) -> None:
    with pytest.raises(UnavailableError, match="more than one line"):
        await client.send("GET", "http://127.0.0.1:9/", headers={"A": "b\r\nC: d"})


async def test_certificates_are_verified(tmp_path: Path) -> None:
    tls = self_signed(tmp_path, "localhost")
    trusting = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    addresses = Addresses(allow_private=True)
    async with web(echo, tls=tls) as server:
        async with OutboundClient(addresses) as strict:
            with pytest.raises(UnavailableError, match="CERTIFICATE_VERIFY_FAILED"):
                await strict.send("GET", f"https://localhost:{server.port}/")
        async with OutboundClient(addresses, tls=trusting) as client:
            assert (await client.send("GET", f"https://localhost:{server.port}/")).status == 200
            with pytest.raises(UnavailableError):  # the certificate is of another name
                await client.send("GET", f"https://127.0.0.1:{server.port}/")


async def test_https_does_not_lead_to_http(tmp_path: Path) -> None:
    tls = self_signed(tmp_path, "localhost")
    trusting = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))

    def away(_: Asked) -> Told:
        return Told(302, headers={"location": plain.url})

    client = OutboundClient(Addresses(allow_private=True), tls=trusting)
    async with web(echo) as plain, web(away, tls=tls) as server, client:
        with pytest.raises(UnavailableError, match="unprotected"):
            await client.send("GET", f"https://localhost:{server.port}/")
    assert not plain.asked
