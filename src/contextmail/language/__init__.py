"""Words: what a reader sees of a message, where it stands in the source, and what to write there instead."""
