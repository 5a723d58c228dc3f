"""Messages are read from everywhere, whole, and a mistake in one is named with its place and its cure."""

import json
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from contextmail.errors import RecordRejected, TemplateError
from contextmail.language.messages import read_lines, read_message
from contextmail.model.message import Channel, Message, Offer, PartKind, Purpose


def sources(message: Message) -> dict[str, str]:
    return {part.name: part.source for part in message.parts}


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def test_a_folder_gives_its_parts_in_the_order_in_which_they_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "spring"
    folder.mkdir()
    write(folder / "text.txt", "Hello,\r\nall.\r\n")
    write(folder / "body.html", "<title>Spring</title><p>Hello</p>\n")
    write(folder / "subject.txt", "A gift for you\n")
    write(folder / "message.toml", 'purpose = "service"\nasks = ["birthday"]\n[[offers]]\nproduct = "85123A"\n')
    message = read_message(folder)
    assert sources(message) == {
        "subject": "A gift for you",
        "html": "<title>Spring</title><p>Hello</p>\n",
        "text": "Hello,\r\nall.\r\n",
    }
    assert [part.name for part in message.parts] == ["subject", "html", "text"]
    assert (message.id, message.purpose, message.asks) == ("spring", Purpose.SERVICE, ("birthday",))
    assert message.offers == (Offer(product="85123A"),)
    assert message.parts[1].path == str(folder / "body.html")


def test_an_html_file_alone_is_a_marketing_mail_with_one_part(tmp_path: Path) -> None:
    message = read_message(write(tmp_path / "spring.html", "<p>Hello</p>"))
    assert sources(message) == {"html": "<p>Hello</p>"}
    assert (message.channel, message.purpose, message.parts[0].kind) == (
        Channel.EMAIL,
        Purpose.MARKETING,
        PartKind.HTML,
    )


def test_front_matter_is_taken_off_and_the_part_says_on_which_line_it_begins(tmp_path: Path) -> None:
    text = """---
# a comment
subject: 'Deal #1: it''s yours'
asks: [birthday, provider]
planned_at: 2026-05-31T09:00:00+02:00
allow:
  generic-greeting: the list has no names
offers:
  - product: 85123A
    name: "White \\"Heart\\""
  - name: Lantern
# contextmail: allow generic-subject it is a series
---
<p>Hello</p>
"""
    message = read_message(write(tmp_path / "spring.html", text))
    html = message.part("html")
    subject = message.part("subject")
    assert html is not None and subject is not None
    assert (html.source, html.line) == ("<p>Hello</p>\n", 14)
    assert (subject.source, subject.line) == ("Deal #1: it's yours", 3)
    assert message.asks == ("birthday", "provider")
    assert message.planned_at == datetime(2026, 5, 31, 7, 0)
    assert message.offers == (Offer(product="85123A", name='White "Heart"'), Offer(name="Lantern"))
    assert message.allow == {"generic-greeting": "the list has no names", "generic-subject": "it is a series"}


def test_toml_front_matter_is_read_too(tmp_path: Path) -> None:
    message = read_message(write(tmp_path / "a.txt", '+++\nchannel = "sms"\nexpires = 2026-06-01\n+++\nHello\n'))
    assert (message.channel, message.expires, sources(message)) == (
        Channel.SMS,
        datetime(2026, 6, 1),
        {"text": "Hello\n"},
    )
    assert message.parts[0].line == 5


@pytest.mark.parametrize("text", ["---\nHello\n---\nbye\n", "---\n\nHello, all\n", "--\nsubject: x\n--\n", "----\n"])
def test_a_rule_of_dashes_at_the_top_of_a_text_is_text(tmp_path: Path, text: str) -> None:
    assert sources(read_message(write(tmp_path / "a.txt", text))) == {"text": text}


def test_windows_line_ends_and_a_byte_order_mark_do_not_hide_front_matter(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"\xef\xbb\xbf---\r\nsubject: Hi\r\n---\r\n<p>Hello</p>\r\n")
    message = read_message(tmp_path / "a.html")
    assert sources(message) == {"subject": "Hi", "html": "<p>Hello</p>\r\n"}


