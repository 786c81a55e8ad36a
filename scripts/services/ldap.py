"""OpenLDAP from Debian: a directory of a small company, plain, with StartTLS and with LDAPS.

The address of its tests tells the port of LDAPS and the certificate:
``ldap://127.0.0.1:13389/dc=corp,dc=example?tls=13636&ca=…/cert.pem``.
"""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
from pathlib import Path

from scripts.services.certificates import write_certificate
from scripts.services.packages import install_python
from scripts.services.service import Place, Service, ServiceError

BASE = "dc=corp,dc=example"
_SBIN = "/usr/sbin:/usr/bin:/sbin:/bin"
_CONFIGURATION = """\
include   /etc/ldap/schema/core.schema
include   /etc/ldap/schema/cosine.schema
include   /etc/ldap/schema/inetorgperson.schema
pidfile   {folder}/slapd.pid
TLSCertificateFile    {folder}/cert.pem
TLSCertificateKeyFile {folder}/key.pem
modulepath /usr/lib/ldap
moduleload back_mdb
database  mdb
suffix    "{base}"
rootdn    "cn=root,{base}"
directory {folder}/db
maxsize   33554432
access to attrs=userPassword by anonymous auth by * none
access to * by users read by anonymous auth
"""
_JPEG = "/9j/4AAQSkZJRgABAQEASABIAAD/2Q=="  # as short as one can be
_ENTRIES = f"""\
dn: {BASE}
objectClass: dcObject
objectClass: organization
o: Corp
dc: corp

dn: ou=people,{BASE}
objectClass: organizationalUnit
ou: people

dn: ou=admins,{BASE}
objectClass: organizationalUnit
ou: admins

dn: cn=searcher,{BASE}
objectClass: person
cn: searcher
sn: searcher
userPassword: secret-searcher

dn: uid=ann,ou=people,{BASE}
objectClass: inetOrgPerson
uid: ann
cn: Ann Smith
sn: Smith
givenName: Ann
displayName: Annie
mail: ann@corp.example
jpegPhoto:: {_JPEG}
userPassword: secret-ann

dn: uid=bob,ou=people,{BASE}
objectClass: inetOrgPerson
uid: bob
cn: Bob (the *) \\Builder
cn: Bob
sn: Builder
userPassword: secret-bob

dn: uid=o\\2Cme\\,ou=admins,ou=people,{BASE}
objectClass: inetOrgPerson
uid: o,me,ou=admins
cn: Sly
sn: Sly
mail: sly@corp.example
userPassword: secret-sly

dn: uid=chief,ou=admins,{BASE}
objectClass: inetOrgPerson
uid: chief
cn: Chief
sn: Chief
mail: chief@corp.example
userPassword: secret-chief

dn: uid=twin,ou=people,{BASE}
objectClass: inetOrgPerson
uid: twin
cn: Twin
sn: One
mail: twin@corp.example
userPassword: secret-twin

dn: uid=twin,ou=admins,{BASE}
objectClass: inetOrgPerson
uid: twin
cn: Twin
sn: Two
mail: twin@corp.example
userPassword: secret-twin
"""


def _is_installed() -> bool:
    has_server = shutil.which("slapd", path=_SBIN) is not None
    return has_server and importlib.util.find_spec("ldap") is not None


def _program(name: str) -> str:
    found = shutil.which(name, path=_SBIN)
    if found is None:
        message = f"no {name} in {_SBIN}"
        raise ServiceError(message)
    return found


def _prepare(place: Place) -> list[str]:
    folder = place.folder
    write_certificate(folder)
    (folder / "db").mkdir()
    configuration = folder / "slapd.conf"
    configuration.write_text(_CONFIGURATION.format(folder=folder, base=BASE), encoding="utf-8")
    (folder / "entries.ldif").write_text(_ENTRIES, encoding="utf-8")
    load = [_program("slapadd"), "-q", "-f", str(configuration), "-l", str(folder / "entries.ldif")]
    done = subprocess.run(load, check=False, capture_output=True, text=True)
    if done.returncode:
        message = f"{' '.join(load)} failed:\n{done.stderr.strip()}"
        raise ServiceError(message)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        tls = probe.getsockname()[1]
    (folder / "tls-port").write_text(str(tls), encoding="utf-8")
    urls = f"ldap://127.0.0.1:{place.port} ldaps://127.0.0.1:{tls}"
    return [_program("slapd"), "-d", "0", "-f", str(configuration), "-h", urls]


def _is_ready(place: Place) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", _tls_port(place.folder)), timeout=1):
            return True
    except OSError:
        return False


def _tls_port(folder: Path) -> int:
    return int((folder / "tls-port").read_text(encoding="utf-8"))


def _url(place: Place) -> str:
    more = f"tls={_tls_port(place.folder)}&ca={place.folder.absolute()}/cert.pem"
    return f"ldap://127.0.0.1:{place.port}/{BASE}?{more}"


LDAP = Service(
    name="ldap",
    port=13389,
    packages=["slapd", "gcc", "libldap2-dev", "libsasl2-dev"],  # the last ones for python-ldap
    is_installed=_is_installed,
    install=lambda: install_python("ldap.txt"),
    prepare=_prepare,
    is_ready=_is_ready,
    url=_url,
)
