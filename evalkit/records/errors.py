"""Errors that reach the user: what was found, what was needed, what to do next.

Exit codes are the commands' contract: 1 something broke, 2 wrong usage, 4 no verdict possible.
"""

from __future__ import annotations


class EvalkitError(Exception):
    """Base of every error that the command line prints without a traceback."""

    exit_code = 1


class UsageError(EvalkitError):
    """The user's command, paths or files ask for something that cannot be done."""

    exit_code = 2


class FamilyError(UsageError):
    """The files given do not make a family: none, no reference, two of one label, another vocabulary."""


class SuiteError(UsageError):
    """A suite or system-prompt file is missing, malformed or asks for an unknown prompt."""


class ReferenceStoreError(UsageError):
    """A reference store is missing, damaged, or not of what it is asked for: another text, suite, vocabulary."""


class RunFolderError(EvalkitError):
    """A run folder is locked by another process, of another schema, or damaged."""


class NoSuchRunError(RunFolderError):
    """The user named a run that is not there, or several at once."""

    exit_code = 2


class GgufError(EvalkitError):
    """A file is not a GGUF, or its header is truncated, inconsistent or out of bounds."""


class EngineError(EvalkitError):
    """One variant's child process failed: it crashed, hung, refused the file or ran out of memory."""


class EngineCrashError(EngineError):
    """The child process was killed by a signal: a kernel fault, an abort, or the system's OOM killer."""


class NotMeasuredError(EvalkitError):
    """A figure has no value; the message is the reason that is shown in its place."""


class BlindError(EvalkitError):
    """A kit would tell, or a key, ballot, text or vote is not what it was or ought to be."""


class VotesMissingError(EvalkitError):
    """A kit cannot be revealed yet: judges have not voted on all of their pairs."""

    exit_code = 4


class NoVerdictError(EvalkitError):
    """There is nothing yet from which a verdict could be drawn."""

    exit_code = 4
