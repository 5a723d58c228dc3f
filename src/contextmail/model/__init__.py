"""The nouns: plain data that every floor above speaks of; no doing, no network, no engine."""
