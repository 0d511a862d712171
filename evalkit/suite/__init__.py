"""Prompt files become a validated suite: every prompt has an id and a content hash."""
