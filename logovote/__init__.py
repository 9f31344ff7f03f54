"""logovote: a community's say on a logo, without design by committee.

Importing this package imports nothing else: `python3 -m logovote` must start on a
machine where no dependency is installed yet.
"""

__version__ = "0.1.0"
