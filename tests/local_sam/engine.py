"""The container engine, and a network of our own in it."""

import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import docker
from docker.errors import APIError, DockerException
from docker.models.networks import Network

from tests.deploy.runtime import Impossible


@dataclass(frozen=True)
class Bridge:
    """A network between this machine and the containers that sam starts in it."""

    network: str
    address: str
    """This machine, as the containers see it: nobody else reaches what listens there."""


def connect() -> docker.DockerClient:
    """The engine that DOCKER_HOST names, else the one at the usual socket. Raises Impossible without one."""
    try:
        engine = docker.from_env()
        engine.ping()
    except DockerException as error:
        raise Impossible(f"no container engine answers ({error}); DOCKER_HOST may name one") from error
    return engine


@contextmanager
def bridge(engine: docker.DockerClient) -> Iterator[Bridge]:
    """A network for the duration of the block; whatever containers are in it at the end go with it.

    sam leaves containers behind when it is killed, and only the network tells ours from those of somebody else's sam.
    """
    network = engine.networks.create(f"muster-{secrets.token_hex(4)}", driver="bridge")
    try:
        network.reload()
        yield Bridge(network.name, _gateway(network))
    finally:
        for container in engine.containers.list(all=True, filters={"network": network.name}):
            _remove(container)
        network.remove()


def _remove(container: docker.models.containers.Container) -> None:
    try:
        container.remove(force=True)
    except APIError as error:
        # Gone, or on its way out, since the list was made.
        if error.status_code not in (404, 409):
            raise


def _gateway(network: Network) -> str:
    """The network's own address. Raises Impossible where it is inside a virtual machine, as with Docker Desktop."""
    address = str(network.attrs["IPAM"]["Config"][0]["Gateway"])
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError as error:
            raise Impossible(f"the engine's network ends at {address}, which is not this machine's: {error}") from error
    return address
