"""Measurements: ./run bench NAME. Each prints ratios against a yardstick of the same run."""
