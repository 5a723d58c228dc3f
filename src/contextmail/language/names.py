"""Find the clean first name in what a customer table holds as a name, or none.

"Dear TEST", "Hi JOHN@X.COM" and "Hello J." are worse than "Hello": where there is doubt there is no name.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

TEST_VALUES = frozenset(
    "test tester testing demo dummy example sample fake foo bar baz asdf asd qwerty qwertz xxx xx aaa abc zzz blah"
    " none null nil nan na unknown undefined anonymous anon guest user customer client contact member subscriber"
    " firstname lastname fname lname name first last nobody noname admin administrator info sales support office"
    " contact accounts billing orders shop team marketing webmaster postmaster noreply mailer hello lorem ipsum"
    " friend sir madam resident occupant household owner deceased estate family unsubscribe delete deleted closed"
    " true false na n/a tbc tbd donotuse duplicate".split()
)
"""What people and programs type where a name belongs."""

_COMPANY = frozenset(
    "ltd limited llc llp lp inc incorporated corp corporation company co plc gmbh ag kg sa sarl bv nv oy ab srl spa pty"
    " group holdings holding partners partnership associates services service solutions systems enterprises enterprise"
    " industries international foundation trust trustees association society club council committee union local league"
    " church ministries temple school schools academy college university institute hospital clinic medical dental"
    " pharmacy bank bancorp insurance realty properties property estates homes restaurant cafe pizza grill bar"
    " bakery hotel motel shop store stores supermarket market markets salon studio studios garage motors auto hyundai"
    " toyota construction builders plumbing electric electrical heating landscaping cleaners cleaning transport"
    " logistics travel tours agency office offices department dept city county state township village bureau"
    " ministry government government's media press news radio films productions records music consulting consultants"
    " consultancy technologies technology software tech labs capital investments investment finance financial funding"
    " law legal attorneys lawyers pc pllc fund pac campaign friends committee party network center centre museum"
    " gallery theatre theater team account accounts supply supplies products manufacturing mfg wholesale distribution"
    " imports exports trading farm farms nursery garden gardens care nursing fitness gym sports the of for to elect"
    " citizens liquor dentistry dental oral chapel cathedral parsonage baptist lutheran methodist presbyterian memorial"
    " elementary middle sch hs design signs brands communications management brokerage ins outlet hardware furniture"
    " exterminators automotive telepresence authority administrative svc svcs production image area"
    " contractors leadership coalition veterans bargain honda ford chevrolet united republic natural gas living chop"
    " telecom printing pizzeria diner tavern lounge catering cleaning security plaza tower towers apartments"
    " rentals leasing mortgage title advisors advisory ventures works wireless solar energy".split()
)
"""Words that people's names do not have: of a company, a church, an office."""

_PARTICLES = frozenset("van von der den de del della di da dos das du la le el al bin ibn ben st mc mac".split())
TITLES = frozenset(
    "mr mrs ms miss mx dr prof sir dame lord lady rev fr sr sra herr frau mme m mlle capt col sgt lt".split()
)
_NOT_GIVEN = frozenset(
    "doctor doctors drs esq gov hon honorable judge president senator pastor father mother sister brother cllr justice"
    " jr sr ii iii iv ma ba phd md dds nee née geb né abd abu meng i.n.g new the coach swami guru ông bà عبد his her your".split()
)
"""What stands before or behind a name, and is none when it is all there is."""
_TWO_LETTERS = frozenset("al bo cy di ed jo li lu mo ty vi yu yi xi".split())
"""Given names of two letters; other two in capitals (`AJ`, `JP`) are initials."""
_PLAIN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_TURKISH = re.compile("[İŞĞ]")
_TURKISH_SMALL = str.maketrans("Iİ", "ıi")
_MAC = re.compile(r"^(mc)([a-z])")
_NICKNAME = re.compile(r"\"[^\"]*\"|“[^”]*”")
_SON_OF = frozenset("oglu oğlu ogly kizi qizi kızı uulu".split())
"""What ends a patronymic; the last name may stand first then."""
_GLUED = re.compile(r"[^\W\d_][a-z]+[A-Z]")
"""`DavidS`: an initial has lost its space, and maybe more."""
_HAN_OR_HANGUL = re.compile(r"[\u3400-\u9fff\uac00-\ud7a3]+")
_UNDIVIDED = re.compile(r"[\u3400-\u9fff]{3,}")
"""Last and first name in one, which only a reader of the language can part."""
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_MARKS = "\u200b\u200c\u200d\u2060\ufeff"


def first_name(text: str | None) -> str | None:
    """Give the first name of a person as a greeting can use it, or None.

    "LE FLORE,  KENNETH" gives Kenneth, "Dr. Jane Doe" Jane, "mary-ann o'brien" Mary-Ann, "J. Ryan Moorman" Ryan,
    "田中, 太郎さん" 太郎. None for companies, couples ("John & Jane Smith"), mere initials, titles or last names
    after a title, addresses, numbers, test values, and anything with markup, a link or a template's token. Capitals
    and small letters become a name's; mixed case ("McKenna", "DeShawn") and scripts without case stay as they are.
    """
    if text is None:
        return None
    text = " ".join(_NICKNAME.sub(" ", _one_line(text)).split())
    return _first_name(text) if 0 < len(text) <= 100 else None


