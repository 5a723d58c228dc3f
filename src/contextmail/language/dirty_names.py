"""Say what is wrong with the name fields of a contact, and how they read mended where the repair is certain.

Names in other scripts than Latin are left alone: they have no capitals, and their order is their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from contextmail.language.names import TEST_VALUES, TITLES, are_initials, capitalised, first_name, is_company

Field = Literal["first", "last", "full"]

_PLACEHOLDERS = frozenset(
    "undefined null (null) <null> n/a #n/a none unknown (unknown) firstname lastname fname lname fullname - -- --- . .. ..."
    " ? ?? ??? * ** *** _ / [blank] (blank) <blank>".split()
) | {"first name", "last name", "full name", "your name", "not provided", "not available", "no name", "not given"}
"""What a program or a form writes where nobody gave a name."""
_TOKEN = re.compile(r"\*\|.*\|\*|\{\{.*\}\}|\{%.*%\}|\[[\w -]+\]|%\w+%|\$\{.*\}|<%.*%>|\{\w+\}")
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
_MARKUP = re.compile(r"[<>{}|\[\]\\*=_^~$#]|https?:|www\.|\b\w+\.(?:com|org|net|co)\b", re.IGNORECASE)
_COUPLE = re.compile(r"&|\+|/|\b(?:and|und|et|or|family|mr\.? (?:and|&) mrs)\b", re.IGNORECASE)
_TITLES = TITLES - {"m", "sr"}
_SUFFIXES = frozenset("phd md mba jr sr ii iii iv esq esquire dds dmd cpa rn bsc msc dphil obe mbe cbe dvm pe".split())
"""What follows a name; `MA`, `BA` and `DO` are left out, as they are names too."""
_PLAIN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_CAPS_LOCK = re.compile(r"[a-z][A-Z]{2,}")
_UNCERTAIN_CASE = re.compile(
    r"mac\w{3}|dela|dell|desou|devr|van[dh]|vond|le[bcf][elo]|la[fp][lor]|di[cmps]a|fitz|stj|ij|mc\w{0,2}$", re.I
)
"""Last names that many write with a second capital (DeLaCruz, MacKenzie, VanDyke, IJssel), and MCA, which may be none."""
_UNCERTAIN_GIVEN = re.compile(
    r"(?:le|la|de|da)[bcdfghjklmnpqrstvwxz]\w*[aeiouy]|d['’]?(?:andre|angelo|arcy|artagnan|marco|onte|quan)"
    r"|(?:jo|mary|lee?|lou|rae?|rose|sue|ruth|roxa?|bobb[iy]e?|bill[iy]e?)(?:anna?e?|lynne?|beth|ellen|jean|kay|lou|sue)$",
    re.I,
)
"""First names that many write with a second capital (LeBron, DeShawn, LaToya, JoAnn), if they are not common ones."""
_GIVEN = frozenset(
    "ada adam agnes al alan albert alberto alejandro alex alexander alexandra alfred ali alice alicia allan allen"
    " amanda amy ana andre andrea andrew angel angela ann anna anne annie anthony antonio arthur ashley barbara"
    " beatrice ben benjamin bernard beth betty bill bob brenda brian bruce bruno carl carla carlos carmen carol"
    " caroline catherine cathy charles charlotte chloe chris christina christine christopher claire clara claude"
    " craig cynthia dale damian damon dan dana daniel daniela danielle danny daphne daria darius darlene darrell"
    " darren darryl daryl dave david davina dawn dean deborah debra declan delia della delores demi denis denise"
    " dennis denny derek derrick desmond devin dewey diana diane don donald donna dorothy douglas edith eduardo"
    " edward elena elizabeth ella ellen emily emma enrique eric erica erin esther ethan eugene eva evelyn ewan fatima"
    " felix fernando flora frances francesca francis francisco frank fred gabriel gary george gerald gina giovanni"
    " giulia gloria grace greg gregory hanna hannah hans harold harry heather helen helena henry hugo ian ida imogen"
    " ines ingrid irene isaac isabel ivan jack jacob jacqueline james jan jane janet jason javier jean jeff jeffrey"
    " jennifer jeremy jerry jesse jessica jesus jill jim jo joan joanna joanne joe joel johan johann john jon jonas"
    " jonathan jordan jorge jose joseph joshua joy juan judith judy julia julian julie justin karen karl kate"
    " katherine kathleen kathryn keith kelly ken kenneth kevin kim klaus kurt kyle lambert lana lance lara larry"
    " laura lauren lawrence lazaro lee lena lenny leo leon lesley leslie lester leticia lewis lily linda lisa lou"
    " louis louise lucas lucia lucy luigi luis luke lynn mabel manuel marc marco margaret maria marie marilyn mario"
    " mark martha martin mary matthew maya megan mei melissa michael michel michelle miguel mike miles mohamed"
    " mohammed monica nadia nancy natalie nathan neil nicholas nicole nina noah nora olga oliver olivia oscar otto"
    " pablo pamela patricia patrick paul paula pedro peter philip phillip pierre quinn rachel ralph ramon randy ravi"
    " raymond rebecca ricardo richard robert roberto robin roger ronald rosa rose ross roy ruth ryan sam samantha"
    " samuel sandra sara sarah scott sean sebastian seth sharon shirley simon sofia sophia sophie stella stephanie"
    " stephen steve steven sue susan sylvia tara teresa terry theo theresa thomas tim timothy tina tom tony tyler"
    " ursula vera veronica victor victoria vincent virginia walter wayne wendy wilhelm william wolfgang yusuf yvonne"
    " zachary zoe".split()
)
"""Common given names: in front they say that a first name is one, behind that they may be a second one."""


@dataclass(frozen=True, slots=True)
class Dirt:
    """What is wrong with one field. `mended`: how it would read, None: nobody can say; `certain`: a program may write it."""

    field: Field
    what: str
    mended: str | None = None
    certain: bool = False


def dirt(first: str, last: str, known: Mapping[str, int]) -> list[Dirt]:
    """Look at a contact's first-name and last-name fields, "" for none.

    `known`: how often a name in small letters is a first name by itself in this audience; it tells first names and
    last names apart. "ADA LOVELACE" gives Ada and, where the last name is empty, Lovelace; "Mary Ann" stays.
    """
    first, last = " ".join(first.split()), " ".join(last.split())
    found = [*_first_dirt(first, last, known)] if first else []
    return [*found, *_last_dirt(last)] if last else found


def full_dirt(text: str) -> list[Dirt]:
    """Look at a field that holds a whole name: only its capitals are mended, and what is nobody's name is emptied."""
    text = " ".join(text.split())
    if not text or (found := _never_a_name("full", text)):
        return [found] if text and found else []
    words = text.split()
    small = [word.lower().strip(".,") for word in words]
    if _foreign(text):
        return []
    if _COUPLE.search(text):
        return [Dirt("full", "several people")]
    if TEST_VALUES.intersection(small) or is_company(small):
        return [Dirt("full", "company" if is_company(small) else "test value")]
    if not (problem := _case(words)):
        return []
    plain = all(_PLAIN.fullmatch(word) and len(word) > 2 and not _UNCERTAIN_CASE.match(word) for word in words)
    certain = plain and len(words) > 1 and first_name(text) == _cased(words[0])
    return [Dirt("full", problem, " ".join(map(_cased, words)), certain=certain)]


