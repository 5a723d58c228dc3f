"""The command line: one file per command, and what every command says and takes in `output` and `options`."""

from __future__ import annotations

import sys
import traceback

from contextmail.errors import ContextmailError, MissingExtraError


def main() -> None:
    """Run a command and leave the process: 0 nothing to look at, 1 something, 2 could not run, 130 interrupted."""
    try:
        _run()
    except ContextmailError as error:
        sys.stderr.write(f"contextmail: {error}\n")
        sys.exit(2)
    except OSError as error:
        sys.stderr.write(f"contextmail: {error.filename or 'input or output'}: {error.strerror}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception:  # noqa: BLE001  # a mistake of ours must not pass for "something to look at"
        traceback.print_exc()
        sys.exit(2)


def _run() -> None:
    try:
        from contextmail.cli.app import app
    except ModuleNotFoundError as error:
        if error.name in ("typer", "rich"):
            raise MissingExtraError(error.name, "cli") from None
        raise
    app(prog_name="contextmail")
