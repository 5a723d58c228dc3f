"""A process that receives events until it is killed: `writing.py FILE NAME COUNT`; it prints each one that is kept.

After COUNT events (0: never) it prints the worst seconds that one of them took, and ends.
"""

import sys
import time
from datetime import datetime
from itertools import count
from pathlib import Path

from contextmail.model.consent import Assurance
from contextmail.store.sealing import Sealer
from contextmail.store.sqlite_consent import SqliteConsentStore

LOOKUP, SEAL = "l" * 32, "c2VhbHNlYWxzZWFsc2VhbHNlYWxzZWFsc2VhbHNlYWw="
BODY = b"x" * 600

if __name__ == "__main__":
    file, name, wanted = sys.argv[1:]
    store = SqliteConsentStore(Path(file), Sealer(LOOKUP, [SEAL]))
    worst = 0.0
    for number in range(int(wanted)) if int(wanted) else count():
        began = time.perf_counter()
        store.receive("load", name, str(number), Assurance.SIGNED, BODY, datetime(2026, 5, 31))
        worst = max(worst, time.perf_counter() - began)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
    sys.stdout.write(f"worst {worst:.4f}\n")
