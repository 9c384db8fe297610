"""Who may do what, and who did what: keys, limits, the trail, the stack's own secrets."""
