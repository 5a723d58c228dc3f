"""Settings are read from the file and the environment, and a mistake is named with file, line, key and cure."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from contextmail.checking import Checker
from contextmail.compiling import validate
from contextmail.config import Settings, load
from contextmail.errors import ConfigurationError, PredicateError
from contextmail.model.fact import Catalogue, FactType
from contextmail.wiring import facts_asked


def write(folder: Path, text: str) -> Path:
    file = folder / "contextmail.toml"
    file.write_text(text)
    return file


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_a_file_the_defaults_hold_and_the_clock_is_now_in_utc() -> None:
    settings = load()
    assert (settings.path, settings.facts, settings.min_confidence) == (None, Path("facts"), "high")
    assert abs(settings.as_of - datetime.now(UTC).replace(tzinfo=None)) < timedelta(seconds=5)


def test_the_file_of_the_working_folder_is_found(tmp_path: Path) -> None:
    write(tmp_path, 'brand = "Gift Shop"\nas_of = 2011-12-10\n[rates]\nUSD = 0.79\n[fields]\nFNAME = "first_name"\n')
    settings = load()
    assert (settings.brand, settings.as_of) == ("Gift Shop", datetime(2011, 12, 10))
    assert settings.rates == {"USD": Decimal("0.79")}
    assert settings.fields == {"FNAME": "first_name"}


def test_paths_of_a_file_are_relative_to_its_folder(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    file = write(tmp_path / "shop", 'facts = "built"\n')
    for path in (file, file.parent):
        settings = load(path)
        assert (settings.facts, settings.baseline) == (file.parent / "built", file.parent / "baseline.json")
        assert settings.folder == file.parent


def test_what_is_given_wins_over_the_environment_which_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, 'currency = "GBP"\nbrand = "File"\nlanguage = "en"\n')
    monkeypatch.setenv("CONTEXTMAIL_CURRENCY", "USD")
    monkeypatch.setenv("CONTEXTMAIL_BRAND", "Environment")
    settings = load(brand="Given", language=None)
    assert (settings.currency, settings.brand, settings.language) == ("USD", "Given", "en")


@pytest.mark.parametrize("text", ["2011-12-10T01:30:00+01:30", "2011-12-10", "2011-12-10 00:00"])
def test_a_clock_is_utc_without_a_zone_wherever_it_comes_from(tmp_path: Path, text: str) -> None:
    write(tmp_path, f"as_of = {text}\n" if " " not in text else f'as_of = "{text}"\n')
    assert load().as_of == load(as_of=text).as_of == datetime(2011, 12, 10)


def test_claims_policies_and_overrides_are_typed(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
[[claim]]
name = "gold-status"
says = ["gold member", "gold status"]
true_when = "tier = 'gold'"
otherwise = "weaken"

[[policy]]
name = "quiet-hours"
allow_when = "message.channel = 'email'"
otherwise = "hold"
until = "room_at"

[rules.too-often]
cap = 2
days = 7

[rules.unearned-value-claim]
allow = "the brand's voice"

[phrasebook.words]
customer = "member"
[phrasebook.say.thanks]
variants = [{ when = "orders > 0", text = "Thank you" }, { text = "" }]
""",
    )
    settings = load()
    assert settings.claims[0].says == ("gold member", "gold status")
    assert settings.policies[0].until == "room_at"
    assert (settings.rules["too-often"].cap, settings.rules["too-often"].days) == (2, 7)
    assert settings.rules["unearned-value-claim"].allow == "the brand's voice"
    assert settings.phrasebook["words"] == {"customer": "member"}


