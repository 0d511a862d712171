"""Texts that were made elsewhere: files or tables in, a family, a suite and answers out."""
