"""Run the command line: `python -m contextmail`."""

from contextmail.cli import main

if __name__ == "__main__":
    main()
