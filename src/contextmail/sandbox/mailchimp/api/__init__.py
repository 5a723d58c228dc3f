"""The API, one file per room of its documentation."""
