"""User errors: invalid input, configuration or files. Every other exception is a bug."""


class InputError(Exception):
    """One sentence that names the file, the key and the fix; the command line prints it and exits with 1."""


class NotApplicable(Exception):
    """An evaluation that does not apply to this run or data; its message is the reason that the report prints."""
