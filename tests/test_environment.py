"""The receiver's quick look at the settings finds what the whole of them says."""

from pathlib import Path

import pytest

from contextmail.config import load
from contextmail.environment import consent_keys, consent_place
from contextmail.errors import ConfigurationError


@pytest.mark.parametrize("environment", [{}, {"CONTEXTMAIL_STORE": "elsewhere", "CONTEXTMAIL_BRAND": "Environment"}])
@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "\ufeff",
        'brand = "Shop"\nstore = "own"\n',
        '[consent]\nstore = "ledger.db"\nproduction = true\n',
        '[consent]\nstore = "/srv/ledger.db"\nproduction = false\n',
    ],
)
def test_both_open_the_same_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text, environment) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    if text is not None:
        Path("contextmail.toml").write_text(text)
    settings, place = load(), consent_place()
    assert place.store.absolute() == settings.store.absolute()
    assert place.file.absolute() == (settings.store / settings.consent.store).absolute()
    assert (place.brand, place.production) == (settings.brand, settings.consent.production)


@pytest.mark.parametrize("text", ["brand =", "store = 3\n", "consent = 3\n", "[consent]\nstore = false\n"])
def test_what_cannot_be_read_is_named_with_its_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "contextmail.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match="contextmail.toml"):
        consent_place(file)


def test_keys_come_from_the_environment_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert consent_keys(tmp_path) == ("", ())
    (tmp_path / "keys.env").write_text("# keys\nCONTEXTMAIL_LOOKUP_KEY=of the file\nCONTEXTMAIL_SEAL_KEYS=new=, old=\n")
    assert consent_keys(tmp_path) == ("of the file", ("new=", "old="))
    monkeypatch.setenv("CONTEXTMAIL_LOOKUP_KEY", "of the environment")
    assert consent_keys(tmp_path) == ("of the environment", ("new=", "old="))
