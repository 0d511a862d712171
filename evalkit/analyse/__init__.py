"""From figures per prompt to figures per variant: intervals, tests and verdicts in words."""
