"""The receiver behind uvicorn, over real HTTP."""

import ast
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from adapters.serving import ADAPTER, LIST, PATH, ask, free_port, open_store, serving, signed, start

BODY = b"type=unsubscribe&data[email]=ada%40example.com\xff\x00\r\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("receiver")
    with serving(folder) as (port, process):
        yield folder, port
        process.terminate()
        log, _ = process.communicate()
    assert "Application shutdown complete" in log
    assert "Traceback" not in log and "example.com" not in log and PATH not in log


def kept(folder) -> list[bytes]:
    store = open_store(folder)
    try:
        return [event.body for event in store.inbox(limit=1000)]
    finally:
        store.close()


def test_looking_is_answered_and_does_nothing(served) -> None:
    folder, port = served
    before = kept(folder)
    assert ask(port, "GET", PATH) == (200, b"ready\n")
    assert ask(port, "HEAD", PATH) == (200, b"")
    assert ask(port, "GET", "/u/token")[0] == 200
    assert kept(folder) == before


def test_a_signed_event_is_kept_byte_for_byte_before_the_answer(served) -> None:
    folder, port = served
    assert ask(port, "POST", PATH, BODY, signed(BODY, int(time.time()))) == (200, b"kept\n")
    assert BODY in kept(folder)


def test_a_body_in_pieces_is_put_together(served) -> None:
    folder, port = served
    pieces = [b"type=profile", b"&data[email]=", b"ben%40example.com"]
    whole = b"".join(pieces)
    assert ask(port, "POST", PATH, iter(pieces), signed(whole, int(time.time())))[0] == 200
    assert whole in kept(folder)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", PATH, 401),
        ("POST", PATH[:-1], 401),
        ("POST", "/u/%FF", 401),
        ("PUT", PATH, 405),
        ("GET", "/", 404),
        ("POST", "/hooks/%00", 404),
        ("POST", f"/hooks/mailchimp/{LIST}%0A/x", 404),
    ],
)
def test_what_is_not_an_event_is_turned_away(served, method, path, status) -> None:
    folder, port = served
    before = kept(folder)
    assert ask(port, method, path, b"x")[0] == status
    assert kept(folder) == before


def test_an_endless_body_is_refused_without_being_read_to_its_end(served) -> None:
    _, port = served
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        for _ in range(17):
            connection.sendall(chunk)
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


def test_a_header_that_is_not_ascii_is_only_a_wrong_header(served) -> None:
    _, port = served
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nX-Mailchimp-Signature: ".encode()
            + b"t=1,v1=\xff\xc3\xa9\r\n\r\nx"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 401")


def test_who_hangs_up_half_way_leaves_nothing_behind(served) -> None:
    folder, port = served
    before = kept(folder)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf".encode())
    assert ask(port, "GET", PATH)[0] == 200
    assert kept(folder) == before


def test_many_at_once_are_each_answered_and_kept_once_though_some_hang_up(served) -> None:
    folder, port = served
    bodies = [f"type=unsubscribe&data[email]=n{number}%40example.com".encode() for number in range(40)]

    def post(body: bytes) -> int:
        return ask(port, "POST", PATH, body, signed(body, int(time.time())))[0]

    def hang_up(body: bytes) -> None:
        head = "".join(f"{name}: {value}\r\n" for name, value in signed(body, int(time.time())).items())
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode())
            connection.sendall(body)

    with ThreadPoolExecutor(16) as senders:
        impatient = [senders.submit(hang_up, b"type=profile&n=%d" % number) for number in range(8)]
        statuses = list(senders.map(post, [*bodies, *bodies]))
        assert not any(one.exception() for one in impatient)
    assert statuses == [200] * 80
    assert sorted(body for body in kept(folder) if body in bodies) == sorted(bodies)


def test_a_wrong_setting_stops_the_start_and_is_named(tmp_path) -> None:
    (tmp_path / "contextmail.toml").write_text("[consent]\nproduction = true\n")
    with start(tmp_path, free_port()) as process:
        log, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "not a place for a production store" in log and "Traceback" not in log


def test_the_adapter_decides_nothing_of_its_own() -> None:
    source = (ADAPTER / "app.py").read_text()
    froms = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    ours = {f"{node.module}.{name.name}" for node in froms for name in node.names if "contextmail" in str(node.module)}
    assert ours == {
        "contextmail.errors",
        "contextmail.wiring",
        "contextmail.webhooks.door.Door",
        "contextmail.webhooks.http",
    }
    assert sum(bool(line.strip()) and not line.strip().startswith(("#", '"""')) for line in source.splitlines()) <= 60
