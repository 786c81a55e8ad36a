"""All metrics of a process: one registry for the whole system, and one for each app."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from para_core.contracts.dao import is_room
from para_core.metrics.instruments import MOST_KEPT, ClockNs, Counter, Timer, TimerReading

__all__ = ["SYSTEM", "Metrics", "Registry"]

SYSTEM = "_system"
"""Name of the registry of the whole process."""

_MOST_GONE = 10_000  # apps
_NEVER = 1 << 62  # nanoseconds


class Registry:
    """The timers and counters of the system or of one app, by name.

    Names are few and known when the code is written; never make them from data.
    """

    def __init__(self, name: str, clock_ns: ClockNs, parent: Registry | None = None) -> None:
        self.name = name
        self.timers: dict[str, Timer] = {}
        self.counters: dict[str, Counter] = {}
        self._clock_ns, self._parent = clock_ns, parent
        self._expected: frozenset[str] = frozenset()

    def timer(self, name: str) -> Timer:
        """Return the timer of a name; it is made by its first use."""
        found = self.timers.get(name)
        if found is None:
            parent = self._parent.timer(name) if self._parent is not None else None
            found = self.timers[name] = Timer(self._clock_ns, parent)
        return found

    def counter(self, name: str) -> Counter:
        """Return the counter of a name; it is made by its first use."""
        found = self.counters.get(name)
        if found is None:
            parent = self._parent.counter(name) if self._parent is not None else None
            found = self.counters[name] = Counter(parent)
        return found

    def expect(self, names: Iterable[str]) -> None:
        """Show timers of these names before their first use, with zeros."""
        self._expected |= frozenset(names)

    def settle(self) -> None:
        """Work out what the timers have kept."""
        for timer in list(self.timers.values()):
            timer.settle()

    def readings(self) -> list[tuple[str, TimerReading]]:
        """Return what the timers know, by name in ascending order; see ``Metrics.settle``."""
        names = sorted(self._expected.union(self.timers))
        return [(name, self._reading(name)) for name in names]

    def totals(self) -> list[tuple[str, tuple[int, int]]]:
        """Return counts and nanoseconds of the timers in use, by name; cheaper than all of it."""
        return [(name, timer.totals()) for name, timer in sorted(self.timers.items())]

    def counts(self) -> list[tuple[str, int]]:
        """Return what the counters count, by name in ascending order."""
        return [(name, counter.count) for name, counter in sorted(self.counters.items())]

    def _reading(self, name: str) -> TimerReading:
        timer = self.timers.get(name)
        return TimerReading() if timer is None else timer.read()


class Metrics:
    """Counters and timers of the system and of each app; use them from the loop's thread.

    What is booked to an app is booked to the system as well. ``on_slow`` hears the app, the name
    and the duration of what took ``slow_ns`` and more. Source: Para 1.54, ``Metrics``.
    """

    def __init__(self, clock_ns: ClockNs, *, root: str = "para") -> None:
        """Start with nothing.

        Args:
            clock_ns: Nanoseconds of a steady clock.
            root: The identifier of the root app, whose counters are those of the system.
        """
        self.clock_ns, self._root = clock_ns, root
        self.slow_ns = _NEVER
        self.on_slow: Callable[[str, str, int], None] = _ignore
        self.system = Registry(SYSTEM, clock_ns)
        self.in_use = {"": self.system.timers}
        """Timers that were used, by app and name: for where even a call costs too much."""
        self._apps: dict[str, Registry] = {}
        self._expected: frozenset[str] = frozenset()
        self._gone: set[str] = set()

    def of(self, appid: str) -> Registry:
        """Return the registry of an app; it is made by its first use."""
        found = self._apps.get(appid)
        if found is None:
            found = self._apps[appid] = Registry(appid, self.clock_ns, self.system)
            found.expect(self._expected)
            self.in_use[appid] = found.timers
        return found

    def apps(self) -> list[Registry]:
        """Return the registries of the apps, by identifier in ascending order."""
        return [registry for _, registry in sorted(self._apps.items())]

    def begin(self, appid: str) -> None:
        """Begin with an app, also when one of that name was forgotten."""
        self._gone.discard(appid)
        self.of(appid)

    def forget(self, appid: str) -> None:
        """Drop the registry of an app that is gone; the system keeps what was booked.

        What its last requests still book goes to the system alone.
        """
        if len(self._gone) >= _MOST_GONE:
            self._gone.clear()
        self._gone.add(appid)
        registry = self._apps.pop(appid, None)
        self.in_use.pop(appid, None)
        if registry is not None:
            registry.settle()

    def expect(self, names: Iterable[str]) -> None:
        """Show timers of these names before their first use, in every registry."""
        self._expected |= frozenset(names)
        for registry in (self.system, *self._apps.values()):
            registry.expect(self._expected)

    def settle(self) -> None:
        """Work out what all timers have kept, apps first; the owner calls it every 5 seconds."""
        for registry in list(self._apps.values()):
            registry.settle()
        self.system.settle()

    def timer(self, appid: str, owner: type | str, *names: str) -> Timer:
        """Return a timer of an app, or of the system for a blank ``appid``.

        Its name is the simple name of the owner and the names, joined by dots.
        """
        registry = self.of(appid) if appid else self.system
        return registry.timer(_joined(owner, names))

    def counter(self, appid: str, owner: type | str, *names: str) -> Counter:
        """Return a counter of an app, or of the system for a blank ``appid`` and the root app."""
        registry = self.of(appid) if appid and appid != self._root else self.system
        return registry.counter(_joined(owner, names))

    @contextmanager
    def time(self, appid: str, owner: type | str, *names: str) -> Iterator[None]:
        """Time what happens inside ``with``, also when it fails; names as in ``timer``."""
        name, began = _joined(owner, names), self.clock_ns()
        try:
            yield
        finally:
            self.book(appid, name, began)

    def book(self, appid: str, name: str, began_ns: int) -> None:
        """Record what began then and ends now: ``time`` for where every microsecond counts."""
        took = self.clock_ns() - began_ns
        try:
            kept = self.in_use[appid][name].kept
        except KeyError:
            kept = self._timer(appid, name).kept
        kept.append(took)
        if len(kept) >= MOST_KEPT:
            self._timer(appid, name).settle()
        if took >= self.slow_ns:
            self.on_slow(appid, name, took)

    def tally(self, appid: str, name: str, began_ns: int) -> None:
        """Count what is too quick to be timed each time; ``began_ns`` 0 if this one was not."""
        try:
            timer = self.in_use[appid][name]
        except KeyError:
            timer = self._timer(appid, name)
        timer.passed += 1
        if began_ns:
            timer.sampled.append(self.clock_ns() - began_ns)

    def _timer(self, appid: str, name: str) -> Timer:
        is_of_app = appid and appid not in self._gone and not is_room(appid)
        return (self.of(appid) if is_of_app else self.system).timer(name)


def _ignore(appid: str, name: str, took_ns: int) -> None:
    del appid, name, took_ns


def _joined(owner: type | str, names: Iterable[str]) -> str:
    return ".".join([owner if isinstance(owner, str) else owner.__name__, *names])
