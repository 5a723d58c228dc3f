"""Engines: SQL in, rows and Parquet files out."""
