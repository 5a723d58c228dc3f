"""A table of the company's own, of any database that SQLAlchemy knows. Nothing is imported here."""
