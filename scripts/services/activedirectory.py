"""Samba from Debian: a domain controller with the LDAP of an Active Directory.

Its ports are fixed (389, 636, 3268, 3269), and only root may take them, so it runs on machines
where they are free. The address tells its name and the certificate of its authority:
``ldap://127.0.0.1:389/dc=corp,dc=example?host=DC.corp.example&ca=…/ca.pem``.
"""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
from pathlib import Path

from scripts.services.packages import install_python
from scripts.services.service import Place, Service, ServiceError

_PORT = 389
_PEOPLE = {"ann": "Secret-Ann1", "bob": "Secret-Bob1", "off": "Secret-Off1", "old": "Secret-Old1"}


def _is_installed() -> bool:
    return shutil.which("samba") is not None and importlib.util.find_spec("ldap") is not None


def _provision(place: Place) -> list[str]:
    """Return the command that makes an empty domain, with as little of Samba as LDAP needs."""
    return [
        *("samba-tool", "domain", "provision", "--realm=CORP.EXAMPLE", "--domain=CORP"),
        *("--server-role=dc", "--dns-backend=NONE", "--adminpass=Secret-1234"),
        *(f"--targetdir={place.folder}", "--host-name=dc", "--host-ip=127.0.0.1"),
        *("--option=interfaces=lo", "--option=bind interfaces only=yes"),
        "--option=vfs objects=dfs_samba4 acl_xattr xattr_tdb",
    ]


def _prepare(place: Place) -> list[str]:
    if place.port != _PORT:
        message = f"the port {_PORT} is taken, and an Active Directory has no other"
        raise ServiceError(message)
    _run(_provision(place))
    configuration = str(place.folder / "etc" / "smb.conf")
    database = ["-s", configuration, "-H", f"ldb://{place.folder}/private/sam.ldb"]
    for name, password in _PEOPLE.items():
        names = [f"--given-name={name.title()}", "--surname=Smith"]
        mail = f"--mail-address={name}@corp.example"
        _run(["samba-tool", "user", "create", name, password, *names, mail, *database])
    _run(["samba-tool", "group", "addmembers", "Domain Admins", "ann", *database])
    _run(["samba-tool", "user", "disable", "off", *database])
    _run(["samba-tool", "user", "setexpiry", "old", "--days=-1", *database])
    return [
        *("samba", "-i", "-M", "single", "-s", configuration, "--debug-stdout", "-d1"),
        *("--option=server services=ldap", "--option=ldap server require strong auth=no"),
    ]


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        message = f"{' '.join(command)} failed:\n{done.stderr.strip()}"
        raise ServiceError(message)


def _is_ready(place: Place) -> bool:
    certificate = place.folder / "private" / "tls" / "ca.pem"
    try:
        with socket.create_connection(("127.0.0.1", place.port), timeout=1):
            return certificate.exists()
    except OSError:
        return False


def _url(place: Place) -> str:
    certificate = Path(place.folder, "private", "tls", "ca.pem").absolute()
    more = f"host=DC.corp.example&ca={certificate}"
    return f"ldap://127.0.0.1:{place.port}/dc=corp,dc=example?{more}"


ACTIVE_DIRECTORY = Service(
    name="activedirectory",
    port=_PORT,
    packages=[
        *("samba", "samba-ad-provision", "samba-dsdb-modules", "samba-vfs-modules", "winbind"),
        *("gcc", "libldap2-dev", "libsasl2-dev"),
    ],
    is_installed=_is_installed,
    install=lambda: install_python("ldap.txt"),
    is_on_request=True,  # it wants root and fixed ports, and takes twenty seconds
    prepare=_prepare,
    is_ready=_is_ready,
    url=_url,
)
