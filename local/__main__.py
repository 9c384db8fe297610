"""`python -m local up|down|status|operator-key`: exit status 0, or 1 with the reason on standard error."""

import argparse
import os
import sys
from pathlib import Path

from local import launcher, state
from local.settings import LocalCloudError, Settings, read_settings


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    try:
        settings = _settings(options)
        if options.command == "up":
            return _foreground(settings) if options.foreground else _up(settings)
        return {"down": _down, "status": _status, "operator-key": _operator_key}[options.command](settings)
    except LocalCloudError as refusal:
        print(f"local cloud: {refusal}", file=sys.stderr)
        return 1


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local", description="The whole cloud on one machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start it and return when it answers")
    down = commands.add_parser("down", help="stop it gracefully")
    status = commands.add_parser("status", help="show what runs")
    operator_key = commands.add_parser("operator-key", help="print the key with which the first key is made")
    for command in (up, down, status, operator_key):
        command.add_argument("--state", type=Path, help="state folder (default: ORHESTRA_DB_URL, else .muster)")
    up.add_argument("--foreground", action="store_true", help="stay attached and log here")
    up.add_argument("--template", type=Path, help="SAM template (default: template.yaml of this repository)")
    up.add_argument("--port", type=int, help="port of the API, 0 for any (default: ORHESTRA_PORT, PORT, 8080)")
    up.add_argument("--only-emulator", action="store_true", help="serve the emulator alone, deploy nothing")
    return parser.parse_args(arguments)


def _settings(options: argparse.Namespace) -> Settings:
    chosen = {name: getattr(options, name, None) for name in ("state", "template", "port")}
    return read_settings(os.environ, only_emulator=getattr(options, "only_emulator", False), **chosen)


def _up(settings: Settings) -> int:
    already = state.read_running(settings.state)
    running = already or launcher.start(settings)
    print(f"local cloud {'already runs' if already else 'is up'} (process {running['pid']})")
    _print_urls(running)
    return 0


def _foreground(settings: Settings) -> int:
    from local.server import serve

    serve(settings)
    return 0


def _down(settings: Settings) -> int:
    print("local cloud stopped" if launcher.stop(settings.state) else "no local cloud runs")
    return 0


def _status(settings: Settings) -> int:
    running = state.read_running(settings.state)
    if not running:
        print(f"no local cloud runs on {settings.state}")
        return 0
    print(f"local cloud runs (process {running['pid']}), state in {settings.state}")
    _print_urls(running)
    return 0


def _operator_key(settings: Settings) -> int:
    from local.operator import operator_key

    running = state.read_running(settings.state)
    if not running:
        raise LocalCloudError(f"no local cloud runs on {settings.state}")
    print(operator_key(running["emulator"]))
    return 0


def _print_urls(running: state.Running) -> None:
    for url in running["api"]:
        print(f"  API       {url}")
    print(f"  emulator  {running['emulator']}")


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # A function that hangs would keep the interpreter from ending.
    os._exit(status)
