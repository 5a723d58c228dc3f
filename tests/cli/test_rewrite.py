"""contextmail rewrite: files in the platform's own language, with manifest, diff and variants, that read as clean."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

SPRING = (
    b"---\nsubject: Six lanterns\n---\r\n<h1>You're Our Most Valuable Customer</h1>\n"
    b"<p>Hi *|FNAME|*,</p>\r\n"
    b"<p>As our <b>best customer</b>, you get 20% off &amp; more. We miss you! Come and see.</p>"
)


def put(path: Path, data: bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return str(path)


def test_the_template_is_written_with_its_manifest_diff_and_variants(run, shop) -> None:
    ran = run("rewrite", put(shop / "spring.html", SPRING), "-o", "out")
    assert (ran.code, ran.err) == (0, "")
    assert {file.name for file in Path("out").iterdir()} == {
        "spring.html", "spring.manifest.json", "spring.diff", "spring.variants.json",
    }  # fmt: skip
    written = Path("out/spring.html").read_bytes()
    head, _, _ = SPRING.partition(b"Our Most Valuable Customer")
    assert written.startswith(head)
    assert b"</h1>\n<p>Hi *|CM" in written
    assert b"&amp; more." in written
    fields = json.loads(Path("out/spring.manifest.json").read_text())["fields"]
    assert all(field["name"].encode() in written for field in fields)


def test_the_counts_of_an_edits_variants_are_everybody(run, shop) -> None:
    ran = run("rewrite", put(shop / "spring.html", SPRING), "-o", "out")
    edits = json.loads(Path("out/spring.variants.json").read_text())
    assert [sum(variant["people"] for variant in edit["variants"]) for edit in edits] == [4] * len(edits)
    heading = next(edit for edit in edits if edit["quote"] == "Our Most Valuable Customer")
    assert [(variant["people"], variant["original"]) for variant in heading["variants"]] == [
        (1, True),
        (2, False),
        (1, False),
    ]
    assert '2  "One of Our Customers"    is_customer' in ran.out


def test_without_facts_there_are_variants_and_no_counts(run, desk) -> None:
    run("rewrite", put(desk / "spring.html", SPRING), "-o", "out")
    variants = [
        variant for edit in json.loads(Path("out/spring.variants.json").read_text()) for variant in edit["variants"]
    ]
    assert {variant["people"] for variant in variants} == {None}


def test_the_diff_makes_the_new_bytes_of_the_old(run, desk) -> None:
    if not shutil.which("patch"):
        pytest.skip("patch is not installed")
    source = SPRING.replace(b"Come and see.", b"Caf\xe9 & \xff.")
    run("rewrite", put(desk / "spring.html", source), "-o", "out")
    put(desk / "again/spring.html", source)
    subprocess.run(["patch", "--binary", "-s", "-p1", "-i", "../out/spring.diff"], cwd="again", check=True)
    assert Path("again/spring.html").read_bytes() == Path("out/spring.html").read_bytes() != source


@pytest.mark.parametrize("dialect", ["mailchimp", "hubl", "liquid"])
def test_a_rewritten_template_is_clean_and_left_alone(run, desk, dialect: str) -> None:
    tokens = {"mailchimp": "*|FNAME|*", "hubl": "{{ contact.firstname }}", "liquid": "{{ first_name }}"}
    source = SPRING.replace(b"*|FNAME|*", tokens[dialect].encode())
    run("rewrite", put(desk / "spring.html", source), "-o", "one", "--dialect", dialect)
    assert Path("one/spring.html").read_bytes() != source
    checked = run("check", "one/spring.html")  # its language is told by the manifest
    assert (checked.code, checked.out) == (0, "1 message: 0 findings\n")
    run("rewrite", "one/spring.html", "-o", "two")
    run("rewrite", "two/spring.html", "-o", "three")
    assert (
        Path("one/spring.html").read_bytes()
        == Path("two/spring.html").read_bytes()
        == Path("three/spring.html").read_bytes()
    )
    assert fields("one") == fields("two") == fields("three")


def fields(folder: str) -> list[tuple[str, str]]:
    manifest = json.loads(Path(folder, "spring.manifest.json").read_text())
    return [(field["name"], field["texts"]) for field in manifest["fields"]]


def test_a_claim_that_is_added_to_a_rewritten_template_is_found_and_the_old_fields_are_kept(run, desk) -> None:
    run("rewrite", put(desk / "spring.html", SPRING), "-o", "one")
    text = Path("one/spring.html").read_bytes()
    put(desk / "one/spring.html", text + b"<p>Thank you for your continued loyalty!</p>")
    assert run("check", "one/spring.html").out.count("unearned-") == 1
    run("rewrite", "one/spring.html", "-o", "two")
    assert fields("two")[: len(fields("one"))] == fields("one") != fields("two")


def test_a_token_of_the_manifest_is_a_known_field(run, shop) -> None:
    run("rewrite", put(shop / "spring.html", SPRING), "-o", "out")
    assert "unknown-token" not in run("check", "out/spring.html").out
    Path("out/spring.manifest.json").unlink()
    assert "unknown-token" in run("check", "out/spring.html").out


def test_a_manifest_that_is_none_is_an_error(run, desk) -> None:
    put(desk / "a.manifest.json", b"{}")
    ran = run("check", put(desk / "a.html", SPRING))
    assert ran.code == 2
    assert "not a manifest" in ran.err


def test_a_message_that_claims_nothing_is_copied(run, desk) -> None:
    source = b"<p>Two lanterns arrived.</p>\r\n\xff"
    ran = run("rewrite", put(desk / "a.html", source), "-o", "out")
    assert (ran.code, Path("out/a.html").read_bytes()) == (0, source)
    assert not Path("out/a.manifest.json").exists()


def test_the_message_itself_is_never_overwritten(run, desk) -> None:
    put(desk / "spring.html", SPRING)
    for out in (".", "../" + desk.name):
        ran = run("rewrite", "spring.html", "-o", out)
        assert ran.code == 2
        assert "overwrite the message itself" in ran.err
    put(desk / "mails/spring/text.txt", b"Dear customer, we miss you!")
    assert run("rewrite", "mails/spring", "-o", "mails", "--dialect", "liquid").code == 2
    assert (desk / "spring.html").read_bytes() == SPRING
    assert {file.name for file in desk.iterdir()} == {"spring.html", "mails"}


def test_without_a_token_the_platform_says_which_language_or_the_option_does(run, desk) -> None:
    put(desk / "a.txt", b"Thank you for your continued loyalty!")
    ran = run("rewrite", "a.txt", "-o", "out")
    assert ran.code == 2
    assert "--dialect mailchimp|hubl|liquid" in ran.err
    assert not Path("out").exists()
    run("rewrite", "a.txt", "-o", "out", "--dialect", "liquid")
    assert b"{% if" in Path("out/a.txt").read_bytes()
    put(desk / "contextmail.toml", b'platform = "mailchimp"')
    run("rewrite", "a.txt", "-o", "out")
    assert b"*|IF:" in Path("out/a.txt").read_bytes()


def test_a_folder_keeps_its_files_and_its_side_file(run, desk) -> None:
    put(desk / "spring/body.html", SPRING.partition(b"---\r\n")[2])
    put(desk / "spring/subject.txt", b"Thank you for your continued loyalty\n")
    put(desk / "spring/message.toml", b'purpose = "marketing"  # as ever\n')
    run("rewrite", "spring", "-o", "out")
    assert {file.name for file in Path("out/spring").iterdir()} == {
        "body.html", "subject.txt", "message.toml", "message.manifest.json", "message.diff", "message.variants.json",
    }  # fmt: skip
    assert Path("out/spring/message.toml").read_bytes() == b'purpose = "marketing"  # as ever\n'
    assert Path("out/spring/subject.txt").read_bytes().endswith(b"|*\n")
    assert run("check", "out/spring").code == 0


def test_a_mail_becomes_a_folder(run, desk) -> None:
    mail = b"Subject: Six lanterns\nContent-Type: text/html; charset=utf-8\n\n" + SPRING.partition(b"---\r\n")[2]
    run("rewrite", put(desk / "spring.eml", mail), "-o", "out")
    assert run("check", "out/spring").code == 0
    assert b"*|IF:" in Path("out/spring/body.html").read_bytes()


def test_safe_only_leaves_whole_sentences_alone_and_names_them(run, desk) -> None:
    ran = run("rewrite", put(desk / "spring.html", SPRING), "-o", "out", "--safe-only")
    assert b"We miss you! Come and see." in Path("out/spring.html").read_bytes()
    assert {edit["grade"] for edit in json.loads(Path("out/spring.variants.json").read_text())} == {"safe"}
    assert ran.code == 0