@cache
def _is_latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith(("LATIN", "FEMININE", "MASCULINE"))


def _foreign(text: str) -> bool:
    return any(char.isalpha() and not _is_latin(char) for char in unicodedata.normalize("NFC", text))


def _read_rightly(text: str) -> str:
    """Undo that UTF-8 was read as Windows-1252: "ZoÃ«" is Zoë."""
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text


def _never_a_name(field: Field, text: str) -> Dirt | None:
    """Look for what is a name in no field: placeholders, addresses, numbers, markup."""
    small = text.lower()
    if small in _PLACEHOLDERS or _TOKEN.fullmatch(text):
        return Dirt(field, "placeholder", "", certain=True)
    if "@" in text:
        return Dirt(field, "address", "", certain=bool(_ADDRESS.fullmatch(text)))
    if not any(map(str.isalpha, text)):
        return Dirt(field, "number or signs")
    if _MARKUP.search(text):
        return Dirt(field, "markup or link")
    if any(map(str.isdigit, text)):
        return Dirt(field, "number in a name")
    if (read := _read_rightly(text)) != text:
        return Dirt(field, "broken letters", read)
    return None


def _first_dirt(text: str, last: str, known: Mapping[str, int]) -> Iterator[Dirt]:
    if found := _never_a_name("first", text):
        yield found
        return
    if _foreign(text):
        return
    bare = "".join(char for char in text if not _is_ornament(char)).strip()
    if bare != text:
        inner = list(_first_dirt(bare, last, known)) if bare else [Dirt("first", "emoji")]
        yield from (replace(one, what="emoji") for one in inner or [_name("first", "emoji", bare)])
        return
    words = text.replace(",", " ").split()
    small = [word.lower().strip(".") for word in words]
    if _COUPLE.search(text):
        yield Dirt("first", "several people")
    elif TEST_VALUES.intersection(small):
        yield Dirt("first", "test value")
    elif is_company(small):
        yield Dirt("first", "company")
    else:
        yield from _person(text, words, small, last, known)


