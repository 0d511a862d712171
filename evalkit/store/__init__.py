"""The only door to a run folder."""
