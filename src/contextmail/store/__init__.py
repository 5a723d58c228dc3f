"""Our own memory: runs with their journal, and which run uses which contact field."""
