from __future__ import annotations

import pytest

from para_core.metrics import Metrics, Registry, TimerReading


class Clock:
    """Nanoseconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        return self.now_ns

    def wait(self, seconds: float) -> None:
        self.now_ns += int(seconds * 1e9)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def metrics(clock: Clock) -> Metrics:
    return Metrics(clock, root="para")


def reading(registry: Registry, name: str) -> TimerReading:
    return dict(registry.readings())[name]


class Tides:
    """Stands for a class of a plugin."""


def test_what_an_app_does_the_system_does(metrics: Metrics, clock: Clock) -> None:
    with metrics.time("myapp", Tides, "look", "up"):
        clock.wait(0.25)
    with metrics.time("other", "Tides", "look", "up"):
        clock.wait(0.75)
    metrics.settle()
    assert reading(metrics.of("myapp"), "Tides.look.up").count == 1
    system = reading(metrics.system, "Tides.look.up")
    assert (system.count, system.total_ns) == (2, 1_000_000_000)
    assert system.took.mean == 500_000_000


def test_what_fails_is_timed_too(metrics: Metrics, clock: Clock) -> None:
    def fail() -> None:
        clock.wait(2)
        raise OSError

    with pytest.raises(OSError), metrics.time("", Tides, "read"):  # noqa: PT011 - it has no text
        fail()
    assert reading(metrics.system, "Tides.read").total_ns == 2_000_000_000
    assert metrics.apps() == []


def test_rates_are_those_of_the_time_when_things_happened(metrics: Metrics, clock: Clock) -> None:
    timer = metrics.timer("myapp", Tides, "read")
    for _ in range(600):
        timer.record(1_000)
        clock.wait(0.5)
        metrics.settle()
    assert reading(metrics.of("myapp"), "Tides.read").m1_rate == pytest.approx(2, rel=0.01)
    assert reading(metrics.system, "Tides.read").m1_rate == pytest.approx(2, rel=0.01)


def test_a_timer_works_out_its_durations_before_they_are_too_many(metrics: Metrics) -> None:
    timer = metrics.timer("myapp", Tides, "read")
    for number in range(10_000):
        timer.record(number)
    held = reading(metrics.system, "Tides.read").count  # nobody has settled the app's
    assert 9_000 < held < 10_000
    metrics.settle()
    assert reading(metrics.system, "Tides.read").count == 10_000


def test_expected_names_are_there_with_zeros(metrics: Metrics) -> None:
    before = metrics.of("myapp")
    metrics.expect(["SqlDAO.read"])
    for registry in (before, metrics.of("later"), metrics.system):
        assert registry.readings() == [("SqlDAO.read", TimerReading())]
        assert registry.timers == {}


def test_the_root_app_counts_for_the_system(metrics: Metrics) -> None:
    metrics.counter("myapp", Tides, "ebbs").add(3)
    metrics.counter("para", Tides, "ebbs").add()
    metrics.counter("", Tides, "ebbs").add(-2)
    assert metrics.of("myapp").counts() == [("Tides.ebbs", 3)]
    assert metrics.system.counts() == [("Tides.ebbs", 2)]
    assert [registry.name for registry in metrics.apps()] == ["myapp"]


def test_the_system_keeps_what_an_app_did_that_is_gone(metrics: Metrics) -> None:
    metrics.timer("myapp", Tides, "read").record(5)
    metrics.forget("myapp")
    metrics.forget("never")
    with metrics.time("myapp", Tides, "read"):
        pass  # its last request ends after it
    assert metrics.apps() == []
    assert reading(metrics.system, "Tides.read").count == 2
    metrics.begin("myapp")
    with metrics.time("myapp", Tides, "read"):
        pass
    assert reading(metrics.of("myapp"), "Tides.read").count == 1


def test_what_takes_long_is_told(metrics: Metrics, clock: Clock) -> None:
    told: list[tuple[str, str, int]] = []
    metrics.slow_ns, metrics.on_slow = 1_000_000_000, lambda *what: told.append(what)
    for seconds in (0.9, 1, 2.5):
        with metrics.time("myapp", Tides, "read"):
            clock.wait(seconds)
    names = ("myapp", "Tides.read")
    assert told == [(*names, 1_000_000_000), (*names, 2_500_000_000)]


def test_a_sample_stands_for_all_that_passed(metrics: Metrics, clock: Clock) -> None:
    clock.wait(1)
    for number in range(1, 161):
        began = clock() if number % 16 == 0 else 0
        clock.wait(0.001)
        metrics.tally("myapp", "Tides.peek", began)
    metrics.timer("myapp", "Tides", "peek").record(5_000_000_000)
    metrics.settle()
    for registry in (metrics.of("myapp"), metrics.system):
        found = reading(registry, "Tides.peek")
        assert found.count == 161
        assert found.total_ns == pytest.approx(160_000_000 + 5_000_000_000)
        assert found.took.p98 == pytest.approx(1_000_000, rel=0.033)  # one of 161 took longer


def test_what_passed_without_a_sample_counts_at_once_and_is_spread_later(
    metrics: Metrics, clock: Clock
) -> None:
    clock.wait(1)
    metrics.tally("myapp", "Tides.peek", 0)
    metrics.tally("myapp", "Tides.peek", 0)
    found = reading(metrics.of("myapp"), "Tides.peek")
    assert (found.count, found.total_ns, found.took.p50) == (2, 0, 0)
    began = clock()
    clock.wait(0.5)
    metrics.tally("myapp", "Tides.peek", began)
    found = reading(metrics.of("myapp"), "Tides.peek")
    assert (found.count, found.total_ns) == (3, 1_500_000_000)


def test_the_server_s_own_rooms_are_no_apps(metrics: Metrics) -> None:
    with metrics.time("_queue", Tides, "read"):
        pass
    assert metrics.apps() == []
    assert reading(metrics.system, "Tides.read").count == 1
