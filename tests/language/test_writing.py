"""A message is written back whole: new texts in their places, every other byte as it was."""

import json
import tomllib
from pathlib import Path

import pytest

from contextmail.errors import TemplateError
from contextmail.language.messages import read_message
from contextmail.language.writing import written_files


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_message_that_is_not_edited_gives_back_its_bytes(tmp_path: Path) -> None:
    for at, data in enumerate(
        [
            b"<p>Hello</p>\n\n",
            b"---\r\nsubject: Hi\r\n---\r\n<p>Hello</p>",
            b"\xef\xbb\xbf+++\npreheader = 'x'\n+++\n<p>Gr\xc3\xbc\xc3\x9fe</p>\n",
            b"---\nsubject: \x80uro\n---\n<p>\x80</p>\n",
            "---\nsubject: Hi\n---\n<p>\u201chi\u201d</p>\n".encode("utf-16"),
        ]
    ):
        path = put(tmp_path / f"m{at}.html", data)
        assert written_files(read_message(path), {}) == {Path(f"m{at}.html"): data}


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"subject: Our best", b"subject: Your gift"),
        (b"subject: 'Our best'", b'subject: "Your gift"'),
        (b"id: x\nsubject:   Our best  ", b"id: x\nsubject:   Your gift  "),
    ],
)
def test_a_subject_in_front_matter_is_written_there_beside_an_edited_body(
    tmp_path: Path, head: bytes, expected: bytes
) -> None:
    path = put(tmp_path / "a.html", b"---\n" + head + b"\n---\n<p>Our best</p>\n")
    files = written_files(read_message(path), {"subject": "Your gift", "html": "<p>You</p>\n"})
    assert files == {Path("a.html"): b"---\n" + expected + b"\n---\n<p>You</p>\n"}


@pytest.mark.parametrize("new", ["", 'He said "now"', " spaced ", "|", "'quoted'", "a\\b", "Grüße"])
def test_a_text_that_needs_quotation_marks_gets_them_and_is_read_back(tmp_path: Path, new: str) -> None:
    for name, text in (
        ("a.html", "---\nsubject: Our best\n---\n<p>x</p>"),
        ("a.html", "+++\nsubject = 'Our best'\n+++\n<p>x</p>"),
        ("a.json", '{"id": "x", "subject": "Our best", "text": "x"}'),
    ):
        message = read_message(put(tmp_path / name, text.encode()))
        for file, data in written_files(message, {"subject": new}).items():
            part = read_message(put(tmp_path / file, data)).part("subject")
            assert part is not None
            assert part.source == new


def test_side_files_and_json_keep_their_other_keys(tmp_path: Path) -> None:
    path = put(tmp_path / "a.html", b"<p>x</p>")
    put(tmp_path / "a.toml", b'# ours\nsubject = """Our best"""  # kept\nid = "b"\n')
    files = written_files(read_message(path), {"subject": "Your gift"})
    assert files[Path("a.html")] == b"<p>x</p>"
    assert files[Path("a.toml")] == b'# ours\nsubject = "Your gift"  # kept\nid = "b"\n'
    assert tomllib.loads(files[Path("a.toml")].decode())["id"] == "b"
    path = put(tmp_path / "b.json", json.dumps({"text": "Hello", "subject": "Our best"}).encode())
    files = written_files(read_message(path), {"subject": "Your gift", "text": "Hi"})
    assert json.loads(files[Path("b.json")]) == {"text": "Hi", "subject": "Your gift"}


def test_a_folder_keeps_the_line_end_of_its_subject(tmp_path: Path) -> None:
    put(tmp_path / "subject.txt", b"Our best\n")
    put(tmp_path / "body.html", b"<p>x</p>\n")
    files = written_files(read_message(tmp_path), {"subject": "Your gift"})
    assert files == {Path("subject.txt"): b"Your gift\n", Path("body.html"): b"<p>x</p>\n"}


def test_a_mail_becomes_a_folder_that_can_be_read_again(tmp_path: Path) -> None:
    path = put(tmp_path / "a.eml", b"Subject: Our best\nContent-Type: text/html; charset=utf-8\n\n<p>Hello</p>\n")
    files = written_files(read_message(path), {"html": "<p>You</p>\n"})
    assert files == {Path("a/subject.txt"): b"Our best", Path("a/body.html"): b"<p>You</p>\n"}


def test_a_file_that_changed_meanwhile_is_refused(tmp_path: Path) -> None:
    message = read_message(put(tmp_path / "a.html", b"<p>x</p>"))
    put(tmp_path / "a.html", b"<p>y</p>")
    with pytest.raises(TemplateError, match="no longer what was read"):
        written_files(message, {"html": "<p>z</p>"})
