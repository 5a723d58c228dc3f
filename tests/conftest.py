"""What holds for all tests."""

import threading
from collections.abc import Iterator

import pytest
from hypothesis import settings
from proposing.server import Endpoint

# A busy machine is slow at times; no test is about time.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """Serve a language model on loopback."""
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()
