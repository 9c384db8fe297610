"""The bench: what Muster costs and how fast it is, measured. `python -m bench`, or `--quick` for a minute's look."""