def test_a_tables_keys_beyond_a_mappings_own_are_roles_of_columns(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
[tables.orders]
path = "orders.csv.gz"
where = "Quantity <> 0"
order = "InvoiceNo"
at = "InvoiceDate"
columns = { price = "UnitPrice" }

[[fact]]
name = "wholesaler"
sql = "orders > 100"
type = "bool"
max_age = 90
""",
    )
    settings = load()
    orders = settings.tables["orders"]
    assert (orders.path, orders.where) == ("orders.csv.gz", "Quantity <> 0")
    assert orders.columns == {"order": "InvoiceNo", "at": "InvoiceDate", "price": "UnitPrice"}
    assert settings.fact_definitions[0].type is FactType.BOOL


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('\nbrnad = "x"', "contextmail.toml:2: brnad: unknown key 'brnad'\n  cure: did you mean 'brand'?"),
        ("path = 'x'", "contextmail.toml:1: path: unknown key 'path'"),
        ("as_of = 'soon'", "contextmail.toml:1: as_of: 'soon' is no time: write"),
        ("as_of = 7", "contextmail.toml:1: as_of: 7 is no time"),
        ("brand = \n", "contextmail.toml: not TOML: .*line 1"),
        ("ownership = 'firm'", "contextmail.toml:1: ownership: 'firm': input should be 'person' or 'account'"),
        (
            "[[claim]]\nname = 'a'\ntrue_when = 'x'\n[[claim]]\nname = 'b'\nsay = ['c']\ntrue_when = 'x'",
            "contextmail.toml:6: claim.1.say: unknown key 'say'\n  cure: did you mean 'says'?",
        ),
        ("[[claim]]\nname = 'a'", "contextmail.toml:1: claim.0.true_when: 'true_when' is missing"),
        ("[[policy]]\nname = 'A b'\nallow_when = 'x'", "contextmail.toml:2: policy.0.name: 'A b': string should match"),
        (
            "[[claim]]\nname = 'a'\ntrue_when = 'x'\n[[policy]]\nname = 'a'\nallow_when = 'x'",
            "contextmail.toml: 'a' is there twice",
        ),
        ("[rules.too-often]\ncpa = 2", "contextmail.toml:2: rules.too-often.cpa: .*\n  cure: did you mean 'cap'?"),
        ("[limits]\nbad_row = 2", "contextmail.toml:2: limits.bad_row: .*\n  cure: did you mean 'bad_rows'?"),
        ("[tables.orders]\norder = 'x'", "contextmail.toml:1: tables.orders: a table has a path, sql or a url"),
        ("[[fact]]\nname = 'a'\nsql = 'x'\ntype = 'txt'", "contextmail.toml:4: fact.0.type: 'txt': input should be"),
        ("[tables.order]\nname = 'x'", "contextmail.toml:1: tables.order: .*did you mean 'orders'?"),
    ],
)
def test_a_mistake_is_named_with_file_line_key_and_cure(tmp_path: Path, text: str, expected: str) -> None:
    write(tmp_path, text)
    with pytest.raises(ConfigurationError, match=expected.replace("?", r"\?")):
        load()


@pytest.mark.parametrize("rule", ["opted-out", "unasked-channel"])
@pytest.mark.parametrize(
    "text",
    [
        "[rules.{rule}]\nallow = 'we need to'",
        "[rules.{rule}]\nallow_when = 'TRUE'",
        "[rules.{rule}]\ntrue_when = 'TRUE'",
        "[rules.{rule}]\notherwise = 'hold'",
        "[rules]\n{rule}.cap = 1000",
        "[[policy]]\nname = '{rule}'\nallow_when = 'TRUE'",
        "[[claim]]\nname = '{rule}'\ntrue_when = 'TRUE'",
    ],
)
def test_the_recipients_own_choice_cannot_be_configured_away(tmp_path: Path, rule: str, text: str) -> None:
    write(tmp_path, text.format(rule=rule))
    with pytest.raises(ConfigurationError, match=f"'{rule}' cannot be"):
        load()
    with pytest.raises(ValueError, match="cannot be changed"):
        Settings.model_validate({"rules": {rule: {"allow": "we need to"}}})


@pytest.mark.parametrize(
    "text",
    ["api_key = 'x'", "[mailchimp]\nAPI-KEY = 'x'", "[tables.orders]\nsource = 'postgresql://u:pw@db.example.com/x'"],
)
def test_a_secret_in_the_file_is_refused_without_being_repeated(tmp_path: Path, text: str) -> None:
    write(tmp_path, text)
    with pytest.raises(ConfigurationError, match="does not belong") as refused:
        load()
    assert "pw" not in str(refused.value)


def test_a_missing_file_that_was_named_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such file"):
        load(tmp_path / "other.toml")
    with pytest.raises(ConfigurationError, match="no such file"):
        load(tmp_path)


def test_settings_cannot_be_changed_once_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().brand = "x"  # type: ignore[misc]


def test_systems_and_identity_are_written_as_tables_are(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        [systems.crm]
        pulled = "pulled/hubspot"
        [systems.shop.customers]
        path = "shop.csv"
        customer = "shop_id"
        [identity]
        ids = ["crm"]
        several = ["shop"]
        [identity.links]
        path = "ids.csv"
        shop = "Shop"
        [identity.owner]
        orders = "shop"
        """,
    )
    settings = load(tmp_path)
    assert settings.systems["crm"].pulled == tmp_path / "pulled/hubspot"
    assert settings.systems["shop"].tables["customers"].columns == {"customer": "shop_id"}
    assert settings.identity.links is not None and settings.identity.links.columns == {"shop": "Shop"}
    assert settings.identity.owner == {"orders": "shop"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[systems.crm.custmers]\npath = "x"', "toml:1: systems.crm.custmers: unknown table 'custmers'"),
        ('[systems.crm]\npuled = "x"', "toml:2: systems.crm.puled: unknown key 'puled'\n  cure: did you mean 'pulled'"),
        ("[systems.own]", "'own' cannot be the name of a system"),
        ('[identity]\nowner.ordrs = "x"', "unknown table 'ordrs'"),
    ],
)
def test_a_mistake_in_systems_is_named_by_its_line(tmp_path: Path, text: str, expected: str) -> None:
    write(tmp_path, text)
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path)
    assert expected in str(raised.value)


@pytest.mark.parametrize(
    ("stage", "what"),
    [
        ('says = ["your puppy"]', "of the stage 'puppy' it is not said when it fits"),
        ('true_when = "orders < 3"\ninstead = [{ text = "Grown dogs" }]', "when"),
        ('true_when = "orders < 3"\ninsted = []', "unknown key 'insted'"),
    ],
)
def test_a_stage_of_life_says_when_it_fits_and_each_text_when_it_is_true(tmp_path: Path, stage: str, what: str) -> None:
    file = write(tmp_path, f"[rules.stale-life-stage.stages.puppy]\n{stage}\n")
    with pytest.raises(ConfigurationError, match=what):
        Checker(load(file))


def test_a_mistake_in_a_stage_s_predicate_is_shown_with_its_place(tmp_path: Path) -> None:
    stages = '[rules.stale-life-stage.stages.baby]\ninstead = [{ when = "child_aeg > 3", text = "Rucksacks" }]\n'
    settings = load(write(tmp_path, stages))
    with pytest.raises(PredicateError, match="child_aeg") as raised:
        validate(settings, Catalogue(as_of=settings.as_of, customers=0, facts={}))
    assert "[rules.stale-life-stage] stages.baby instead 1" in str(raised.value)


def test_a_stage_asks_for_the_facts_that_its_predicates_name(tmp_path: Path) -> None:
    stages = '[rules.stale-life-stage.stages.baby]\ntrue_when = "touches_9d_sms = 0"\n'
    assert "touches_9d_sms" in facts_asked(load(write(tmp_path, stages)))
