"""`python -m muster_client` is `muster`."""

from muster_client.cli.main import run

if __name__ == "__main__":
    run()