def _person(text: str, words: list[str], small: list[str], last: str, known: Mapping[str, int]) -> Iterator[Dirt]:
    core = [word for word, bare in zip(words, small, strict=True) if bare.replace(".", "") not in _TITLES | _SUFFIXES]
    titled = bool(_TITLES.intersection(small))
    what = "title or suffix" if len(core) < len(words) else ""
    inverted = re.fullmatch(r"([^\s,]+), ?([^\s,]+)", text) if not what else None
    alone = len(core) == 1 and not last
    if not core or (titled and alone) or (what and alone and not _is_given(core[0], known)):
        # "Dr. Lovelace" and "Smith Jr" may be last names.
        yield Dirt("first", "title or suffix")
    elif inverted and last.casefold() in ("", inverted[1].casefold()):
        yield from _both("last name first", inverted[2], inverted[1], last, known)
    elif last and len(core) > 1 and core[-1].casefold() == last.casefold():
        yield _name("first", what or "last name too", " ".join(core[:-1]))
    elif len(core) == 2 and not last:
        split = list(_both(what or "first and last name", core[0], core[1], last, known))
        problem = "" if what or split[0].certain else _case(core)
        yield from [_name("first", problem, " ".join(core))] if problem else split
    elif len(core) > 2 and not last:
        yield Dirt("first", what or "several words", first_name(text))
    elif what or (problem := _case(core)):
        one = _name("first", what or problem, " ".join(core))
        # `HUD` and `LAN` may be letters of their own.
        short = len(text) <= 3 and text.isupper() and not _is_given(text, known)
        yield replace(one, certain=one.certain and not short)


def _both(what: str, first: str, second: str, last: str, known: Mapping[str, int]) -> Iterator[Dirt]:
    """Split a name of two words: certain where the first is known as a given name and the second is not."""
    one = _name("first", what, first)
    two = Dirt("last", what, second if last else _cased(second), certain=not _UNCERTAIN_CASE.match(second))
    given = _is_given(first, known)
    behind = second.lower() in _GIVEN or second.lower() in known
    sure = one.certain and two.certain and given and not behind and bool(_PLAIN.fullmatch(second)) and len(second) > 2
    yield replace(one, certain=sure)
    if not last:
        yield replace(two, certain=sure)


def _is_given(name: str, known: Mapping[str, int]) -> bool:
    return name.lower() in _GIVEN or known.get(name.lower(), 0) > 1


def _last_dirt(text: str) -> Iterator[Dirt]:
    if found := _never_a_name("last", text):
        yield found
    elif not _foreign(text) and len(text) > 2 and (problem := _case(text.split())):
        single = bool(_PLAIN.fullmatch(text)) and text.lower() not in TEST_VALUES
        yield Dirt("last", problem, _cased(text), certain=single and not _UNCERTAIN_CASE.match(text))


def _name(field: Field, what: str, text: str) -> Dirt:
    """Write a given name of one or more words as a name; certain where each word is one beyond doubt."""
    words = text.split()
    mended = " ".join(map(_cased, words))
    doubt = mended != text and any(_UNCERTAIN_GIVEN.match(w) and w.lower() not in _GIVEN for w in words)
    letters = not doubt and len(mended) == len(text) and all(_PLAIN.fullmatch(word.rstrip(".")) for word in words)
    certain = letters and first_name(mended) == _cased(words[0]) and not are_initials(words[0], text)
    return Dirt(field, what, mended if certain else first_name(text), certain=certain)


def _case(words: list[str]) -> str:
    """Say what is wrong with the capitals of words: nothing where any word has both kinds."""
    text = " ".join(words)
    letters = [char for char in text if char.isalpha()]
    if len(letters) < 2:
        return "only an initial" if letters else ""
    if text.isupper() or all(map(_CAPS_LOCK.fullmatch, words)):
        return "capitals"
    return "small letters" if text.islower() else ""


def _cased(word: str) -> str:
    return capitalised(word) if word.isupper() or word.islower() or _CAPS_LOCK.fullmatch(word) else word


def _is_ornament(char: str) -> bool:
    return unicodedata.category(char) in ("So", "Sk", "Cf", "Cn") or char in "\ufe0e\ufe0f\u20e3"
