"""contextmail check: formats, counts, baselines and exit codes."""

import json
from pathlib import Path

import pytest

SPRING = (
    "---\nsubject: Lanterns in spring\n---\n"
    "<p>Two lanterns arrived.</p>\n<p>As our most valuable customer, you get 20% off.</p>\n"
)


def write(name: str, text: str) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")
    return name


def test_a_finding_says_of_how_many_it_is_untrue_and_what_mends_it(run, shop) -> None:
    ran = run("check", write("spring.html", SPRING))
    assert ran.out == (
        'spring.html:5:4 unearned-value-claim  "As our most valuable customer,"\n'
        "  untrue for 3 of 4 (bought less), unknown for 0    fix: 2 variants (safe)\n"
        "1 message: 1 finding, 1 with a safe fix\n"
    )
    assert (ran.code, ran.err) == (1, "")


def test_without_facts_the_words_alone_are_looked_at(run, desk) -> None:
    ran = run("check", write("spring.html", SPRING))
    assert "untrue for" not in ran.out
    assert "not true of everybody: bought less    fix: 2 variants (safe)" in ran.out
    assert ran.code == 1


def test_no_facts_leaves_built_facts_alone(run, shop) -> None:
    assert "untrue for" not in run("check", "--no-facts", write("spring.html", SPRING)).out


def test_facts_that_are_asked_for_and_not_there_are_an_error(run, desk) -> None:
    ran = run("check", "--facts", "nowhere", write("spring.html", SPRING))
    assert ran.code == 2
    assert "contextmail facts build" in ran.err


def test_a_message_that_claims_nothing_is_nothing_to_look_at(run, desk) -> None:
    ran = run("check", write("a.html", "<p>Two lanterns arrived.</p>"))
    assert (ran.code, ran.out) == (0, "1 message: 0 findings\n")


def claim(true_when: str) -> None:
    with Path("contextmail.toml").open("a") as file:
        file.write(
            f'[[claim]]\nname = "gold-status"\nsays = ["gold status"]\ntrue_when = "{true_when}"\nbecause = "none"\n'
        )


def test_what_the_facts_show_to_be_true_of_everybody_counts_only_with_verbose_in_sight(run, shop) -> None:
    claim("orders >= 0")
    write("a.html", "<p>Your gold status is here.</p>")
    ran = run("check", "a.html")
    assert (ran.code, ran.out) == (0, "1 message: 0 findings; 1 true of everybody (--verbose shows them)\n")
    assert "untrue for 0 of 4" in run("check", "-v", "a.html").out


def test_a_claim_that_nothing_is_known_of_counts(run, shop) -> None:
    claim("owned_categories IS NULL AND value_per_ask > 1")
    ran = run("check", write("a.html", "<p>Your gold status is here.</p>"))
    assert "untrue for 0 of 4 (none), unknown for 4" in ran.out
    assert ran.code == 1


def test_a_fact_that_there_is_not_is_an_error_with_its_place(run, shop) -> None:
    claim("teir = 'gold'")
    ran = run("check", write("a.html", "<p>Your gold status is here.</p>"))
    assert ran.code == 2
    assert "unknown fact teir" in ran.err
    assert "did you mean tier?" in ran.err


def test_a_claim_over_a_fact_that_there_is_not_is_an_error_before_its_words_are_met(run, shop) -> None:
    claim("teir = 'gold'")
    ran = run("check", write("spring.html", SPRING))
    assert ran.code == 2
    assert "[[claim]] gold-status: true_when" in ran.err
    assert "teir = 'gold'\n  ^" in ran.err
    assert "did you mean tier?" in ran.err


def test_text_inside_a_conditional_is_counted_among_those_who_see_it(run, shop) -> None:
    text = "<p>*|IF:FNAME|*You are our most valuable customer.*|ELSE:|*Hello*|END:IF|*</p>"
    ran = run("check", write("a.html", text))
    assert "untrue for 2 of 3 (bought less), unknown for 0, of those who see it (known(first_name))" in ran.out


def test_low_confidence_is_shown_and_changes_no_exit_code_until_the_settings_say_so(run, desk) -> None:
    write("a.html", "---\nsubject: VIP access starts at 8\n---\n<p>Two lanterns arrived.</p>")
    ran = run("check", "a.html")
    assert (ran.code, "(low confidence)" in ran.out) == (0, True)
    write("contextmail.toml", 'min_confidence = "low"')
    assert run("check", "a.html").code == 1


