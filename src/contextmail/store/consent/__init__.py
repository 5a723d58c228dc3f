"""The consent store room by room: inbox, ledger, outbox and what is remembered, in SQL that any database understands."""
