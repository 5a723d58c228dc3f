"""Systems that hold customers: each can be read as a Source, some can be written as a Target."""
