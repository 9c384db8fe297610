"""The whole cloud on one machine: no Docker, no account.

`python -m local up` deploys template.yaml to an AWS emulator that runs in our own process, serves the API of the stack
on 127.0.0.1, and runs the functions as they are in the source tree, so breakpoints work. docs/local-cloud.md says
what it keeps, what it loses and what differs from AWS.
"""
