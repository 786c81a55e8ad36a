"""Starts services, waits until they answer, writes their addresses down, and stops them again."""

from __future__ import annotations

import contextlib
import os
import pwd
import shlex
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from scripts.services import debian, processes
from scripts.services.catalogue import PROGRAMS, SERVICES
from scripts.services.service import Place, Service, ServiceError

_READY_SEC = 60.0
_POLL_SEC = 0.05


class Running(msgspec.Struct, frozen=True):
    """A server that was started: what is needed to find, address and stop it."""

    pid: int
    started: str
    port: int
    folder: str
    url: str

    def is_alive(self) -> bool:
        """Whether that very process still runs."""
        return processes.start_time(self.pid) == self.started


class Supervisor:
    """Keeps its notes in one folder: ``<name>.json``, ``<name>.log`` and ``env``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._ports: set[int] = set()  # that were given away, though nobody may listen there yet
        self._choosing = threading.Lock()

    def start(self, names: Iterable[str]) -> None:
        """Install what is missing and start what does not run yet, all at the same time.

        Raises:
            ServiceError: Products could not be installed or started; the others run.
        """
        self._root.mkdir(parents=True, exist_ok=True)
        services = [SERVICES[name] for name in names]
        problems: list[str] = []
        missing = [service for service in services if not service.is_installed()]
        with _noted(problems):
            debian.install([package for service in missing for package in service.packages])

        def begin(service: Service) -> None:
            with _noted(problems):
                if service in missing:
                    _install(service)
                if not self._running(service):
                    self._wait(*self._launch(service))

        with ThreadPoolExecutor(max(len(services), 1)) as pool:  # most wait for a disk or a network
            for done in [pool.submit(begin, service) for service in services]:
                done.result()
        self._write_env()
        if problems:
            raise ServiceError("\n".join(problems))

    def stop(self) -> None:
        """Stop everything that ``start`` started, by pid, and remove its data."""
        for service in SERVICES.values():
            running = self._read(service)
            if running is None:
                continue
            processes.stop(running.pid, running.started, service.stop_signal)
            shutil.rmtree(running.folder, ignore_errors=True)
            self._note(service).unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            self._env.unlink()

    def addresses(self) -> dict[str, str]:
        """The variables of the running services and of the programs found, and their values."""
        services = ((name, self._running(service)) for name, service in SERVICES.items())
        found = {name: running.url for name, running in services if running is not None}
        found |= {name: place for name, find in PROGRAMS.items() if (place := find()) is not None}
        return {f"PARA_TEST_{name.upper()}_URL": address for name, address in found.items()}

    def _launch(self, service: Service) -> tuple[Service, Place, Running]:
        place = self._place(service)
        pid = processes.launch(service.prepare(place), place, self._log(service))
        started = processes.start_time(pid) or ""
        running = Running(
            pid=pid,
            started=started,
            port=place.port,
            folder=str(place.folder),
            url=service.url(place),
        )
        self._note(service).write_bytes(msgspec.json.encode(running))
        return service, place, running

    def _wait(self, service: Service, place: Place, running: Running) -> None:
        deadline = time.monotonic() + _READY_SEC
        while not service.is_ready(place):
            if not running.is_alive() or time.monotonic() > deadline:
                log = self._log(service)
                msg = f"{service.name} did not start; the end of {log}:\n{_tail(log)}"
                raise ServiceError(msg)
            time.sleep(_POLL_SEC)

    def _place(self, service: Service) -> Place:
        user = service.user if os.geteuid() == 0 else None
        folder = self._root / service.name
        shutil.rmtree(folder, ignore_errors=True)
        if user is not None and not _anyone_may_enter(self._root):
            folder = Path(tempfile.mkdtemp(prefix=f"para-{service.name}-"))
        folder.mkdir(exist_ok=True)
        if user is not None:
            account = pwd.getpwnam(user)
            os.chown(folder, account.pw_uid, account.pw_gid)
        with self._choosing:
            port = _free_port(service.port, self._ports)
            self._ports.add(port)
        return Place(folder=folder, port=port, user=user)

    def _running(self, service: Service) -> Running | None:
        running = self._read(service)
        return running if running is not None and running.is_alive() else None

    def _read(self, service: Service) -> Running | None:
        try:
            return msgspec.json.decode(self._note(service).read_bytes(), type=Running)
        except FileNotFoundError:
            return None

    def _write_env(self) -> None:
        lines = [f"{variable}={shlex.quote(url)}\n" for variable, url in self.addresses().items()]
        self._env.write_text("".join(lines), encoding="utf-8")

    @property
    def _env(self) -> Path:
        return self._root / "env"

    def _note(self, service: Service) -> Path:
        return self._root / f"{service.name}.json"

    def _log(self, service: Service) -> Path:
        return self._root / f"{service.name}.log"


def _install(service: Service) -> None:
    """Do what is left when its packages are there, or tell that they are not."""
    if service.install is not None:
        service.install()
    if not service.is_installed():
        msg = f"{service.name} is not installed"
        raise ServiceError(msg)


@contextlib.contextmanager
def _noted(problems: list[str]) -> Iterator[None]:
    """Note what fails of one product, so that the others can go on."""
    try:
        yield
    except ServiceError as error:
        problems.append(str(error))


def _anyone_may_enter(folder: Path) -> bool:
    """Whether another account reaches the folder: each one above it lets strangers pass."""
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))


def _free_port(wanted: int, given: Collection[int]) -> int:
    for port in (wanted, *[0] * (len(given) + 1)):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            if (found := int(probe.getsockname()[1])) not in given:
                return found
    msg = "no free port on 127.0.0.1"
    raise ServiceError(msg)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])
