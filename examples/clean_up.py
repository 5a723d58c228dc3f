"""Clean up the audience that you inherited: look, write lists to work through, mend the names that are certain.

    python examples/clean_up.py mailchimp:1a2b3c4d5e

The platform's key is in the environment, as CONTEXTMAIL_MAILCHIMP_KEY or CONTEXTMAIL_HUBSPOT_TOKEN.
"""

import sys
from pathlib import Path

from contextmail import apply, audit, load_settings, open_runs, open_target

settings = load_settings()
with open_target(settings, sys.argv[1]) as target, open_runs(settings) as runs:
    found = audit(target, settings, out=Path("to-do"), plan=Path("clean-up"))
    for check in found.checks:
        print(f"{check.found:>9,}  {check.name}  {check.unlooked}")
    done = apply(Path("clean-up"), target, runs, settings)
    print(f"{done.people_written:,} contacts mended; contextmail undo {done.run} takes it back")
