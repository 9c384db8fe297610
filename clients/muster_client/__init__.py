"""What runs outside the cloud: the SDK, the `muster` command and the spot agent."""

__version__ = "0.1.0"
