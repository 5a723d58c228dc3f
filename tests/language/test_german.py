"""A second language is two files of data: nothing in the code knows of it."""

from datetime import date, datetime

import pytest

from contextmail import compile as compile_message
from contextmail.checking import Checker
from contextmail.config import Settings

GERMAN = Settings(language="de")
CLOCK = datetime(2026, 5, 31, 9)
CUSTOMERS = {
    "top": {
        "first_name": "Anna", "orders": 40, "spend_rank": 0.99, "first_order": date(2024, 5, 12),
        "last_order": date(2026, 5, 20), "days_since_last_order": 11, "usual_gap_days": 18.0, "tenure_days": 749,
        "is_customer": True,
    },
    "once": {
        "first_name": "Ben", "orders": 1, "spend_rank": 0.2, "first_order": date(2026, 4, 20),
        "last_order": date(2026, 4, 20), "days_since_last_order": 41, "tenure_days": 41, "is_customer": True,
    },
    "never": {"orders": 0, "is_customer": False},
}  # fmt: skip
HERE = "Die Lampen sind da."


def reads(message: dict[str, object], part: str, who: str) -> str:
    campaign = compile_message(message, GERMAN)
    return campaign.decide({**CUSTOMERS[who], "consent_email_marketing": "granted"}, as_of=CLOCK).parts[part]


@pytest.mark.parametrize(
    ("text", "top", "once", "never"),
    [
        (f"Sie sind unser bester Kunde! {HERE}", ..., f"Danke für die Bestellung! {HERE}", HERE),
        ("Für unsere besten Kunden.", ..., "Für unsere Kunden.", "Für unsere Leserinnen und Leser."),
        ("Als unser bester Kunde bekommen Sie Licht.", ..., "Sie bekommen Licht.", "Sie bekommen Licht."),
        ("Als eine unserer besten Kundinnen sparst du.", ..., "Du sparst.", "Du sparst."),
        (f"Wir schätzen Sie sehr. {HERE}", ..., f"Danke für die Bestellung. {HERE}", HERE),
        ("Vielen Dank für Ihre Treue!", ..., "Vielen Dank für die Bestellung!", "Vielen Dank fürs Lesen!"),
        ("Für unsere treuen Kunden: Licht.", ..., "Für unsere Kunden: Licht.", "Für unsere Leserinnen und Leser: Licht."),
        (
            f"Wir vermissen Sie! {HERE}", f"Danke für die Bestellung im Mai! {HERE}",
            f"Danke für die Bestellung im April! {HERE}", HERE,
        ),
        (
            f"Lange nicht gesehen. {HERE}", f"Danke für die Bestellung im Mai. {HERE}",
            f"Danke für die Bestellung im April. {HERE}", HERE,
        ),
        (f"Werden Sie jetzt Kunde. {HERE}", *2 * (f"Danke für das Vertrauen. {HERE}",), ...),
        ("Liebe Kundin, lieber Kunde,", "Guten Tag Anna,", "Guten Tag Ben,", ...),
        ("Sehr geehrte Damen und Herren,", "Guten Tag Anna,", "Guten Tag Ben,", ...),
        ("Hallo!", "Hallo Anna!", "Hallo Ben!", ...),
        (f"Ihre Gesundheit liegt uns am Herzen. {HERE}", ..., HERE, HERE),
        (f"{HERE} Jetzt zugreifen!", HERE, HERE, HERE),
        ("Dringend: die Lampen sind da.", HERE, HERE, HERE),
        ("Danke für deine Treue!", ..., "Danke für die Bestellung!", "Danke fürs Lesen!"),
        ("Vielen Dank für Ihre Treue zur Bücherei.", ..., "Danke für die Bestellung.", ""),
        ("Zum Dank für Ihre Treue: 10 € auf alles.", ..., "Zum Dank für die Bestellung: 10 € auf alles.",
            "Zum Dank fürs Lesen: 10 € auf alles."),
        (f"Wir vermissen dich! {HERE}", f"Danke für die Bestellung im Mai! {HERE}",
            f"Danke für die Bestellung im April! {HERE}", HERE),
        ("Lange nicht gesehen: der Luchs ist zurück.", *3 * ("Der Luchs ist zurück.",)),
        ("Liebe Anna, wir vermissen dich!", "Liebe Anna, danke für die Bestellung im Mai!",
            "Liebe Anna, danke für die Bestellung im April!", "Liebe Anna, schöne Grüße von uns."),
        ("Lieber *|FNAME|*, die Lampen sind da.", "Lieber Anna, die Lampen sind da.", "Lieber Ben, die Lampen sind da.",
            "Lieber Leser, die Lampen sind da."),
        ("Hallo zusammen,", "Hallo Anna,", "Hallo Ben,", ...),
        (f"Ihr Anruf ist uns wichtig. {HERE}", ..., HERE, HERE),
        ("Ihre Meinung ist uns wichtig – nehmen Sie bis 3. Juni teil.", ..., *2 * ("Nehmen Sie bis 3. Juni teil.",)),
        ("Die Zeit läuft. Ihre Probezeit endet am 3. Juni.", *3 * ("Ihre Probezeit endet am 3. Juni.",)),
    ],
)  # fmt: skip
def test_a_claim_is_mended(text: str, top: str, once: str, never: str) -> None:
    wanted = [text if said is ... else said for said in (top, once, never)]
    assert [reads({"html": f"<p>{text}</p>"}, "html", who)[3:-4] for who in CUSTOMERS] == wanted


