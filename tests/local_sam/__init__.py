"""The second local way: the built packages in containers, by `sam local`, with moto as the rest of AWS.

    python -m tests.local_sam

docs/sam-local.md says what it needs, what differs from AWS and what it showed.
"""
