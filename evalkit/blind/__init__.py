"""Blind judging: deal pairs, seal the key, make ballots, take votes, open the key."""
