"""What holds for all tests."""

from hypothesis import settings

# A busy machine is slow at times; no test is about time.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
