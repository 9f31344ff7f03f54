"""Who may know whom: the rooms of the house and the directions between them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "logovote"

# A room (a folder or a module of the package) and the rooms below that it may know.
PURE = {"errors"}
STORE = {"errors", "paths", "voting"}
CONTEST = STORE | {"imaging", "ingest", "store"}
DOORS = CONTEST | {"contest", "settings"}
MAY_KNOW: dict[str, set[str]] = {
    "__init__": set(),
    "errors": set(),
    "paths": set(),
    "recount": set(),
    "voting": PURE,
    "imaging": PURE,
    "ingest": PURE,
    "settings": PURE,
    "packages": PURE,
    "bootstrap": {"errors", "packages"},
    "store": STORE,
    "contest": CONTEST,
    "logs": {"settings"},
    "mail": {"errors", "paths", "settings"},
    "postman": DOORS | {"logs", "mail"},
    "jobs": DOORS | {"logs", "postman"},
    "demo": DOORS,
    "web": DOORS | {"jobs", "logs", "recount"},
    "app": DOORS | {"jobs", "web"},
    "wsgi": {"errors", "app", "logs", "settings", "web"},
    "gunicorn": {"logs", "settings"},
    "checks": {"errors", "bootstrap"},
    "cli": DOORS
    | {"logs", "mail", "postman", "jobs", "demo", "web", "app", "checks", "recount"},
    "__main__": {"bootstrap", "cli"},
}

# Libraries that only some rooms may touch, so that the others do without them.
ONLY_IN = {
    "aiosmtpd": set(),
    "alembic": {"store"},
    "authlib": {"web"},
    "click": {"cli", "checks"},
    "flask": {"app", "web", "wsgi"},
    "flask_login": {"app", "web"},
    "flask_wtf": {"app", "web"},
    "gunicorn": {"gunicorn"},
    "huey": {"jobs"},
    "obstore": {"store"},
    "prometheus_client": {"web", "gunicorn"},
    "psycopg": {"store", "jobs"},
    "pypdfium2": {"imaging"},
    "resvg_py": {"imaging"},
    "sqlalchemy": {"store", "contest", "jobs", "postman", "web", "app", "cli", "demo"},
    "waitress": {"app", "cli"},
    "wtforms": {"web"},
}

# Where a process begins, and with it the reading of LOGOVOTE_*.
DOORSTEPS = {"app", "jobs", "cli", "demo"}

MODULES = sorted(PACKAGE.rglob("*.py"))


def room(module: Path) -> str:
    return module.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(module: Path) -> Iterator[tuple[str, ...]]:
    """Every name a module imports, inside functions too, as its parts."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        yield from imported(node)


def imported(node: ast.AST) -> Iterator[tuple[str, ...]]:
    if isinstance(node, ast.Import):
        yield from (tuple(alias.name.split(".")) for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        for alias in node.names:
            yield (*node.module.split("."), alias.name)


def test_every_room_has_its_place() -> None:
    assert {room(module) for module in MODULES} <= MAY_KNOW.keys()


def test_no_two_rooms_know_each_other() -> None:
    assert not [
        (name, other)
        for name, known in MAY_KNOW.items()
        for other in known
        if name in MAY_KNOW[other]
    ]


def test_no_modules_load_each_other_in_a_circle() -> None:
    # Within a room, too: such modules load or do not by who is asked for first.
    name = {module: ".".join(module_parts(module)) for module in MODULES}
    known = {*name.values()}
    loads = {
        name[module]: {
            ".".join(parts) if ".".join(parts) in known else ".".join(parts[:-1])
            for parts in imports_on_loading(module)
        }
        & known - {"logovote", name[module]}
        for module in MODULES
    }

    # Raises CycleError with the modules in question.
    assert {*TopologicalSorter(loads).static_order()} <= known


def module_parts(module: Path) -> tuple[str, ...]:
    parts = ("logovote", *module.relative_to(PACKAGE).with_suffix("").parts)
    return parts[:-1] if parts[-1] == "__init__" else parts


def imports_on_loading(module: Path) -> Iterator[tuple[str, ...]]:
    """Like `imports`, without those inside functions and those for types alone."""
    waiting: list[ast.AST] = [ast.parse(module.read_text("utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        else:
            yield from imported(node)
            waiting += ast.iter_child_nodes(node)


def test_a_module_imports_only_from_rooms_below() -> None:
    assert not [
        f"{module.relative_to(PACKAGE)} imports {'.'.join(parts)}"
        for module in MODULES
        for parts in imports(module)
        if parts[0] == "logovote"
        and parts[1:2] != ("__version__",)
        and not MAY_KNOW[room(module)].issuperset({*parts[1:2]} - {room(module)})
    ]


def test_a_module_touches_only_the_libraries_of_its_room() -> None:
    assert not [
        f"{module.relative_to(PACKAGE)} imports {parts[0]}"
        for module in MODULES
        for parts in imports(module)
        if room(module) not in ONLY_IN.get(parts[0], {room(module)})
    ]


def test_only_the_doors_build_settings() -> None:
    assert {room(module) for module in MODULES if builds_settings(module)} <= DOORSTEPS


def builds_settings(module: Path) -> bool:
    """Whether it calls `settings.load`, or `load` imported from there."""
    source = module.read_text("utf-8")
    return "settings.load(" in source or (
        ("logovote", "settings", "load") in imports(module)
    )


def test_starting_needs_the_standard_library_alone() -> None:
    allowed = {"logovote", "__future__", *sys.stdlib_module_names}
    for name in ("__init__", "__main__", "bootstrap", "packages", "errors"):
        assert {parts[0] for parts in imports(PACKAGE / f"{name}.py")} <= allowed
