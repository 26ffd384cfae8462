"""`python -m selfsup` is `selfsup`."""

from selfsup.cli import main

main()
