"""From a run's cells to its answers, through an engine handed in."""
