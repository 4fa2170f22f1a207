"""Stand-ins for what is outside; each enforces the real contract."""
