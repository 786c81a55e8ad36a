"""Para in one object: the selected back-ends, the services on them, and the API.

The server is one user of it; a program that embeds Para is another::

    async with Para(settings_of(config), backends, config=config) as para:
        app = await para.services.apps.find("myapp")
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from para_core.config import Config
from para_core.contracts.component import Component
from para_core.ids import IdGenerator
from para_core.listeners import AppListener, IOListener, ListenedDAO, SearchListener
from para_core.memory.emailer import NoopEmailer
from para_core.memory.filestore import MemoryFileStore
from para_core.memory.queue import MemoryQueue, QueueSettings
from para_core.metrics import Metrics
from para_server import __version__
from para_server.access.gate import Gate
from para_server.api import Api
from para_server.config import ApiSettings, settings_of
from para_server.copies.marker import settle_copy
from para_server.events import Followers, retention_of
from para_server.logs.requests import begin_request
from para_server.metrics.graphite import Graphite
from para_server.metrics.listener import MetricsListener
from para_server.metrics.names import BackendNames, names_of_backends, names_of_routes
from para_server.metrics.reporting import Reporting
from para_server.metrics.settings import metrics_settings_of
from para_server.metrics.timed_cache import TimedCache
from para_server.metrics.timed_dao import TimedDAO
from para_server.metrics.timed_search import TimedSearch
from para_server.operator.door import OperatorDoor
from para_server.operator.listener import OperatorListener
from para_server.operator.settings import OperatorSettings
from para_server.outbound import open_outbound
from para_server.rest.plugged import is_in_api, routes_of
from para_server.rest.routes import ROUTES
from para_server.services.apps import Apps
from para_server.services.backup import Backup
from para_server.services.captcha import Captcha, CaptchaSettings
from para_server.services.container import Services
from para_server.services.finder import Finder
from para_server.services.forms import Forms
from para_server.services.health import Health, Part
from para_server.services.health_parts import (
    cache_part,
    dao_part,
    follower_part,
    index_part,
    queue_part,
    room_part,
    search_part,
)
from para_server.services.index_follower import IndexFollower
from para_server.services.index_writer import REBUILD_PAGE
from para_server.services.indexing import Indexing
from para_server.services.links import Links
from para_server.services.lookup import Lookup
from para_server.services.mailing import Mailing
from para_server.services.objects import Objects
from para_server.services.orphans import Orphans
from para_server.services.rates import Rates
from para_server.services.registries import Registries
from para_server.services.setup import Setup
from para_server.services.store import Store
from para_server.services.users import Users
from para_server.services.utilities import Utilities
from para_server.services.votes import Votes
from para_server.signin.desk import SignInProviders, open_desk
from para_server.signin.policy import SignInPolicy, policy_of
from para_server.web.door import WebDoor
from para_server.web.plugged import PluggedResources
from para_server.web.protected import guards_of
from para_server.web.routes import WebRoutes
from para_server.web.settings import web_settings_of

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from para_core.contracts.cache import Cache
    from para_core.contracts.dao import DAO
    from para_core.contracts.emailer import Emailer
    from para_core.contracts.filestore import FileStore
    from para_core.contracts.queue import Queue
    from para_core.contracts.search import Search
    from para_core.extensions import ResourceHandler
    from para_server.peer import Peer
    from para_server.services.container import Clock
    from para_server.services.following import Retention
    from para_server.workers.metrics import WorkerMetrics

__all__ = ["Backends", "Para", "now_ms", "settings_of"]

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Backends:
    """The selected implementations, not yet opened, and those who listen to them.

    ``names`` are those by which the configuration selects them; without it the classes' own.
    """

    dao: DAO
    search: Search
    cache: Cache
    io_listeners: Sequence[IOListener] = ()
    search_listeners: Sequence[SearchListener] = ()
    app_listeners: Sequence[AppListener] = ()
    resources: Sequence[ResourceHandler] = ()
    files: FileStore = field(default_factory=MemoryFileStore)
    emailer: Emailer = field(default_factory=NoopEmailer)
    queue: Queue = field(default_factory=lambda: MemoryQueue(QueueSettings(), clock=time.monotonic))
    sign_ins: SignInProviders = lambda _: ()
    names: BackendNames | None = None


class Para(Component):
    """One running Para: open it, use ``services`` or serve it as an ASGI application, close it."""

    def __init__(  # noqa: PLR0913 - what may differ between servers, embedded ones and tests
        self,
        settings: ApiSettings,
        backends: Backends,
        *,
        config: Config | None = None,
        policy: SignInPolicy | None = None,
        keys_file: Path | None = None,
        clock: Clock | None = None,
        peer: Peer | None = None,
    ) -> None:
        """Put everything together; nothing is opened yet.

        Args:
            settings: Of the API.
            backends: The selected implementations.
            config: What pages and sign-in look up; the defaults of all keys unless given.
            policy: The rules of sign-in; those of the configuration unless given.
            keys_file: Where the keys of a new root app are written.
            clock: Milliseconds since the Unix epoch.
            peer: What this process is among several; ``None`` when it is alone.
        """
        if peer is not None:
            settings, backends = peer.joined(settings, backends)
            peer.meet(self)
        elif backends.dao.is_shared:
            backends.dao.share(secrets.token_hex(8))  # with nobody: a second server is refused
        self._config = config or Config()
        self.metrics = Metrics(time.perf_counter_ns, root=settings.root)
        dao = backends.dao  # of the server itself: no listener hears of it, and nobody times it
        is_measured = self._config.flag("para.metrics_enabled")
        if is_measured:
            backends = _timed(settings, backends, self.metrics)
        listener = MetricsListener(self.metrics)
        listeners = (listener, *backends.app_listeners)
        backends = replace(backends, app_listeners=listeners)
        self.settings, self._backends = settings, backends
        self._stack = AsyncExitStack()
        backends.queue.keep_in(dao)
        self._peer = peer or contextlib.nullcontext()
        usual = retention_of(self._config, dao, search_enabled=settings.search_enabled)
        retention = usual if peer is None else peer.retention(usual)
        self._outbound = open_outbound(self._config)
        captchas = self._config.section("para.captcha", CaptchaSettings)
        self.services = _services(
            settings,
            backends,
            self.metrics,
            retention,
            captcha=Captcha(self._outbound, captchas),
            keys_file=keys_file,
            clock=clock or now_ms,
            peer=peer,
        )
        self.followers = Followers(
            self._config,
            dao,
            backends.queue,
            self.services,
            retention,
            index=self.services.index if peer is not None else None,
            leases=peer.leases if peer is not None else None,
        )
        self.services.webhooks = self.followers.webhooks
        for part in () if peer is None else peer.parts():
            self.services.health.add(part)
        if self.followers.webhooks.is_enabled:
            part = follower_part(
                "Webhooks",
                self.followers.webhooks,
                dao,
                behind_sec=settings.health_behind_sec,
            )
            self.services.health.add(part)
        self.services.queue = backends.queue
        self.gate = Gate(
            Lookup(self.services),
            root=settings.root,
            window_sec=settings.request_expires_after,
            is_api_enabled=settings.api_enabled,
        )
        self.gate.explains = self._config.flag("para.debug_request_signatures")
        self.gate.on_root = self.services.setup.note_use
        added = [r for h in backends.resources if is_in_api(h) for r in routes_of(h)]
        self._guards = guards_of(self._config)
        routes = [*ROUTES, *added] if settings.api_enabled else []
        self._reporting = self._new_reporting(listener)
        timed_by = self.metrics if is_measured else None
        self.api = Api(self.services, self.gate, routes, self._guards, metrics=timed_by)
        if is_measured:
            self.metrics.expect(names_of_routes(routes))
        self._web_settings = web_settings_of(self._config)
        self.sign_in = open_desk(
            self.services,
            self.gate,
            self._config,
            policy or policy_of(self._config),
            self._web_settings,
            files=backends.files,
            outbound=self._outbound,
            providers=backends.sign_ins,
        )
        if self.sign_in.delegation.is_needed:
            self.gate.tokens.still_valid = self.sign_in.delegation.is_valid
        self._web = self._door()
        self._worker_metrics: WorkerMetrics | None = None
        self.operator_listener = self._operator_listener(peer)

    def _operator_listener(self, peer: Peer | None) -> OperatorListener:
        """Make the operator's doors: beside the API for all workers, on ports of their own each."""
        settings = self._config.section("para.operator", OperatorSettings)
        context = self.settings.context_path
        parts = (self.services, self.api.dispatcher, settings)
        own = self._operator = OperatorDoor(*parts, context=context)
        if peer is not None and (shared := peer.metrics(own.own_metrics)) is not None:
            self._worker_metrics = shared
            told = self._worker_metrics.of_all
            self._operator = OperatorDoor(*parts, context=context, metrics=told)
            if settings.port:
                settings = msgspec.structs.replace(settings, port=settings.port + peer.number)
        return OperatorListener(own, settings)

    def _new_reporting(self, listener: MetricsListener) -> Reporting:
        services, settings = self.services, metrics_settings_of(self._config)
        registries = Registries(services.store, self.settings.root, clock=services.clock)
        graphite = Graphite(
            self.metrics,
            settings,
            registries,
            self._outbound,
            instance=self.settings.worker_id,
        )
        listener.registries, listener.graphite = registries, graphite
        return Reporting(self.metrics, settings, graphite)

    def _door(self) -> WebDoor:
        settings, dispatcher = self.settings, self.api.dispatcher
        others = [h for h in self._backends.resources if not is_in_api(h)]
        routes = WebRoutes(
            self.services.apps,
            self.sign_in.lookup,
            self.sign_in.jwt_auth,
            self.sign_in.browser,
            self.sign_in.ways,
            settings=self._web_settings,
            is_production=settings.is_production,
            has_landing_page=settings.landing_page_enabled,
        )
        return WebDoor(
            routes,
            PluggedResources(others, self.services, dispatcher, settings.context_path),
            self._guards,
            self.gate,
            dispatcher=dispatcher,
            settings=self._web_settings,
            context=settings.context_path,
            max_body_bytes=settings.max_entity_size_bytes,
            max_plugged_body_bytes=settings.max_body_bytes,
        )

    async def open(self) -> None:
        """Open the back-ends, make the root app at the first start, begin to follow.

        Raises:
            ConfigError: A back-end cannot be used as it is configured.
        """
        try:
            await self._stack.enter_async_context(self._backends.dao)
            await self._stack.enter_async_context(self._backends.cache)
            await self._stack.enter_async_context(self._backends.search)
            await self._stack.enter_async_context(self._peer)
            await settle_copy(self._backends.dao, self._backends.search, self._backends.cache)
            await self._stack.enter_async_context(self._backends.files)
            await self._stack.enter_async_context(self._backends.emailer)
            await self._stack.enter_async_context(self._backends.queue)
            await self._stack.enter_async_context(self._outbound)
            await self._stack.enter_async_context(self.sign_in.checker)
            self._stack.push_async_callback(self.services.store.close)
            self._stack.push_async_callback(self.services.index.close)
            await self.services.index.open()
            await self._stack.enter_async_context(self._reporting)
            if self._worker_metrics is not None:
                await self._stack.enter_async_context(self._worker_metrics)
            self._stack.push_async_callback(self.followers.end)
            self._stack.push_async_callback(self.sign_in.mail.close)
            self._stack.push_async_callback(self.api.close)
            # not before: a server that cannot start says why, and nothing else
            environment = self.settings.environment
            logger.info("--- Para.initialize() [%s] %s ---", environment, __version__)
            await self.services.store.dao.create_table(self.settings.root)
            await self.services.setup.ensure_root()
            await self.followers.begin()
            await self._stack.enter_async_context(self.services.health)
        except BaseException:
            await self._stack.aclose()
            raise

    async def close(self) -> None:
        """Finish what was begun and close the back-ends."""
        await self._stack.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request as an ASGI application."""
        if scope["type"] != "http":
            return
        begin_request(scope)
        if self.api.serves(scope["raw_path"]):
            await self.api(scope, receive, send)
        elif self._operator.serves(scope["raw_path"]):
            await self._operator(scope, receive, send)
        else:
            await self._web(scope, receive, send)

    def answer_now(self, cycle: RequestResponseCycle) -> bool:
        """Answer without a task, if that is possible; see ``Api.answer_now``."""
        return self.api.serves(cycle.scope["raw_path"]) and self.api.answer_now(cycle)


def now_ms() -> int:
    """Return milliseconds since the Unix epoch."""
    return int(time.time() * 1000)


def _timed(settings: ApiSettings, backends: Backends, metrics: Metrics) -> Backends:
    """Return the back-ends with a clock around each."""
    names = backends.names or BackendNames(
        dao=type(backends.dao).__name__,
        search=type(backends.search).__name__,
        cache=type(backends.cache).__name__,
    )
    is_cached, is_searched = settings.cache_enabled, settings.search_enabled
    metrics.expect(names_of_backends(names, is_cached=is_cached, is_searched=is_searched))
    return replace(
        backends,
        dao=TimedDAO(backends.dao, names.dao, metrics),
        search=TimedSearch(backends.search, names.search, metrics),
        cache=TimedCache(backends.cache, names.cache, metrics),
    )


def _services(  # noqa: PLR0913 - where everything meets
    settings: ApiSettings,
    backends: Backends,
    metrics: Metrics,
    retention: Retention,
    *,
    captcha: Captcha,
    keys_file: Path | None,
    clock: Clock,
    peer: Peer | None,
) -> Services:
    new_ids = IdGenerator if peer is None else peer.ids
    ids = new_ids(settings.worker_id, clock)
    store, index = _storage(settings, backends, retention, peer)
    apps = Apps(
        store,
        settings,
        clock=clock,
        listeners=backends.app_listeners,
        is_true=None if peer is None else peer.is_true,
    )
    finder = Finder(
        backends.search,
        index,
        store,
        wait_ms=settings.search_wait_ms,
        listeners=backends.search_listeners,
        orphans=Orphans(index, store, is_enabled=settings.sync_index_with_db),
    )
    users = Users(
        store,
        apps,
        finder,
        clock=clock,
        admin_ident=settings.admin_ident,
        allows_unverified=settings.allows_unverified_emails,
    )
    objects = Objects(store, apps, users, ids=ids, clock=clock)
    utilities = Utilities(
        ids,
        clock,
        soft_break=settings.markdown_soft_break,
        follow_domains=settings.markdown_allowed_follow_domains,
    )
    mailing = Mailing(
        backends.emailer,
        Rates(backends.cache, clock=clock),
        utilities,
        most_file_bytes=settings.mail_max_attachment_bytes,
    )
    return Services(
        settings=settings,
        clock=clock,
        ids=ids,
        cache=backends.cache,
        search=backends.search,
        index=index,
        store=store,
        apps=apps,
        objects=objects,
        finder=finder,
        links=Links(store, objects, finder, clock=clock),
        votes=Votes(
            store,
            clock=clock,
            expires_after=settings.vote_expires_after,
            locked_after=settings.vote_locked_after,
        ),
        backup=Backup(store, apps, ids=ids, clock=clock, settings=settings),
        utilities=utilities,
        mailing=mailing,
        forms=Forms(apps, store, objects, mailing=mailing, captcha=captcha),
        users=users,
        setup=Setup(
            apps,
            name=settings.root_name,
            keys_file=keys_file,
            override=settings.root_secret_override,
            keys=None if peer is None else peer.root_keys,
        ),
        health=Health(
            _parts(settings, backends, store, index),
            timeout_sec=settings.health_timeout_ms / 1000,
            interval_sec=settings.health_check_interval if settings.health_check_enabled else 0,
        ),
        metrics=metrics,
    )


def _parts(settings: ApiSettings, backends: Backends, store: Store, index: Indexing) -> list[Part]:
    """Return the parts of the server that have to work, and those that are told of."""
    parts = [dao_part(store.dao, settings.root), room_part(store)]
    if settings.search_enabled:
        parts.append(search_part(backends.search, settings.root, index))
    if settings.cache_enabled:
        parts.append(cache_part(backends.cache, settings.root))
    parts.append(queue_part(backends.queue))
    if settings.search_enabled:
        parts.append(index_part(index, behind_sec=settings.health_behind_sec))
    return parts


def _storage(
    settings: ApiSettings, backends: Backends, retention: Retention, peer: Peer | None
) -> tuple[Store, Indexing]:
    dao = backends.dao
    if backends.io_listeners:
        dao = ListenedDAO(dao, backends.io_listeners)
    index: Indexing
    page = settings.reindex_batch_size if settings.reindex_batch_size > 0 else REBUILD_PAGE
    if peer is None:
        index = IndexFollower(dao, backends.search, retention=retention, rebuild_page=page)
    else:
        index = peer.index(dao, backends.search, retention, rebuild_page=page)
    store = Store(
        dao,
        cache=backends.cache if settings.cache_enabled else None,
        index=index if settings.search_enabled else None,
        most_bytes=settings.max_entity_size_bytes,
    )
    return store, index
