"""Figures, policy and baseline -> open or closed, with every reason. Pure: no model, no files, no clock."""
