"""contextmail facts: build, show and describe what is known of every customer."""
from __future__ import annotations
import typer
app = typer.Typer(no_args_is_help=True, help="Build, show and describe what is known of every customer.")
@app.command()
def build() -> None:
    pass
@app.command()
def show() -> None:
    pass
