"""The API's rooms: a handler for each route."""
