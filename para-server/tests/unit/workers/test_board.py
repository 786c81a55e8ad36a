from __future__ import annotations

import os
import random

import pytest

from para_server.workers.board import APP_ROWS, OBJECT_ROWS, UNSTEADY, Board


def seats(count: int) -> list[Board]:
    """Return what each worker sees of one board: forks of one, as far as numbers go."""
    first = Board(count)
    made = [first]
    for _ in range(count - 1):
        other = Board.__new__(Board)
        other.__dict__.update(first.__dict__)
        other._writing = {}
        made.append(other)
    for number, board in enumerate(made):
        board.take_seat(number)
    return made


@pytest.mark.parametrize("count", [2, 3, 5])
def test_a_stamp_holds_until_another_worker_begins_to_write(count: int) -> None:
    mine, *others = seats(count)
    stamp = mine.steady_stamp(7)
    assert mine.stamp(7) == stamp
    mine.begin([7])
    mine.finish([7])
    assert mine.stamp(7) == stamp  # what it did itself it knows
    for other in others:
        other.begin([7])
        assert mine.steady_stamp(7) == UNSTEADY
        assert mine.stamp(7) != stamp
        other.finish([7])
        assert mine.stamp(7) == mine.steady_stamp(7) != stamp
        stamp = mine.stamp(7)
    assert mine.steady_stamp(8) == mine.stamp(8) == 0


def test_a_row_is_unsteady_until_the_last_of_several_writes_ends() -> None:
    mine, other = seats(2)
    other.begin([7, 7])
    other.begin([7])
    seen = {mine.stamp(7)}
    for _ in range(2):
        other.finish([7])
        assert mine.steady_stamp(7) == UNSTEADY
        assert mine.stamp(7) not in seen
        seen.add(mine.stamp(7))
    other.finish([7])
    assert mine.steady_stamp(7) not in {UNSTEADY, *seen}


def test_numbers_never_come_back() -> None:
    mine, other = seats(2)
    chance, under_way, seen = random.Random(5), 0, {0}  # noqa: S311 - no secret
    for _ in range(2000):
        if under_way and chance.random() < 0.5:
            other.finish([7])
            under_way -= 1
        else:
            other.begin([7])
            under_way += 1
        assert mine.stamp(7) not in seen
        seen.add(mine.stamp(7))
        assert (mine.steady_stamp(7) == UNSTEADY) == (under_way > 0)


def test_rows_of_a_killed_worker_stay_unsteady_until_they_are_finished() -> None:
    mine, other = seats(2)
    before = mine.steady_stamp(7)
    other.begin([7])  # and then it is killed
    late = seats_again(other)
    left = late.take_seat(1)
    assert left == [7]
    late.begin([7])
    late.finish([7])
    assert mine.steady_stamp(7) == UNSTEADY
    late.finish(left)
    assert mine.steady_stamp(7) not in {UNSTEADY, before}


def seats_again(board: Board) -> Board:
    late = Board.__new__(Board)
    late.__dict__.update(board.__dict__)
    return late


def test_all_can_be_forgotten_and_writes_under_way_stay_so() -> None:
    mine, other = seats(2)
    before = [mine.stamp(row) for row in range(OBJECT_ROWS)]
    other.begin([9])
    other.forget_all()
    assert all(mine.stamp(row) != before[row] for row in range(OBJECT_ROWS))
    assert mine.steady_stamp(9) == UNSTEADY
    assert mine.steady_stamp(8) != UNSTEADY
    other.finish([9])
    assert mine.steady_stamp(9) != UNSTEADY


def test_an_app_is_another_after_each_write_of_anybody() -> None:
    mine, other = seats(2)
    row = mine.app_row_of("app")
    stamps = [mine.app_stamp(row)]
    for board in (mine, other, mine):
        board.app_changed(row)
        stamps.append(mine.app_stamp(row))
        assert other.app_stamp(row) == stamps[-1]
    assert len(set(stamps)) == 4


@pytest.mark.parametrize("key", ["", "a", "é", "\ud800", "x" * 10_000], ids=ascii)
def test_every_name_has_a_row(key: str) -> None:
    assert 0 <= Board.row_of("app", key) < OBJECT_ROWS
    assert 0 <= Board.app_row_of(key) < APP_ROWS
    assert Board.row_of("app", key) == Board.row_of("app", key)


def test_processes_see_what_each_other_writes() -> None:
    board = Board(2)
    done, told = os.pipe()
    pid = os.fork()
    if pid == 0:  # pragma: no cover - in another process
        board.take_seat(1)
        board.begin([3])
        os.write(told, b".")
        os._exit(0)
    os.read(done, 1)
    os.waitpid(pid, 0)
    os.close(done)
    os.close(told)
    board.take_seat(0)
    assert board.steady_stamp(3) == UNSTEADY
    assert board.stamp(3) == 1
