"""What the local cloud is told: by its command line first, then by environment variables, then by defaults."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
DEFAULT_PORT = 8080
CONVENIENCE_PORTS = (5000, 8100)
"""Ports that other documents' curl lines use: served as well when free, never required."""


class LocalCloudError(Exception):
    """The local cloud can not do what it was asked; the message says why."""


class NotConfigured(LocalCloudError):
    """A setting can not be used; the message names it."""


@dataclass(frozen=True)
class Settings:
    """One local cloud: what it deploys, where it listens, where its state lives."""

    template: Path
    state: Path
    api_port: int
    """0: any free port, and no convenience ports."""
    port_variable: str
    """The setting that `api_port` came from, for the error when it is taken."""
    only_emulator: bool = False
    """Serve the emulator alone: nothing deployed, no API."""


def read_settings(
    environ: Mapping[str, str],
    *,
    template: Path | None = None,
    state: Path | None = None,
    port: int | None = None,
    only_emulator: bool = False,
) -> Settings:
    """Settings from explicit values, else from `environ`. Refuses a port that is none."""
    variable, text = _port_setting(environ) if port is None else ("--port", str(port))
    if not text.isdigit() or int(text) > 65535:
        raise NotConfigured(f"{variable} is {text!r}: a port is a number from 1 to 65535")
    return Settings(
        template=(template or REPOSITORY / "template.yaml").resolve(),
        state=(state or state_folder(environ.get("ORHESTRA_DB_URL", ""))).resolve(),
        api_port=int(text),
        port_variable=variable,
        only_emulator=only_emulator,
    )


def _port_setting(environ: Mapping[str, str]) -> tuple[str, str]:
    for variable in ("ORHESTRA_PORT", "PORT"):
        if environ.get(variable):
            return variable, environ[variable]
    return "ORHESTRA_PORT", str(DEFAULT_PORT)


def state_folder(database_url: str) -> Path:
    """The folder for a database URL as the contract writes them; `.muster` in the repository without one.

    `jdbc:h2:file:PATH;OPTIONS`, `file:PATH` and a plain path mean the folder `PATH.muster`. H2 URLs that are not files
    (`mem:`, `tcp:`) are refused: nothing here could honour them.
    """
    if not database_url.strip():
        return REPOSITORY / ".muster"
    match = re.fullmatch(r"(?:jdbc:h2:)?(?:file:)?(?P<path>[^;]+)(?:;.*)?", database_url.strip(), re.DOTALL)
    path = match["path"] if match else ""
    if not path or re.match(r"(?:jdbc|mem|tcp|ssl|zip|nio\w*|split):", path):
        raise NotConfigured(
            f"ORHESTRA_DB_URL is {database_url!r}: use jdbc:h2:file:PATH, file:PATH or a path; "
            "state is kept in the folder PATH.muster"
        )
    folder = Path(path).expanduser()
    return folder.with_name(f"{folder.name}.muster")


def overrides(environ: Mapping[str, str], state: Path) -> dict[str, str]:
    """Variables of the user's environment that take precedence over the template's, as every function sees them.

    Settings of the contracts (ORHESTRA_*, RESULTS_*, ENABLE_*), of access and of logging; never names of resources,
    which a stale shell would break. Reports are plain files too: in the state folder, or at RESULTS_SAVE_PATH. Only
    this machine reaches the local cloud: it asks for no keys and sets no limits unless told to.
    """
    own = {"ORHESTRA_PORT", "ORHESTRA_DB_URL"}
    names = re.compile(
        r"(ORHESTRA|MUSTER_LOG|RESULTS|ENABLE)_\w+|POWERTOOLS_\w*LOG\w*"
        r"|LOG_LEVEL|MUSTER_REQUIRE_KEYS|MUSTER_SUBMITS_PER_MINUTE"
    )
    chosen = {name: value for name, value in environ.items() if names.fullmatch(name) and name not in own}
    results = Path(environ.get("RESULTS_SAVE_PATH") or state / "results").expanduser().resolve()
    return {
        "MUSTER_LOG_FORMAT": "text",
        "MUSTER_REQUIRE_KEYS": "false",
        "MUSTER_SUBMITS_PER_MINUTE": "0",
        "MUSTER_LOCAL_WEBHOOKS": "true",
        "MUSTER_RESULTS_FOLDER": str(results),
        "MUSTER_LOG_FILE": str(log_file(state)),
        **chosen,
    }


def log_file(state: Path) -> Path:
    """Beside the state folder: `logs/computations-orchestrator.log` of the repository, unless told otherwise."""
    return state.parent / "logs" / "computations-orchestrator.log"


def process_environment(settings: Settings, emulator_port: int, environ: Mapping[str, str]) -> dict[str, str]:
    """What ministack and the AWS client library in this process read when they are imported."""
    return {
        "GATEWAY_PORT": str(emulator_port),
        "MINISTACK_HOST": HOST,
        "BIND_HOST": HOST,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(settings.state / "emulator"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(settings.state / "objects"),
        # ministack removes containers labelled as its own when it starts, on any daemon that it finds.
        "DOCKER_HOST": "unix:///nonexistent/docker.sock",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "AUTH": "false",
        "USE_SSL": "0",
        "LAMBDA_EXECUTOR": "local",
        "LAMBDA_STRICT": "0",
        "AWS_ENDPOINT_URL": f"http://{HOST}:{emulator_port}",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": f"{HOST},localhost",
        "no_proxy": f"{HOST},localhost",
        **_identity(environ),
    }


def _identity(environ: Mapping[str, str]) -> dict[str, str]:
    """Region and credentials: dummies, unless the user's own DynamoDB needs the user's. The emulator takes any."""
    region = "us-east-1"
    if uses_own_dynamodb(environ):
        region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or region
        has_credentials = "AWS_ACCESS_KEY_ID" in environ or "AWS_PROFILE" in environ
        identity = {} if has_credentials else DUMMY_CREDENTIALS
    else:
        # A profile of the user could name other endpoints, credentials or regions.
        no_profiles = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        identity = {**DUMMY_CREDENTIALS, **no_profiles}
    return {**identity, "MINISTACK_REGION": region, "AWS_REGION": region, "AWS_DEFAULT_REGION": region}


DUMMY_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
OWN_DYNAMODB = "AWS_ENDPOINT_URL_DYNAMODB"


def uses_own_dynamodb(environ: Mapping[str, str]) -> bool:
    """Whether the user keeps the table elsewhere: in DynamoDB Local or in DynamoDB itself."""
    return bool(environ.get(OWN_DYNAMODB))


def foreign_variables(environ: Mapping[str, str]) -> list[str]:
    """Variables of the user's shell that would point the client library or the emulator elsewhere."""
    foreign = {"SERVICES", "EDGE_PORT", "LOCALSTACK_PERSISTENCE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"}
    if not uses_own_dynamodb(environ):
        foreign |= {"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", OWN_DYNAMODB}
    endpoints = {name for name in environ if name.startswith("AWS_ENDPOINT_URL_")} - {OWN_DYNAMODB}
    return sorted((foreign | endpoints) & environ.keys())
