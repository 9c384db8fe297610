"""The process of the local cloud: ports, emulator, deployment, snapshots, and the end."""

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
import time

from local import patches, state
from local.functions import deployed, import_handler, invocations
from local.gateway import Front
from local.settings import (
    CONVENIENCE_PORTS,
    HOST,
    NotConfigured,
    Settings,
    foreign_variables,
    overrides,
    process_environment,
)
from local.shortcut import PLUGIN, store_lock
from local.snapshots import Snapshots
from muster.edge import logs

log = logging.getLogger("local")

DRAIN_SECONDS = 10
"""How long a stop waits for functions that still run."""
WAKE_SECONDS = 0.1
"""How late a delayed queue message may reach its function; ministack by itself looks once a second."""


def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises before serving anything if a port, the state or the template is unusable."""
    lock = state.take_lock(settings.state)
    state.forget_running(settings.state)
    user_environment = dict(os.environ)
    emulator, apis = _bind(settings)
    port = emulator.getsockname()[1]
    _prepare_environment(settings, port)
    for sentence in state.make_readable(settings.state):
        print(f"local cloud: {sentence}", file=sys.stderr, flush=True)
    state.remember_emulator_port(settings.state, HOST, port)
    _import_ministack()
    patches.install()
    cloud = _Cloud(settings, emulator, apis, user_environment)
    try:
        asyncio.run(cloud.run())
    finally:
        state.forget_running(settings.state)
        lock.close()


def _bind(settings: Settings) -> tuple[socket.socket, list[socket.socket]]:
    emulator = _listen(state.last_emulator_port(settings.state)) or _listen(0)
    if emulator is None:
        raise NotConfigured(f"no free port on {HOST}")
    if settings.only_emulator:
        return emulator, []
    api = _listen(settings.api_port)
    if api is None:
        raise NotConfigured(
            f"port {settings.api_port} is taken: free it, or choose another with {settings.port_variable}"
        )
    convenience = CONVENIENCE_PORTS if settings.api_port else ()
    return emulator, [api, *filter(None, map(_listen, convenience))]


def _listen(port: int) -> socket.socket | None:
    """A bound socket, or None if the port is taken."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
        # Two sockets can be bound to one port with SO_REUSEADDR; only one can listen.
        bound.listen(512)
    except OSError:
        bound.close()
        return None
    return bound


def _prepare_environment(settings: Settings, emulator_port: int) -> None:
    for name in foreign_variables(os.environ):
        del os.environ[name]
    os.environ.update(process_environment(settings, emulator_port, os.environ))
    os.environ.update(PLUGIN)
    source_root = str(settings.template.parent)
    if source_root not in sys.path:
        sys.path.insert(0, source_root)


def _import_ministack() -> None:
    """Import it quietly: it sets up the root logger from LOG_LEVEL, which the functions' loggers read as well."""
    before = os.environ.get("LOG_LEVEL")
    os.environ["LOG_LEVEL"] = "WARNING"
    import ministack.app  # noqa: F401

    if before is None:
        del os.environ["LOG_LEVEL"]
    else:
        os.environ["LOG_LEVEL"] = before


def _url(bound: socket.socket) -> str:
    return f"http://{HOST}:{bound.getsockname()[1]}"


class _Cloud:
    def __init__(
        self, settings: Settings, emulator: socket.socket, apis: list[socket.socket], user_environment: dict[str, str]
    ) -> None:
        from ministack.app import app

        self._settings = settings
        self._emulator, self._apis = emulator, apis
        self._user_environment = user_environment
        self._front = Front(emulator.getsockname()[1], app)
        self._stop = asyncio.Event()
        self._failure: BaseException | None = None

    async def run(self) -> None:
        from hypercorn.asyncio import serve as hypercorn_serve
        from hypercorn.config import Config

        config = Config()
        config.bind = [f"fd://{bound.fileno()}" for bound in (self._emulator, *self._apis)]
        config.graceful_timeout = 1
        # API Gateway keeps connections long; a client that pauses must not find its connection closed.
        config.keep_alive_timeout = 75
        config.keep_alive_max_requests = 1_000_000
        config.loglevel = "WARNING"
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, self._stop.set)
        snapshots = Snapshots(lambda: (self._front.emulator_requests, invocations.begun, invocations.running))
        work = [
            asyncio.create_task(coroutine) for coroutine in (self._begin(), snapshots.run(), _keep_the_poller_awake())
        ]
        await hypercorn_serve(self._front, config, shutdown_trigger=lambda: self._until_stopped(snapshots))  # type: ignore[arg-type]
        for task in work:
            task.cancel()
        if self._failure:
            raise self._failure

    async def _begin(self) -> None:
        """Bring up the stack and announce it; a failure ends the process."""
        try:
            if not self._settings.only_emulator:
                await asyncio.to_thread(self._deploy)
        except BaseException as error:
            self._failure = error
            self._stop.set()
            return
        apis = [_url(bound) for bound in self._apis]
        state.write_running(self._settings.state, {"pid": os.getpid(), "emulator": _url(self._emulator), "api": apis})

    def _deploy(self) -> None:
        from local.deployment import deploy

        stack = deploy(self._settings.template)
        os.environ.update(stack.environment)
        os.environ.update(overrides(self._user_environment, self._settings.state))
        logs.set_up()
        deployed.set()
        logging.getLogger(f"{logs.REQUESTS}.LocalCloud").info("Serving %s", ", ".join(map(_url, self._apis)))
        self._front.deployed(stack.api_id, stack.stage, stack.routes)
        threading.Thread(target=_import_all, args=(stack.functions,), daemon=True, name="import-functions").start()

    async def _until_stopped(self, snapshots: Snapshots) -> None:
        """Wait for a signal, let running functions finish, and keep the state still for the last save."""
        await self._stop.wait()
        self._front.stopping = True
        deadline = time.monotonic() + DRAIN_SECONDS
        while invocations.running and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        snapshots.finish()
        # For good: a function that still runs must not write while the state is saved, nor after it.
        store_lock.acquire()


async def _keep_the_poller_awake() -> None:
    """Let ministack look for due queue messages often."""
    from ministack.core.concurrency import esm_wake

    while True:
        await asyncio.sleep(WAKE_SECONDS)
        esm_wake.set()


def _import_all(handlers: tuple[str, ...]) -> None:
    """Import the functions before their first call, and say early what can not be imported."""
    for handler in handlers:
        try:
            import_handler(handler)
        except Exception:
            log.exception("%s can not be imported; calls to it will fail", handler)
