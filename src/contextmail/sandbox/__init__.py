"""Platforms on loopback, with invented people: for the demo, for our tests and for yours."""
