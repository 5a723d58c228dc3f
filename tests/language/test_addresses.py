"""What is wrong with addresses as they are written."""

import pytest

from contextmail.language.addresses import problem_of


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.com",
        "Ada.Lovelace+news@mail.example.co.uk",
        "o'neil@example.com",
        "jürgen@exämple.com",
        "a@xn--exmple-cua.com",
    ],
)
def test_an_address_that_mail_reaches_has_no_problem(address: str) -> None:
    assert problem_of(address) == ""


@pytest.mark.parametrize(
    "address",
    [
        "", "ada", "ada@", "@example.com", "ada@example", "ada@@example.com", "ada@exam ple.com", ".ada@example.com",
        "ada..l@example.com", "ada.@example.com", "ada@-example.com", "ada@example..com", "ada@[127.0.0.1]", "ada@x!.com",
        "a" * 65 + "@example.com", "ada,bob@example.com", " ada@example.com", "ada@example.com\n", "Ada <ada@example.com>",
    ],
)  # fmt: skip
def test_an_address_that_mail_does_not_reach_has_a_problem_that_does_not_repeat_it(address: str) -> None:
    problem = problem_of(address)
    assert problem and (len(address) < 4 or address not in problem)
