"""HTTP: the service as other programs meet it (see `/schema/openapi.json`, which it serves)."""
