"""Commands of the second storey."""
