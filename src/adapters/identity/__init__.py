"""Identity: who is calling, proved by a hashed API key."""