def test_a_reply_to_nobody_loses_its_prefix() -> None:
    assert reads({"subject": "AW: Ihre Lampe", "text": HERE}, "subject", "once") == "Ihre Lampe"


@pytest.mark.parametrize(
    "text",
    [
        "Das Beste für Kunden mit Treuekarte.", "Sammeln Sie Treuepunkte.", "Beste Grüße", "Wir vermissen den Sommer.",
        "Ihr Datenschutz ist uns wichtig.", "Die besten Tipps von unseren besten Kunden.", "Der Sale endet am Sonntag.",
        "Danke für Ihre Bestellung.", "Hallo Frühling, hallo Licht", "Hallo, Welt!", "Danke für die Treue unserer Hunde.",
        "Es ist lange her, dass Köln einen Zoo bekam.", "Der Luchs: Komm zurück in den Wald.", "Heute anmelden!",
        "Kommen Sie bald wieder zurück zur Natur.", "Sie fehlen uns noch im Team.", "Die Bienen? Wir vermissen sie.",
        "Achtung – die Brücke ist gesperrt.", "„Wir vermissen Sie“, sagte der Wirt.",
        "Rezepte für unsere besten Freunde auf vier Pfoten.",
    ],
)  # fmt: skip
def test_what_is_no_claim_is_left_alone(text: str) -> None:
    assert compile_message({"html": f"<p>{text}</p>"}, GERMAN).edits == []


@pytest.mark.parametrize(
    "text",
    [
        "Ihre Gesundheit liegt uns am Herzen, deshalb öffnen wir sonntags.",
        "Ihre Gesundheit liegt uns am Herzen. Deshalb öffnen wir sonntags.",
        "Ihr Anruf ist uns wichtig und wird bald beantwortet.", "Wir haben Sie vermisst und backen Kuchen.",
        "Sie sind unser bester Kunde, und deshalb schenken wir Ihnen 5 €.", "Gilt nur für Neukunden.",
        "Wir vermissen dich, deshalb gibt es 10 % Rabatt.", "Schlaganfall? Jetzt handeln!",
        "Letzte Chance – der Film – läuft im Kino.", "Sehr geehrte Frau Meier, Ihre Gesundheit liegt uns am Herzen.",
    ],
)  # fmt: skip
def test_what_would_lose_news_or_read_badly_is_only_shown(text: str) -> None:
    message = {"html": f"<p>{text}</p>"}
    assert Checker(GERMAN).check(message).findings
    assert compile_message(message, GERMAN).edits == []


@pytest.mark.parametrize(
    "pitch",
    [
        "Hier ist dein Gutschein für Windeln.", "Weiches für Ihr Baby.", "Für frischgebackene Eltern: eine Tasche.",
        "Sparen Sie 20 % auf Windeln.", "Ein Rucksack für deinen Erstklässler.", "Alles für die Einschulung Ihres Kindes.",
        "Für werdende Mamas gibt es eine Tasche.", "Studierende sparen 10 %.", "Als Studentin sparst du 10 %.",
        "Lampen für Ihr neues Zuhause.", "Gerade umgezogen?", "Herzlichen Glückwunsch zur Hochzeit!",
    ],
)  # fmt: skip
def test_an_offer_for_a_stage_of_life_goes_where_it_does_not_fit(pitch: str) -> None:
    campaign = compile_message({"html": f"<p>{HERE} {pitch} Bis bald.</p>"}, GERMAN)
    long_ago = dict.fromkeys(
        ("youngest_child_born", "oldest_child_born", "student_until", "moved_at", "married_at"), date(2001, 4, 2)
    )
    lately = dict.fromkeys(("student_until", "moved_at", "married_at"), date(2026, 5, 20))
    for known, wanted in ((long_ago, f"{HERE} Bis bald."), ({}, f"{HERE} {pitch} Bis bald.")):
        assert campaign.decide(known, as_of=CLOCK).parts["html"] == f"<p>{wanted}</p>"
    child = date(2019, 8, 1) if "Rucksack" in pitch or "Einschulung" in pitch else date(2026, 6, 1)
    assert (
        pitch
        in campaign.decide({**lately, "youngest_child_born": child, "oldest_child_born": child}, as_of=CLOCK).parts[
            "html"
        ]
    )


@pytest.mark.parametrize(
    "text",
    [
        "Windeln & Pflege", "Neuheiten", "Finden Sie Ihr neues Zuhause.", "Ein neues Zuhause für Hund Bello.",
        "Studentenrabatt", "Ihr kennt eure Stärken.", "Ihre kleinen Helfer sind da.", "Babyspinat ist da.",
    ],
)  # fmt: skip
def test_a_shelf_is_no_offer_for_a_stage_of_life(text: str) -> None:
    assert not any(f.rule == "stale-life-stage" for f in Checker(GERMAN).check({"html": f"<p>{text}</p>"}).findings)
