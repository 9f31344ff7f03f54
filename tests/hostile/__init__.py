"""Files and archives as an enemy would send them, made by code, always the same."""
