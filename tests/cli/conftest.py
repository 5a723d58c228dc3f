"""A shop of four customers, its facts built once, and the command line to run on them."""

import io
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from contextmail.cli import main
from contextmail.config import load
from contextmail.wiring import build_facts

SETTINGS = """\
as_of = "2024-06-01"
currency = "GBP"
platform = "mailchimp"

[fields]
FNAME = "first_name"

[tables.customers]
path = "customers.csv"
customer = "id"
first_name = "name"

[tables.orders]
path = "orders.csv"
customer = "customer"
order = "order"
product = "product"
product_name = "title"
quantity = "quantity"
price = "price"
at = "at"

[tables.consents]
path = "consents.csv"
customer = "id"
channel = "channel"
purpose = "purpose"
status = "choice"
at = "at"
"""
CUSTOMERS = "id,name,tier\n1,ADA,gold\n2,Bo,\n3,,\n4,Cy,gold\n"
ORDERS = """\
order,customer,product,title,quantity,price,at
a1,1,p1,Brass Lantern,2,40.00,2022-03-01
a2,1,p2,Wool Blanket,1,60.00,2023-03-01
a3,1,p1,Brass Lantern,1,40.00,2024-05-20
b1,2,p2,Wool Blanket,1,60.00,2024-05-01
c1,4,p1,Brass Lantern,1,40.00,2023-01-01
"""
CONSENTS = """\
id,channel,purpose,choice,at
1,email,marketing,granted,2022-01-01
2,email,marketing,granted,2022-01-01
3,email,marketing,denied,2022-01-01
4,email,marketing,granted,2022-01-01
"""


@dataclass
class Ran:
    """What a run of the command line came to."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line as a shell would."""
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*args: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "argv", ["contextmail", *args])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        return Ran(int(left.value.code or 0), out, err)

    return run


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the shop's facts."""
    folder = tmp_path_factory.mktemp("built")
    for name, text in {
        "contextmail.toml": SETTINGS, "customers.csv": CUSTOMERS, "orders.csv": ORDERS, "consents.csv": CONSENTS,
    }.items():  # fmt: skip
        (folder / name).write_text(text)
    build_facts(load(folder, as_of=datetime(2024, 6, 1)))
    return folder


@pytest.fixture
def shop(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in the shop's folder, where facts are built."""
    folder = tmp_path / "shop"
    shutil.copytree(built, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder: no settings, no facts."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