def test_a_suppressed_finding_is_counted_and_not_shown(run, desk) -> None:
    write("a.html", "<!-- contextmail: allow unearned-value-claim a joke --><p>You are our most valuable customer.</p>")
    ran = run("check", "a.html")
    assert (ran.code, ran.out) == (0, "1 message: 0 findings; 1 suppressed (--verbose shows them)\n")
    assert "suppressed: a joke" in run("check", "-v", "a.html").out


def test_a_baseline_forgives_what_was_there_wherever_it_moves_but_not_one_more(run, desk) -> None:
    write("a.html", SPRING)
    assert run("check", "a.html", "--write-baseline").code == 0
    assert run("check", "a.html").code == 0
    write("a.html", SPRING.replace("<p>Two lanterns arrived.</p>", "\n\n<p>Two lanterns arrived.</p>"))
    assert run("check", "a.html").code == 0
    write("a.html", SPRING + SPRING.rpartition("---\n")[2])
    ran = run("check", "a.html")
    assert ran.code == 1
    assert "1 finding, " in ran.out
    assert "1 suppressed" in ran.out


def test_a_baseline_is_found_from_another_folder_too(run, desk, monkeypatch: pytest.MonkeyPatch) -> None:
    write("mails/a.html", SPRING)
    run("check", "mails/a.html", "--baseline", "known.json", "--write-baseline")
    monkeypatch.chdir("mails")
    assert run("check", "a.html", "--baseline", "../known.json").code == 0


@pytest.mark.parametrize("text", [None, "[]", "{", '{"findings": [{"path": "a"}]}'])
def test_a_baseline_that_is_none_is_an_error(run, desk, text: str | None) -> None:
    if text is not None:
        write("known.json", text)
    ran = run("check", write("a.html", SPRING), "--baseline", "known.json")
    assert ran.code == 2
    assert "--write-baseline" in ran.err


def test_one_message_that_cannot_be_read_does_not_hide_the_others(run, desk) -> None:
    ran = run("check", "nothing.html", write("a.html", SPRING))
    assert ran.code == 2
    assert "nothing.html: no such file or folder" in ran.err
    assert "a.html:5:4" in ran.out


def test_a_folder_is_a_message_or_holds_messages(run, desk) -> None:
    write("mails/one.html", SPRING)
    write("mails/two/subject.txt", "Newsletter")
    write("mails/two/text.txt", "Thank you for your continued loyalty!")
    write("mails/.hidden/three.html", SPRING)
    ran = run("check", "--format", "jsonl", "mails")
    assert [json.loads(line)["id"] for line in ran.out.splitlines()] == ["one", "two"]


def test_json_holds_everything(run, shop) -> None:
    document = json.loads(run("check", "--format", "json", write("a.html", SPRING)).out)
    (finding,) = document["findings"]
    assert document["summary"] == {"open": 1, "unsure": 0, "true": 0, "suppressed": 0}
    assert finding["counts"] == {"true": 1, "untrue": 3, "unknown": 0}
    assert finding["fix"] == {"variants": 2, "grade": "safe"}
    body = SPRING.rpartition("---\n")[2]
    assert body[finding["start"] : finding["end"]] == "As our most valuable customer, "


def test_github_gets_workflow_commands_with_its_escapes(run, desk) -> None:
    write("100%,a:b.html", "<p>We miss\nyou!</p>")
    ran = run("check", "--format", "github", "100%,a:b.html")
    start = "::warning file=100%25%2Ca%3Ab.html,line=1,col=4,title=unearned-absence-claim::"
    assert ran.out.startswith(start)
    assert len(ran.out.splitlines()) == 1


def test_sarif_names_rules_places_and_suppressions(run, desk) -> None:
    write(
        "a.html",
        SPRING + "<!-- contextmail: allow unearned-loyalty-claim true here --><p>Thank you for your loyalty!</p>",
    )
    log = json.loads(run("check", "--format", "sarif", "a.html").out)
    first, second = log["runs"][0]["results"]
    assert log["version"] == "2.1.0"
    assert {rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]} == {first["ruleId"], second["ruleId"]}
    assert first["locations"][0]["physicalLocation"]["region"] == {"startLine": 5, "startColumn": 4}
    assert "suppressions" not in first
    assert second["suppressions"][0]["justification"] == "true here"


