"""Saving, as it is in life: a real server process, many voters, and what goes wrong."""
