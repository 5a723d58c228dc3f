"""contextmail work: fold what came in into the ledger, and tell every system."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

import typer

from contextmail import wiring
from contextmail.cli import options
from contextmail.cli.output import say
from contextmail.reconciling import reconcile
from contextmail.syncing import Report, Sync, Worker, status


def work(
    once: Annotated[bool, typer.Option("--once", help="Do what there is to do, and end: for cron.")] = False,
    config: options.Config = None,
) -> None:
    """Take events from the inbox, fold them into the ledger, tell every system, and read back; withdrawals go first.

    Every 15 minutes (`[consent] sweep_minutes`) each system is swept for what no webhook told. Stop it whenever you
    like: it ends after what it is at. Kill it: the next one goes on. Exit code of --once: 0, or 1 where a colleague has to look (`contextmail status`).

    ```
    contextmail work
    contextmail work --once
    ```
    """
    settings = options.settings_of(config)
    with wiring.sync(settings) as sync:
        worker = Worker(sync, wiring.webhook_sources(settings))
        if once:
            raise typer.Exit(_once(sync, worker))
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        worker.run(stop, between=_Sweeps(sync, stop))


class _Sweeps:
    """Sweep at times, however the last sweep ended: a system that is away is not asked all the time."""

    def __init__(self, sync: Sync, stop: threading.Event) -> None:
        self._sync, self._stop, self._next = sync, stop, sync.clock()

    def __call__(self) -> None:
        if self._sync.clock() >= self._next and not self._stop.is_set():
            self._next = self._sync.clock() + timedelta(minutes=self._sync.options.sweep_minutes)
            _sweep_when_due(self._sync, self._stop.is_set)


def _once(sync: Sync, worker: Worker) -> int:
    _sweep_when_due(sync)
    report = worker.run_once()
    while not report.idle:
        _tell(report)
        report = worker.run_once()
    return 1 if sync.store.tasks() or sync.store.inbox("quarantined", limit=1) else 0


def _sweep_when_due(sync: Sync, stop: Callable[[], bool] = lambda: False) -> None:
    now, options = sync.clock(), sync.options
    sync.store.prune(
        raw_before=now - timedelta(days=options.raw_days), unread_before=now - timedelta(days=options.quarantine_days)
    )
    marks = [sync.store.watermark(name) for name, system in sync.systems.items() if system.readable]
    if any(mark is None or mark + timedelta(minutes=options.sweep_minutes) <= now for mark in marks):
        _tell(reconcile(sync, stop=stop))
    if alarm := status(sync).alarm:
        say((alarm, "bold red"))


def _tell(report: Report) -> None:
    said = ", ".join(f"{count} {name}" for name, count in report.counts().items())
    if said:
        say(said)
