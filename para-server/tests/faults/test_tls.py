"""HTTPS in the server itself: certificates change while it runs, and nobody is cut off."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from .authority import Authority
from .process import ServerProcess

ASK = b"GET /v1 HTTP/1.1\r\nhost: localhost\r\n\r\n"


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.fixture
def secure(server: ServerProcess, authority: Authority) -> Iterator[ServerProcess]:
    put_pair(server.folder, authority, "first")
    server.settings["para.tls.cert_file"] = str(server.folder / "cert.pem")
    server.settings["para.tls.key_file"] = str(server.folder / "key.pem")
    server.settings["para.tls.check_sec"] = 0
    server.start()
    eventually(server, lambda: name_at(server, authority) == "first")
    yield server
    server.tell_to_stop()
    assert server.ends() == 0


def put_pair(folder: Path, authority: Authority, name: str) -> None:
    cert, key = authority.pair(name)
    (folder / "cert.pem").write_bytes(cert)
    (folder / "key.pem").write_bytes(key)


def connect(server: ServerProcess, authority: Authority) -> ssl.SSLSocket:
    context = ssl.create_default_context(cadata=authority.pem.decode())
    plain = socket.create_connection(("127.0.0.1", server.port), 5)
    return context.wrap_socket(plain, server_hostname="localhost")


def common_name(connection: ssl.SSLSocket) -> str:
    told = x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"")
    return str(told.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def name_at(server: ServerProcess, authority: Authority) -> str:
    with connect(server, authority) as connection:
        return common_name(connection)


def answer(connection: ssl.SSLSocket) -> bytes:
    connection.sendall(ASK)
    return connection.recv(65_536)


def eventually(server: ServerProcess, holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            if holds():
                return
        except OSError:
            pass
        time.sleep(0.05)
    message = f"it never held; the log says:\n{server.log}"
    raise AssertionError(message)


def test_a_new_certificate_counts_from_the_next_connection_on(
    secure: ServerProcess, authority: Authority
) -> None:
    with connect(secure, authority) as old:
        assert answer(old).startswith(b"HTTP/1.1 200")
        put_pair(secure.folder, authority, "second")
        hang_up(secure)
        eventually(secure, lambda: name_at(secure, authority) == "second")
        assert answer(old).startswith(b"HTTP/1.1 200")
        assert common_name(old) == "first"


def hang_up(server: ServerProcess) -> None:
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGHUP)


def test_a_pair_that_does_not_fit_leaves_the_old_one(
    secure: ServerProcess, authority: Authority
) -> None:
    cert, _ = authority.pair("half")
    (secure.folder / "cert.pem").write_bytes(cert)  # its key is still to come
    hang_up(secure)
    eventually(secure, lambda: "the old certificate stays in use" in secure.log)
    assert name_at(secure, authority) == "first"
    put_pair(secure.folder, authority, "whole")
    hang_up(secure)
    eventually(secure, lambda: name_at(secure, authority) == "whole")


def test_all_workers_show_a_new_certificate(server: ServerProcess, authority: Authority) -> None:
    put_pair(server.folder, authority, "first")
    server.settings |= {
        "para.workers": 2,
        "para.tls.cert_file": str(server.folder / "cert.pem"),
        "para.tls.key_file": str(server.folder / "key.pem"),
        "para.tls.check_sec": 0,
    }
    server.start()
    eventually(server, lambda: server.log.count("a worker is ready") == 2)
    assert {name_at(server, authority) for _ in range(8)} == {"first"}
    put_pair(server.folder, authority, "second")
    hang_up(server)
    eventually(server, lambda: server.log.count("read the certificate again") == 2)
    assert {name_at(server, authority) for _ in range(8)} == {"second"}
    server.tell_to_stop()
    assert server.ends() == 0


def test_changed_files_are_noticed_without_a_signal(
    server: ServerProcess, authority: Authority
) -> None:
    put_pair(server.folder, authority, "first")
    server.settings["para.tls.cert_file"] = str(server.folder / "cert.pem")
    server.settings["para.tls.key_file"] = str(server.folder / "key.pem")
    server.settings["para.tls.check_sec"] = 1
    server.start()
    eventually(server, lambda: name_at(server, authority) == "first")
    put_pair(server.folder, authority, "noticed")
    eventually(server, lambda: name_at(server, authority) == "noticed")
    assert server.log.count("read the certificate again") == 1


def test_clients_need_a_certificate_where_an_authority_is_named(
    server: ServerProcess, authority: Authority
) -> None:
    put_pair(server.folder, authority, "server")
    (server.folder / "authority.pem").write_bytes(authority.pem)
    server.settings["para.tls.cert_file"] = str(server.folder / "cert.pem")
    server.settings["para.tls.key_file"] = str(server.folder / "key.pem")
    server.settings["para.tls.client_ca_file"] = str(server.folder / "authority.pem")
    server.start()
    context = ssl.create_default_context(cadata=authority.pem.decode())
    known = ssl.create_default_context(cadata=authority.pem.decode())
    cert, key = authority.pair("client")
    (server.folder / "client.pem").write_bytes(cert + key)
    known.load_cert_chain(server.folder / "client.pem")

    def is_answered(with_context: ssl.SSLContext) -> bool:
        plain = socket.create_connection(("127.0.0.1", server.port), 5)
        with closing(with_context.wrap_socket(plain, server_hostname="localhost")) as secure:
            return answer(secure).startswith(b"HTTP/1.1 200")

    eventually(server, lambda: is_answered(known))
    with contextlib.suppress(ssl.SSLError, ConnectionError):  # how the end looks is not ours
        assert not is_answered(context)
    assert is_answered(known)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"para.tls.cert_file": "none.pem"}, ["para.tls", "none.pem", "No such file"]),
        ({"para.tls.cert_file": "bad.pem"}, ["para.tls", "bad.pem", "PEM"]),
        ({"para.tls.key_file": "key.pem"}, ["para.tls.cert_file is missing"]),
    ],
    ids=["missing", "no PEM", "only a key"],
)
def test_unusable_files_stop_the_start(
    server: ServerProcess, settings: dict[str, object], words: list[str]
) -> None:
    (server.folder / "bad.pem").write_text("no certificate")
    server.settings |= settings
    assert server.is_refused_in_one_line(*words)