@pytest.mark.parametrize("form", ["json", "jsonl", "github", "sarif"])
def test_machine_output_has_no_colour_even_where_it_is_forced(run, desk, monkeypatch, form: str) -> None:
    write("a.html", SPRING)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" in run("check", "a.html").out
    assert "\x1b" not in run("check", "--format", form, "a.html").out


def test_a_template_cannot_steer_the_terminal(run, desk) -> None:
    ran = run("check", write("a.html", "<p>We miss you, \x1b[2J\x9b31m dear \x07friend, come back!</p>"))
    assert not set("\x1b\x9b\x07") & set(ran.out)


# ------------------------------------------------------------------------------------------------------- JSON lines


def lines(*records: object) -> bytes:
    return b"".join(r if isinstance(r, bytes) else json.dumps(r).encode() + b"\n" for r in records)


def test_lines_are_answered_in_order_with_offsets_into_the_part_as_it_was_given(run, desk) -> None:
    subject, html = (
        "Thank you for your loyalty",
        "<p>Gr\u00fc\u00dfe \U0001f381</p><p>You're our <b>best customer</b>.</p>",
    )
    stdin = lines({"id": "a", "channel": "email", "subject": subject, "html": html}, {"id": 2, "text": "Two lanterns."})
    ran = run("check", "--format", "jsonl", "-", stdin=stdin)
    first, second = map(json.loads, ran.out.splitlines())
    assert (first["id"], second) == ("a", {"id": 2, "findings": []})
    assert [set(finding) for finding in first["findings"]] == [
        {"rule", "part", "start", "end", "quote", "confidence", "message"}
    ] * 2
    by_part = {finding["part"]: finding for finding in first["findings"]}
    loyal, valued = by_part["subject"], by_part["html"]
    assert subject[loyal["start"] : loyal["end"]] == loyal["quote"]
    assert html[valued["start"] : valued["end"]].replace("<b>", "").replace("</b>", "") == valued["quote"]
    assert ran.code == 1


def test_lines_without_a_finding_are_exit_code_0(run, desk) -> None:
    ran = run("check", "--format", "jsonl", "-", stdin=lines({"id": 1, "text": "Two lanterns."}))
    assert (ran.code, ran.out) == (0, '{"id": 1, "findings": []}\n')


def test_a_broken_line_is_answered_and_the_rest_goes_on(run, desk) -> None:
    broken = [
        b"{\n",
        b'{"id": 3, "text": "\xff"}\n',
        b"[" * 100_000 + b"\n",
        b"[1]\n",
        b'{"id": ' + b"9" * 5000 + b"}\n",
    ]
    stdin = lines(*broken, {"id": "no text"}, {"id": "last", "text": "Two lanterns."})
    ran = run("check", "--format", "jsonl", "-", stdin=stdin)
    *bad, named, last = map(json.loads, ran.out.splitlines())
    assert [(answer["id"], answer["findings"], bool(answer["error"])) for answer in bad] == [(None, [], True)] * 5
    assert (named["id"], named["findings"]) == ("no text", [])
    assert last == {"id": "last", "findings": []}
    assert (ran.code, ran.err) == (1, "")


def test_tokens_of_a_language_that_cannot_be_told_are_opaque(run, desk) -> None:
    text = "{{ a }} {$b} *|C|* {% if x %}Become a customer today!{% endif %}"
    (answer,) = map(
        json.loads, run("check", "--format", "jsonl", "-", stdin=lines({"id": 1, "text": text})).out.splitlines()
    )
    (finding,) = answer["findings"]
    assert text[finding["start"] : finding["end"]] == finding["quote"] == "Become a customer"


def test_each_line_is_answered_before_the_next_is_read(desk) -> None:
    import subprocess
    import sys

    command = [sys.executable, "-m", "contextmail", "check", "--format", "jsonl", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        for number in range(2):
            process.stdin.write(lines({"id": number, "text": "Two lanterns."}))
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()
        assert process.wait() == 0


def test_a_dash_without_jsonl_is_an_error_that_names_the_way(run, desk) -> None:
    ran = run("check", "-")
    assert ran.code == 2
    assert "contextmail check --format jsonl -" in ran.err


def test_an_unknown_option_is_exit_code_2(run, desk) -> None:
    assert run("check", "--colour", "a.html").code == 2
