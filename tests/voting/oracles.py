"""Other people's counts, to compare with: abcvoting, pref_voting and votelib.

They are an extra of their own, `oracles`, and nothing in the application imports them.
Together they ask for more than a gigabyte of solvers, plots and compilers, none of
which the rules compared here need; while they are imported, stand-ins take their place.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

LIBRARIES = ("abcvoting", "pref_voting", "votelib")
_UNUSED = {
    *("filelock", "gurobipy", "matplotlib", "nashpy", "numba", "ortools", "pandas"),
    *("preflibtools", "prefsampling", "pulp", "ruamel", "scipy", "seaborn"),
    *("tabulate", "tqdm"),
}


def are_installed() -> bool:
    """Whether all of them can be imported."""
    return all(find_spec(name) for name in (*LIBRARIES, "networkx"))


class _StandIn(ModuleType):
    """A module that has whatever is asked of it."""

    def __getattr__(self, name: str) -> Any:
        if name == "jit":  # a compiler's decorator: the function as it is
            return lambda *of, **_: of[0] if of and callable(of[0]) else lambda f: f
        if name.startswith("__"):
            raise AttributeError(name)
        return MagicMock(name=f"{self.__name__}.{name}")


class _Finder(MetaPathFinder, Loader):
    """Finds a stand-in for what is not installed and not used."""

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in _UNUSED:
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


@contextmanager
def stand_ins() -> Iterator[None]:
    """Let imports find stand-ins, last of all, and forget them again."""
    finder = _Finder()
    sys.meta_path.append(finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name, module in list(sys.modules.items()):
            if isinstance(module, _StandIn):
                del sys.modules[name]


with stand_ins() if are_installed() else nullcontext():
    if are_installed():
        abc = SimpleNamespace(
            rules=import_module("abcvoting.abcrules"),
            preferences=import_module("abcvoting.preferences"),
        )
        pref = SimpleNamespace(
            profiles=import_module("pref_voting.profiles_with_ties"),
            margins=import_module("pref_voting.margin_based_methods"),
            majorities=import_module("pref_voting.c1_methods"),
            scoring=import_module("pref_voting.scoring_methods"),
            runoff=import_module("pref_voting.iterative_methods"),
        )
        lib = SimpleNamespace(
            condorcet=import_module("votelib.evaluate.condorcet"),
            core=import_module("votelib.evaluate.core"),
        )