@lru_cache(maxsize=65536)
def _first_name(text: str) -> str | None:
    words = text.replace(",", " ").split()
    lowered = [word.lower().strip(".,;:") for word in words]
    if text.startswith("-") or any(c.isdigit() or unicodedata.normalize("NFKC", c) != c for c in text):
        return None
    if re.search(r"[@/\\<>{}|*_=+#%$\[\]:;!?\"]|&", text):
        return None
    if re.search(r"(?i)\b(and|und|et|y|or)\b", text) or any(word in TEST_VALUES for word in lowered):
        return None
    if not words or is_company(lowered) or lowered[-1] in _SON_OF:
        return None
    given = _given(text, words, lowered)
    if not given or ((given.isupper() or given.islower()) and are_initials(given, text)):
        return None
    return _checked(given)


def is_company(words: list[str]) -> bool:
    """Say whether words in small letters are a company's, a church's or an office's name, not a person's."""
    return len(words) > 1 and (
        bool(_COMPANY.intersection(words)) or words[-1] == "ford" or any("'s" in word for word in words)
    )


def are_initials(given: str, text: str) -> bool:
    """Say whether two letters are no name: initials (`AJ`), or the first half of one (`SMITH, RE SHEMA`)."""
    return len(given) == 2 and given.isascii() and (given.lower() not in _TWO_LETTERS or "," in text)


def _given(text: str, words: list[str], lowered: list[str]) -> str:
    """Find the given name; most are plain and need no parser, which is slow for millions."""
    if "," not in text and len(words) <= 3 and all(map(_PLAIN.fullmatch, words)) and text.isascii():
        special = TITLES | _PARTICLES
        if lowered[0] == "ben" or (not special.intersection(lowered) and len(words[0]) > 1):
            return words[0]
    parsed = _parse(text)
    first, middle = str(parsed.first), str(parsed.middle)
    if _is_last_name(parsed, words) or _is_part(first, words, text):
        return ""
    if not _is_initial(first):
        return first
    # "J. Ryan Moorman" is called Ryan; "J. R. Moorman" we cannot know.
    seconds = middle.split()
    return seconds[0] if seconds and not _is_initial(seconds[0]) else ""


def _is_last_name(parsed: Any, words: list[str]) -> bool:
    """Say whether it is a last name that follows a title: "Dr. Smith V" is nobody's first name."""
    return bool(parsed.title) and len(str(parsed.last)) <= 2 and len(str(parsed.first).split()) == 1 < len(words)


def _is_part(first: str, words: list[str], text: str) -> bool:
    """Say whether it may be a last name, or a part of a name: Chinese, Japanese, Korean, or Russian in full."""
    if _CYRILLIC.match(first):
        return len(words) > 2 and words[0] == first
    if not _HAN_OR_HANGUL.match(first):
        return False
    foreign = "・" in text or (len(words) > 2 and len(words[0]) > 2 and first not in words[0])
    return foreign or (len(words) > 2 and len(first) == 1) or bool(_UNDIVIDED.fullmatch(first))


def _parse(text: str) -> Any:
    from nameparser import HumanName

    return HumanName(text)


def _checked(given: str) -> str | None:
    """Give the name in a name's letters, or None if it is not one."""
    name = given.strip(" .,'’\"()-")
    letters = [c for c in name if c.isalpha()]
    if len(name) > 30 or not all(map(_PLAIN.fullmatch, name.split())) or not_a_name(name):
        return None
    cased = [c for c in letters if c.isupper() or c.islower()]
    if (len(letters) < 2 and cased) or not letters:
        return None
    if (name.isascii() and not re.search(r"(?i)[aeiouy]", name)) or re.search(r"(?i)(.)\1\1", name):
        return None
    if cased and (name.isupper() or name.islower()):
        return capitalised(name)
    return name[0].upper() + name[1:]


def not_a_name(name: str) -> bool:
    """Say whether a word is none that a person is called by: of a program, a title, a half of a name."""
    words = name.lower().split()
    if name.lower() == "ben":
        return False
    return (
        name.lower() in TEST_VALUES | TITLES | _PARTICLES | _NOT_GIVEN
        or (len(words) > 1 and words[0] in _PARTICLES)
        or bool(_GLUED.fullmatch(name))
        or name.lower().endswith(("'s", "’s"))
    )


def capitalised(name: str) -> str:
    """Write JEAN-LUC as Jean-Luc, D'ARCY as D'Arcy, MCKENNA as McKenna and IŞIL as Işıl."""
    if name.isupper() and _TURKISH.search(name):
        name = name[0] + name[1:].translate(_TURKISH_SMALL)
    parts = re.split(r"([- ]|(?<=\b\w)['’])", name.lower())
    return "".join(
        _MAC.sub(lambda m: "Mc" + m[2].upper(), part) if part.startswith("mc") else part.capitalize() for part in parts
    )


def _is_initial(word: str) -> bool:
    bare = word.replace(".", "")
    return (
        (len(bare) <= 1 and (not bare or bare.isupper() or bare.islower()))
        or "." in word.rstrip(".")
        or (word.endswith(".") and len(bare) <= 2)
    )


def _one_line(text: str) -> str:
    """Give the text on one line without invisible marks; empty if it holds other format characters."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(" " if c.isspace() or unicodedata.category(c) == "Cc" else c for c in text if c not in _MARKS)
    return "" if any(unicodedata.category(c)[0] == "C" for c in text) else " ".join(text.split())
