"""SIGTERM: what is under way is finished, nothing new begins, exit code 0."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, closing

from .process import Caller, ServerProcess


def test_requests_under_way_are_answered(running: ServerProcess) -> None:
    things = [{"id": f"t{n}", "type": "thing", "text": "x" * 100} for n in range(3_000)]
    with ExitStack() as stack:
        callers = [stack.enter_context(closing(Caller(running.port))) for _ in range(4)]
        under_way = [
            caller.begin("POST", "/v1/_batch", things[part::4])
            for part, caller in enumerate(callers)
        ]
        running.tell_to_stop()
        wait_until_deaf(running)
        assert [finish().status for finish in under_way] == [200] * 4
    assert running.ends() == 0
    assert "Traceback" not in running.log
    running.start()
    running.wait_until_ready()
    with closing(Caller(running.port)) as caller:
        total = caller.ask("GET", "/v1/thing", query=[("limit", "0")]).json["totalHits"]
        assert total == 3_000


def wait_until_deaf(server: ServerProcess) -> None:
    """Wait until the server takes no connection any more."""
    end = time.monotonic() + 10
    while hears(server):
        assert time.monotonic() < end
        time.sleep(0.01)


def hears(server: ServerProcess) -> bool:
    try:
        socket.create_connection(("127.0.0.1", server.port), 1).close()
    except ConnectionError:
        return False
    return True


def test_work_after_the_answer_is_done(running: ServerProcess, caller: Caller) -> None:
    headers = {"x-para-respond-immediately": "true"}
    for number in range(30):
        body = [{"id": f"t{number}-{n}", "type": "thing"} for n in range(20)]
        assert caller.ask("POST", "/v1/_batch", body, headers=headers).status == 200
    running.tell_to_stop()
    assert running.ends() == 0
    running.start()
    running.wait_until_ready()
    with closing(Caller(running.port)) as again:
        total = again.ask("GET", "/v1/thing", query=[("limit", "0")]).json["totalHits"]
        assert total == 600


def test_idle_connections_do_not_hold_it_up(server: ServerProcess) -> None:
    never_in_time(server)
    callers = [Caller(server.port) for _ in range(20)]
    for caller in callers:
        assert caller.ask("GET", "/v1/_me").status == 200
    server.tell_to_stop()
    assert server.ends() == 0
    for caller in callers:
        caller.close()


def test_the_index_is_complete_when_it_stops(running: ServerProcess, caller: Caller) -> None:
    """The next start has nothing to do: the index says that it holds the last change."""
    for number in range(50):
        assert caller.ask("PUT", f"/v1/thing/t{number}", {"n": number}).status == 200
    running.tell_to_stop()
    assert running.ends() == 0
    running.start()
    running.wait_until_ready()
    assert "from the database" not in running.log
    with closing(Caller(running.port)) as again:
        assert again.ask("GET", "/v1/thing").json["totalHits"] == 50


def test_nothing_secret_is_in_the_log(running: ServerProcess, caller: Caller) -> None:
    assert caller.ask("PUT", "/v1/thing/t", {"n": 1}).status == 200
    assert caller.ask("GET", "/v1/_setup/other").status == 200
    assert caller.ask("POST", "/v1/_newkeys").status == 200
    running.tell_to_stop()
    assert running.ends() == 0
    assert "root-secret" not in running.log
    assert "Signature=" not in running.log


def test_keys_of_a_first_start_are_in_a_file_for_its_owner(server: ServerProcess) -> None:
    server.settings["para.root_secret_override"] = ""
    server.start()
    server.wait_until_ready()
    [file] = server.data.glob("*keys*")
    assert file.stat().st_mode & 0o777 == 0o600
    assert str(file) in server.log
    secret = file.read_text().partition('root_secret_key = "')[2].partition('"')[0]
    assert len(secret) >= 40
    assert secret not in server.log


def test_a_request_that_takes_too_long_is_cut_off(server: ServerProcess) -> None:
    server.settings["para.stop_timeout_sec"] = 1
    server.start()
    server.wait_until_ready()
    with closing(Caller(server.port)) as caller:
        caller.begin("PUT", "/v1/thing/slow", {"n": 1})  # its body never comes
        began = time.monotonic()
        server.tell_to_stop()
        assert server.ends() == 0
        assert 0.9 < time.monotonic() - began < 10


def test_a_second_signal_waits_for_nobody(server: ServerProcess) -> None:
    never_in_time(server)
    with closing(Caller(server.port)) as caller:
        caller.begin("PUT", "/v1/thing/slow", {"n": 1})
        server.tell_to_stop()
        wait_until_deaf(server)
        server.tell_to_stop()
        assert server.ends() == 0


def never_in_time(server: ServerProcess) -> None:
    """Start a server that waits longer for requests under way than the test does for its end."""
    server.settings["para.stop_timeout_sec"] = 600
    server.start()
    server.wait_until_ready()


def test_the_process_id_is_in_a_file_while_it_runs(server: ServerProcess) -> None:
    server.start()
    server.wait_until_ready()
    assert server.process is not None
    file = server.folder / f"para_{server.port}.pid"
    assert int(file.read_text()) == server.process.pid
    server.tell_to_stop()
    assert server.ends() == 0
    assert not file.exists()


def test_a_service_manager_hears_that_it_is_ready_and_that_it_stops(server: ServerProcess) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(server.folder / "notify"))
        manager.settimeout(20)
        server.environ = {"NOTIFY_SOCKET": str(server.folder / "notify"), "WATCHDOG_USEC": "300000"}
        server.start()
        said = [manager.recv(100)]
        while b"READY=1" not in said:
            said.append(manager.recv(100))
        assert said[0] in (b"WATCHDOG=1", b"READY=1")
        assert hears(server)
        while manager.recv(100) != b"WATCHDOG=1":
            pass
        server.tell_to_stop()
        while manager.recv(100) != b"STOPPING=1":
            pass
        assert server.ends() == 0
