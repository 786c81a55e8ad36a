"""Forms as browsers and programs send them, and what is none."""

from __future__ import annotations

import contextlib
import os
import time

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from para_server.http.multipart import (
    FileField,
    FormFields,
    UnreadableFormError,
    is_multipart,
    read_form,
)

KIND = b"multipart/form-data; boundary=B"


def read(body: bytes, kind: bytes = KIND, *, most: int = 10) -> FormFields:
    return read_form({b"content-type": kind}, body, most_fields=most, most_bytes=1000)


def part(head: str, content: bytes = b"x") -> bytes:
    return f"--B\r\n{head}\r\n\r\n".encode() + content + b"\r\n"


def named(name: str, more: str = "") -> str:
    return f'Content-Disposition: form-data; name="{name}"{more}'


# how Chrome 120, Firefox 121 and curl 8.5 write the boundary, and odd but allowed forms
@pytest.mark.parametrize(
    "boundary",
    [
        "----WebKitFormBoundaryAbC123",
        "---------------------------4072",
        "------------------------d7",
    ],
)
@pytest.mark.parametrize("quoted", [False, True])
def test_browsers_are_understood(boundary: str, *, quoted: bool) -> None:
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="message"\r\n\r\n'
        f"a\r\n--b\r\n\r\n--{boundary}\r\n"
        'Content-Disposition: form-data; name="file"; filename="%22a%22.png"\r\n'
        f"Content-Type: image/png\r\n\r\n\0\r\n\r\n--{boundary}--\r\n"
    ).encode()
    kind = f'boundary="{boundary}"' if quoted else f"boundary={boundary}"
    found = read(body, f"Multipart/Form-Data; charset=utf-8; {kind}".encode())
    assert found.texts == {"message": "a\r\n--b\r\n"}
    assert found.files == {"file": FileField('"a".png', "image/png", b"\0\r\n")}


# quotes are escaped by %22, which itself is not, and backslashes in several ways
NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters='"%\\')
)


@given(
    texts=st.dictionaries(NAMES, st.text(st.characters(codec="utf-8"), max_size=50), max_size=4),
    content=st.binary(max_size=200),
    filename=NAMES.filter(bool),
)
def test_what_a_program_sends_comes_back(
    texts: dict[str, str], content: bytes, filename: str
) -> None:
    files = {"": (filename, content, "application/pdf")}
    request = httpx.Request("POST", "http://x/", data=texts, files=files)
    found = read(request.read(), request.headers["content-type"].encode())
    assert found.texts == texts
    assert found.files == {"": FileField(filename, "application/pdf", content)}


def test_the_first_of_several_values_counts() -> None:
    body = part(named("a"), b"1") + part(named("a"), b"2") + b"--B--"
    assert read(body).texts == {"a": "1"}


@pytest.mark.parametrize(
    "body",
    [
        part(named("a")) + b"--B--",
        b"preamble\r\n" + part(named("a")) + b"--B--\r\nepilogue",
        part(named("a")).replace(b"--B", b"--B \t") + b"--B--",
        part("X: y\r\ncontent-disposition:form-data; name=a") + b"--B--",
    ],
    ids=["no last line end", "words around", "blanks", "no quotes"],
)
def test_what_the_standard_allows(body: bytes) -> None:
    assert read(body).texts == {"a": "x"}


def test_a_text_that_is_no_utf8_is_latin() -> None:
    assert read(part(named("a"), b"caf\xe9") + b"--B--").texts == {"a": "caf\xe9"}


def test_an_unchosen_file_is_none() -> None:
    assert read(part(named("file", '; filename=""'), b"") + b"--B--") == FormFields()


BROKEN = {
    "empty": b"",
    "nonsense": b"nonsense",
    "no end": part(named("a")),
    "another boundary": part(named("a")).replace(b"--B", b"--C") + b"--C--",
    "no name": part("Content-Disposition: form-data") + b"--B--",
    "no disposition": part("Content-Type: text/plain") + b"--B--",
    "another disposition": part('Content-Disposition: attachment; name="a"') + b"--B--",
    "no head": b"--B\r\nx\r\n--B--",
    "a long head": part(named("a" * 5000)) + b"--B--",
    "a large text": part(named("a"), b"x" * 1001) + b"--B--",
    "many parts": part(named("a")) * 11 + b"--B--",
    "more behind the boundary": part(named("a")).replace(b"--B", b"--Bx") + b"--B--",
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_what_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableFormError):
        read(body)


@pytest.mark.parametrize(
    "kind",
    [
        b"multipart/form-data",
        b"multipart/form-data; boundary=",
        b'multipart/form-data; boundary=""',
        b"multipart/form-data; boundary=" + b"x" * 71,
        b'multipart/form-data; boundary="a\r\nb"',
        b"multipart/form-data; boundary=\xe9",
        b"multipart/form-data; xboundary=B",
    ],
)
def test_a_boundary_that_is_none_is_refused(kind: bytes) -> None:
    with pytest.raises(UnreadableFormError):
        read(part(named("a")) + b"--B--", kind)


def test_ten_parts_are_not_too_many() -> None:
    body = b"".join(part(named(f"a{number}")) for number in range(10))
    assert len(read(body + b"--B--").texts) == 10


@given(st.binary(max_size=300))
def test_nothing_else_goes_wrong(body: bytes) -> None:
    """Whatever comes is refused or read, and a file that does not end its part comes back."""
    for sent in (body, b"--B\r\n" + body + b"\r\n--B--", part(named("a"), body)):
        with contextlib.suppress(UnreadableFormError):
            found = read(sent)
            assert all(file.content in sent for file in found.files.values())
    if b"\r\n--B" not in b"\r\n" + body:
        found = read(part(named("f", '; filename="x"'), body) + b"--B--")
        assert found.files == {"f": FileField("x", "", body)}


@pytest.mark.parametrize(
    "body",
    [
        part(named("f", '; filename="x"'), os.urandom(5_000_000)) + b"--B--",
        b"\r\n--" * 1_000_000,
        b"--B\r\n" * 1_000_000,
        b"--B\r\n" + b"a:b\r\n" * 1_000_000 + b"\r\n--B--",
        part(named("f", '; a="' + "\\" * 4000), b"x") * 10 + b"--B--",
    ],
    ids=["random", "line ends", "boundaries", "headers", "backslashes"],
)
def test_large_bodies_take_no_time(body: bytes) -> None:
    began = time.process_time()
    with contextlib.suppress(UnreadableFormError):
        read(body)
    assert time.process_time() - began < 0.5  # it takes 0.02


def test_the_kind_is_told_by_the_header() -> None:
    assert is_multipart({b"content-type": b" Multipart/Form-Data;boundary=x"})
    for kind in (b"", b"multipart/mixed", b"multipart/form-data-x", b"application/json"):
        assert not is_multipart({b"content-type": kind})
    assert not is_multipart({})
