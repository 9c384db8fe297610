"""Muster: a coordinator for work that runs somewhere else, with no server of its own."""
