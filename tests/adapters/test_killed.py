"""kill -9 under load: what was acknowledged is there, once."""

import threading
import time
from http.client import HTTPException
from urllib.parse import urlencode

from adapters.serving import LIST, PATH, SECRET, TOKEN, ask, free_port, open_store, signed, start, until

SENDERS, KILLS = 8, 4


class Sender(threading.Thread):
    """Send events one after the other, each again until it is acknowledged, as platforms do."""

    def __init__(self, number: int, port: int, stop: threading.Event) -> None:
        super().__init__()
        self.number, self.port, self.stop = number, port, stop
        self.acknowledged: list[bytes] = []
        self.again = 0

    def run(self) -> None:
        while not self.stop.is_set():
            said = {"type": "unsubscribe", "data[email]": f"{self.number}-{len(self.acknowledged)}@example.com"}
            body = urlencode(said).encode()
            while not self._send(body):
                self.again += 1
            self.acknowledged.append(body)

    def _send(self, body: bytes) -> bool:
        try:
            return ask(self.port, "POST", PATH, body, signed(body, int(time.time())))[0] == 200
        except (OSError, HTTPException):
            time.sleep(0.01)
            return False


def test_every_acknowledged_event_is_kept_once(tmp_path) -> None:
    store = open_store(tmp_path)
    store.set_secret("mailchimp-path", LIST, TOKEN)
    store.set_secret("mailchimp", LIST, SECRET)
    stop = threading.Event()
    port = free_port()
    senders = [Sender(number, port, stop) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    for life in range(KILLS + 1):
        with start(tmp_path, port) as process:
            until(lambda life=life: sum(len(sender.acknowledged) for sender in senders) > 200 * (life + 1))
            if life < KILLS:
                process.kill()
                continue
            stop.set()
            for sender in senders:
                sender.join()
            process.terminate()
    acknowledged = [body for sender in senders for body in sender.acknowledged]
    kept = [event.body for event in store.inbox(limit=10**6)]
    store.close()
    assert sum(sender.again for sender in senders) > 0
    assert len(kept) == len(set(kept))
    assert set(acknowledged) <= set(kept)
