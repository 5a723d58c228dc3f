"""What `receiver.py` measures against: the same store behind FastAPI, as one would write it for Mailchimp alone."""

from __future__ import annotations

import hashlib
import hmac
import os
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool

from contextmail.model.consent import Assurance
from contextmail.store.sealing import Sealer
from contextmail.store.sqlite_consent import SqliteConsentStore

sealer = Sealer(os.environ["CONTEXTMAIL_LOOKUP_KEY"], [os.environ["CONTEXTMAIL_SEAL_KEYS"]])
store = SqliteConsentStore(Path(".contextmail/consent.db"), sealer)
app = FastAPI()


@app.post("/hooks/mailchimp/{audience}/{token}")
async def hook(audience: str, token: str, request: Request) -> dict[str, bool]:  # noqa: ARG001
    """Verify, keep, answer."""
    body = await request.body()
    now = datetime.now(UTC).replace(tzinfo=None)
    at, _, given = request.headers["x-mailchimp-signature"].removeprefix("t=").partition(",v1=")
    (secret,) = store.secrets("mailchimp", audience, now)
    signed = hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(signed.encode(), given.encode()):
        raise HTTPException(401)
    dedupe = hashlib.sha256(body).hexdigest()
    new = await run_in_threadpool(store.receive, "mailchimp", audience, dedupe, Assurance.SIGNED, body, now)
    return {"kept": new}