def test_a_side_file_says_what_the_html_does_not(tmp_path: Path) -> None:
    path = write(tmp_path / "spring.html", "<p>Hello</p>")
    write(tmp_path / "spring.toml", 'channel = "postal"\naddressed_to = "resident"\n')
    assert read_message(path).addressed_to == "resident"
    (tmp_path / "spring.toml").unlink()
    write(tmp_path / "spring.json", '{"subject": "Hi"}')
    assert sources(read_message(path)) == {"subject": "Hi", "html": "<p>Hello</p>"}


def test_the_text_of_a_call_is_a_script(tmp_path: Path) -> None:
    part = read_message(write(tmp_path / "a.txt", "---\nchannel: call\ndelivered_by: human\n---\nHello\n")).parts[0]
    assert (part.name, part.kind) == ("script", PartKind.SCRIPT)


def test_a_mail_file_gives_its_decoded_subject_and_texts(tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["Subject"] = "Grüße an alle, die uns seit vielen Jahren die Treue halten und noch lange halten werden"
    mail["From"] = '"Gift Shop" <shop@example.com>'
    mail.set_content("Schöne Grüße\n", charset="iso-8859-1", cte="quoted-printable")
    mail.add_alternative("<p>Schöne Grüße</p>\n", subtype="html", charset="utf-8", cte="base64")
    (tmp_path / "a.eml").write_bytes(mail.as_bytes())
    message = read_message(tmp_path / "a.eml")
    assert sources(message) == {
        "subject": "Grüße an alle, die uns seit vielen Jahren die Treue halten und noch lange halten werden",
        "html": "<p>Schöne Grüße</p>\n",
        "text": "Schöne Grüße\n",
    }
    assert message.sender == "Gift Shop"


def test_a_mapping_and_a_json_file_give_the_same_message(tmp_path: Path) -> None:
    record = {"id": "a", "channel": "sms", "text": "Hello", "offers": ["85123A"], "asks": "birthday", "subject": None}
    path = write(tmp_path / "x.json", json.dumps(record))
    from_file, from_mapping = read_message(path), read_message(record)
    assert from_mapping.offers == (Offer(product="85123A"),)
    assert from_mapping.parts[0].path == ""
    assert from_file.model_copy(update={"parts": ()}) == from_mapping.model_copy(update={"parts": ()})
    assert sources(from_file) == sources(from_mapping) == {"text": "Hello"}


def test_the_dialect_that_is_given_wins(tmp_path: Path) -> None:
    path = write(tmp_path / "a.html", "---\ndialect: liquid\n---\n<p>{{ x }}</p>")
    assert read_message(path).dialect == "liquid"
    assert read_message(path, dialect="hubl").dialect == "hubl"


def test_front_matter_and_a_side_file_each_keep_their_own_places(tmp_path: Path) -> None:
    path = write(tmp_path / "a.html", "---\nsubject: Hi\nchannel: emial\n---\n<p>Hello</p>")
    write(tmp_path / "a.toml", 'id = "b"\npreheader = "Ho"\n')
    with pytest.raises(TemplateError, match=r"a\.html:3: channel is"):
        read_message(path)
    write(path, "---\nsubject: Hi\u2028there\n---\n<p>Hello</p>")
    places = {part.name: (part.path, part.line) for part in read_message(path).parts}
    assert places == {
        "subject": (str(path), 2),
        "preheader": (str(path.with_suffix(".toml")), 2),
        "html": (str(path), 4),
    }


def test_comments_in_html_suppress_rules_with_their_reason(tmp_path: Path) -> None:
    text = (
        "<!-- contextmail: allow generic-greeting the list\n has no names -->"
        "<p>Hi</p><!--contextmail: allow no-substance-->"
    )
    assert read_message(write(tmp_path / "a.html", text)).allow == {
        "generic-greeting": "the list has no names",
        "no-substance": "no reason given",
    }


@pytest.mark.parametrize("rule", ["opted-out", "unasked-channel"])
def test_the_recipients_own_choice_cannot_be_suppressed(tmp_path: Path, rule: str) -> None:
    path = write(tmp_path / "a.html", f"<p>Hi</p>\n<!-- contextmail: allow {rule} we need to -->")
    with pytest.raises(TemplateError, match=f"{rule}' cannot be suppressed"):
        read_message(path)
    with pytest.raises(TemplateError, match="cannot be suppressed"):
        read_message({"text": "Hi", "allow": {rule: "we need to"}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---\nsubjct: Hi\n---\nHello", "a.txt:2: unknown key 'subjct'\n  cure: did you mean 'subject'?"),
        ("---\nchannel: emial\n---\nHello", "a.txt:2: channel is 'emial'\n  cure: did you mean 'email'?"),
        ("---\ndialect: liqid\n---\nHello", "a.txt:2: dialect is 'liqid'\n  cure: did you mean 'liquid'?"),
        ("---\nid: a\n\npurpose: fun\n---\nHello", "a.txt:4: purpose is 'fun'\n  cure: one of marketing, service"),
        ("---\nsubject: Hi\n  more\n---\nHello", "a.txt:3: not understood: 'more'"),
        ("---\nsubject: |\n  more\n---\nHello", "a.txt:2: texts of several lines"),
        ("---\nid: a\nid: b\n---\nHello", "a.txt:3: 'id' is given twice"),
        ("---\nplanned_at: soon\n---\nHello", "a.txt:2: planned_at is 'soon'"),
        ("---\nallow: yes\n---\nHello", "a.txt:2: allow is not a table"),
        (
            "---\noffers:\n  - prodct: x\n---\nHello",
            "a.txt:2: offers: unknown key 'prodct'\n  cure: did you mean 'product'?",
        ),
        ("+++\nid = 'a'\nsubject = \n+++\nHello", "a.txt: not TOML: .*line 3"),
        ("---\nsubject: Hi\n---\n \n", None),
        ("\n \n", "a.txt: the message has no text"),
        ("---\n# contextmail: alow x\nid: a\n---\nHello", "a.txt:2: not understood: 'contextmail: alow'"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_cure(tmp_path: Path, text: str, expected: str | None) -> None:
    path = write(tmp_path / "a.txt", text)
    if expected is None:
        assert sources(read_message(path))["subject"] == "Hi"
        return
    with pytest.raises(TemplateError, match=expected.replace("?", r"\?")):
        read_message(path)


def test_a_text_that_stands_in_two_places_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.html", "---\nsubject: Hi\n---\n<p>Hello</p>")
    write(tmp_path / "a.toml", 'id = "a"\nsubject = "Ho"\n')
    with pytest.raises(TemplateError, match=r"a\.toml:2: 'subject' is in .*a\.html:2 too"):
        read_message(path)
    with pytest.raises(TemplateError, match="a second html"):
        folder = tmp_path / "m"
        folder.mkdir()
        write(folder / "body.html", "<p>a</p>")
        write(folder / "html.html", "<p>a</p>")
        read_message(folder)


def test_a_missing_file_a_misspelt_part_and_a_subject_of_two_lines_are_errors(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="no such file"):
        read_message(tmp_path / "nothing.html")
    write(tmp_path / "subjct.txt", "Hi")
    with pytest.raises(TemplateError, match="did you mean 'subject.txt'"):
        read_message(tmp_path)
    (tmp_path / "subjct.txt").unlink()
    write(tmp_path / "subject.txt", "Hi\nHo\n")
    with pytest.raises(TemplateError, match="more than one line"):
        read_message(tmp_path)


def test_lines_of_json_give_messages_and_broken_ones_are_named() -> None:
    lines = [
        '{"id": "a", "subject": "Hi", "mood": "kind"}\n',
        "\n",
        '{"id": 7, "text": "", "channel": "sms"}\n',
        '{"id": "c", "text": \n',
        '{"id": "d", "subjct": "Hi"}\n',
        '{"id": "e"}\n',
        '["f"]\n',
        b'{"text": "\xff"}\n',
        '{"text": ' + "9" * 5000 + "}\n",
        '{"text": "half of a pair: \\ud83d"}\n',
    ]
    results = list(read_lines(lines))
    assert [id_ for id_, _ in results] == ["a", 7, None, "d", "e", None, None, None, 10]
    first, second, *broken, last = [result for _, result in results]
    assert isinstance(first, Message) and sources(first) == {"subject": "Hi"}
    assert isinstance(second, Message) and (second.id, second.channel) == ("7", Channel.SMS)
    assert isinstance(last, Message)
    assert last.parts[0].source.encode(last.parts[0].encoding, last.parts[0].errors).endswith(b"\xed\xa0\xbd")
    assert [str(error) for error in broken if isinstance(error, RecordRejected)][:4] == [
        "line 4, column 20: not JSON: Expecting value",
        "line 5: unknown key 'subjct'\n  cure: did you mean 'subject'?",
        "line 6: no text\n  cure: give one of subject, preheader, html, text, script",
        "line 7: a JSON object is expected, not list",
    ]
