"""Lists for call centres, gateways and letter shops: files in, files out, checked again before use, outcomes back."""
