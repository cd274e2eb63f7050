"""The speed tables. Each line is a ratio against a floor that was measured in the same run on the same machine."""
