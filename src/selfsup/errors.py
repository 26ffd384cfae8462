"""What the user can mend, as opposed to what we must."""


class InputError(Exception):
    """One sentence that names the file, the key and the mend; the command line prints it and exits with 1."""


class NotApplicable(Exception):
    """An evaluation that has no meaning for this run or data; its message is the reason the report prints."""
