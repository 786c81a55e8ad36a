"""Para for programs without an event loop: the same calls, each waits for its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from para_core.errors import UnavailableError
from para_server.embedding.para import Para

if TYPE_CHECKING:
    from para_core.config import Config
    from para_core.objects import App, ParaObject, User
    from para_core.pager import Pager
    from para_server.embedding.objects import Page

__all__ = ["BlockingApps", "BlockingObjects", "BlockingPara"]

T = TypeVar("T")


class BlockingPara:
    """Para in this process, on an event loop in a thread of its own; ``open`` makes one.

    It is a context manager. Its methods may be called from any thread, and from several at once.

    Attributes:
        para: What does the work; its coroutines go through ``run``.
        apps: The apps, as of ``Para.apps``.
        objects: Their objects, as of ``Para.objects``.
    """

    def __init__(self, para: Para) -> None:
        self.para = para
        self.apps = BlockingApps(self)
        self.objects = BlockingObjects(self)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="para")
        self._ready: Future[asyncio.AbstractEventLoop] = Future()
        self._life: Future[None] | None = None
        self._stop = asyncio.Event()

    @classmethod
    def open(cls, config: Config | None = None, *, plugins: Iterable[ModuleType] = ()) -> Self:
        """Return a Para that ``with`` opens and closes, once; see ``Para.open``."""
        return cls(Para.open(config, plugins=plugins))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine where Para lives, such as one of its services, and wait for it.

        Raises:
            UnavailableError: Para is not open.
        """
        if not self._ready.done() or self._stop.is_set():
            work.close()
            raise UnavailableError(
                "Para is not open: call it inside `with BlockingPara.open() as para`"
            )
        return asyncio.run_coroutine_threadsafe(work, self._ready.result(0)).result()

    def __enter__(self) -> Self:
        """Start the thread, and open Para in it."""
        self._life = self._thread.submit(asyncio.run, self._live())
        begun: list[Future[Any]] = [self._life, self._ready]
        wait(begun, return_when=FIRST_COMPLETED)
        if self._life.done():
            self._thread.shutdown()
            self._life.result()  # raises why it did not open
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close Para, and end the thread."""
        self._ready.result(0).call_soon_threadsafe(self._stop.set)
        self._thread.shutdown()
        if self._life is not None:
            self._life.result()

    async def _live(self) -> None:
        async with self.para:
            self._ready.set_result(asyncio.get_running_loop())
            await self._stop.wait()


class BlockingApps:
    """The methods of ``Apps``, each waits for its answer."""

    def __init__(self, para: BlockingPara) -> None:
        self._para, self._apps = para, para.para.apps

    def find(self, name: str) -> App | None:
        """Return an app by its name or id."""
        return self._para.run(self._apps.find(name))

    def create(self, name: str, *, title: str = "") -> App:
        """Return the app of this name, making it when it is not there."""
        return self._para.run(self._apps.create(name, title=title))

    def delete(self, app: App) -> None:
        """Delete an app with everything in it."""
        self._para.run(self._apps.delete(app))


class BlockingObjects:
    """The methods of ``Objects``, each waits for its answer."""

    def __init__(self, para: BlockingPara) -> None:
        self._para, self._objects = para, para.para.objects

    def create(self, app: App, obj: ParaObject, *, user: User | None = None) -> ParaObject:
        """Store a new object, and return it as it is stored."""
        return self._para.run(self._objects.create(app, obj, user=user))

    def create_all(
        self, app: App, objects: Iterable[ParaObject], *, user: User | None = None
    ) -> list[ParaObject]:
        """Store many objects in one transaction."""
        return self._para.run(self._objects.create_all(app, objects, user=user))

    def read(self, app: App, key: str, *, user: User | None = None) -> ParaObject | None:
        """Return the object with this id."""
        return self._para.run(self._objects.read(app, key, user=user))

    def read_all(
        self, app: App, keys: Sequence[str], *, user: User | None = None
    ) -> list[ParaObject]:
        """Return the objects with these ids, in this order."""
        return self._para.run(self._objects.read_all(app, keys, user=user))

    def update(self, app: App, obj: ParaObject, *, user: User | None = None) -> ParaObject | None:
        """Change the stored object to what this one says."""
        return self._para.run(self._objects.update(app, obj, user=user))

    def delete(self, app: App, obj: ParaObject, *, user: User | None = None) -> None:
        """Delete an object with what belongs to it."""
        self._para.run(self._objects.delete(app, obj, user=user))

    def delete_all(self, app: App, keys: Sequence[str], *, user: User | None = None) -> None:
        """Delete objects in one transaction."""
        self._para.run(self._objects.delete_all(app, keys, user=user))

    def find(
        self,
        app: App,
        query: str = "*",
        *,
        kind: str | None = None,
        pager: Pager | None = None,
        user: User | None = None,
    ) -> Page:
        """Return one page of the objects that match a query."""
        return self._para.run(self._objects.find(app, query, kind=kind, pager=pager, user=user))
