"""Decides whether a statement may run: one SELECT over listed tables, with listed functions.

It walks DuckDB's own serialised parse tree. A CTE may carry the name of an evidence table: it
stands for it inside its own query only. Runs in the SQL sandbox's process; see `sql_worker`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


EXPRESSIONS = _words(
    "BETWEEN CASE CAST COLLATE COLUMN_REF COMPARISON CONJUNCTION CONSTANT FUNCTION LAMBDA "
    "LAMBDA_REF OPERATOR POSITIONAL_REFERENCE STAR SUBQUERY WINDOW TYPE"
)
NODES = _words("SELECT_NODE SET_OPERATION_NODE RECURSIVE_CTE_NODE CTE_NODE")
RELATIONS = _words("BASE_TABLE TABLE_FUNCTION JOIN SUBQUERY EMPTY EXPRESSION_LIST SHOW_REF")
SERIES = _words("range generate_series")
LONGEST_SERIES = 10_000_000
CLOCK = _words(
    "current_timestamp current_date current_time localtime localtimestamp get_current_timestamp "
    "now today transaction_timestamp"
)
CHANCE = _words("random setseed uuid uuidv4 uuidv7 gen_random_uuid")
Tree = dict[str, Any]


class Refused(Exception):
    """The statement may not run; the text says why."""


class Gate:
    """The allow-lists of one sandbox."""

    def __init__(
        self, tables: Collection[str], scalar: Collection[str], table: Collection[str]
    ) -> None:
        self.tables = frozenset(name.lower() for name in tables)
        self.scalar = frozenset(scalar)
        self.table = frozenset(table)
        self.schemas = frozenset({"", "main"})

    def check(self, serialized: Tree, *, scoped: bool = False) -> None:
        """Check one serialised statement.

        Args:
            serialized: what `json_serialize_sql` gave.
            scoped: tables are views narrowed to a part, so none may be named with its schema.

        Raises:
            Refused: it may not run.
        """
        if serialized.get("error"):
            raise Refused("only a plain SELECT can be checked (PIVOT, for one, can't)")
        statements = serialized.get("statements") or []
        if len(statements) != 1:
            raise Refused("exactly one statement, please")
        self.schemas = frozenset({""} if scoped else {"", "main"})
        self._walk(statements[0], frozenset())

    def _walk(self, part: Any, scope: frozenset[str]) -> None:
        if isinstance(part, list):
            for item in cast("list[Any]", part):
                self._walk(item, scope)
        elif isinstance(part, dict):
            self._tree(cast(Tree, part), scope)

    def _tree(self, tree: Tree, scope: frozenset[str]) -> None:
        kind, expression = tree.get("type"), tree.get("class")
        if expression == "CONSTANT":
            return
        if expression is not None:
            self._expression(str(expression), tree)
        elif isinstance(kind, str):
            if kind.endswith("_NODE") and kind not in NODES:
                raise Refused("only SELECT may run")
            if kind == "RECURSIVE_CTE_NODE":
                scope = scope | {str(tree.get("cte_name", "")).lower()}
            self._relation(kind, tree, scope)
        scope = self._ctes(tree, scope)
        for name, child in tree.items():
            if name == "from_table" and child and child.get("type") not in RELATIONS:
                raise Refused("this kind of FROM is not allowed")
            if name != "cte_map":
                self._walk(child, scope)

    def _ctes(self, tree: Tree, scope: frozenset[str]) -> frozenset[str]:
        """Check the CTEs of a query in order; each sees those before it."""
        ctes = (tree.get("cte_map") or {}).get("map") or []
        for entry in ctes:
            self._walk(entry.get("value"), scope)
            scope = scope | {str(entry.get("key", "")).lower()}
        return scope

    def _relation(self, kind: str, tree: Tree, scope: frozenset[str]) -> None:
        if kind == "BASE_TABLE":
            name = str(tree.get("table_name", ""))
            schema = str(tree.get("schema_name") or "").lower()
            known = name.lower() in self.tables or (not schema and name.lower() in scope)
            if tree.get("catalog_name") or schema not in self.schemas or not known:
                listed = ", ".join(sorted(self.tables))
                raise Refused(f"no such table here: {name[:100]!r} (there are: {listed})")
        elif kind == "TABLE_FUNCTION":
            function = tree.get("function") or {}
            name = str(function.get("function_name", "")).lower()
            if name not in self.table or function.get("schema") or function.get("catalog"):
                raise Refused(f"table function not allowed: {name[:100]}")
            self._series(name, function)
        elif kind == "SHOW_REF" and not (
            tree.get("query") and tree.get("show_type") in ("DESCRIBE", "SUMMARY")
        ):
            raise Refused("of SHOW and DESCRIBE, only DESCRIBE of a listed table is allowed")
        if tree.get("sample"):
            raise Refused("samples differ from run to run: use ORDER BY hash(event_uid) LIMIT n")

    def _expression(self, expression: str, tree: Tree) -> None:
        if expression == "PARAMETER":
            raise Refused("no parameters: write the value itself")
        if expression not in EXPRESSIONS:
            raise Refused(f"expression not allowed: {expression.lower()}")
        if expression == "COLUMN_REF":
            names = tree.get("column_names") or []
            if len(names) == 1 and str(names[0]).lower() in CLOCK:
                raise Refused("there is no clock here: use the times of the window")
        if expression in ("FUNCTION", "WINDOW"):
            self._function(tree)

    def _function(self, tree: Tree) -> None:
        name = str(tree.get("function_name", "")).lower()
        if name in CLOCK or (name == "age" and len(tree.get("children") or []) == 1):
            raise Refused("there is no clock here: use the times of the window")
        if name in CHANCE:
            raise Refused("no random values: the answer must be the same each time")
        # The parser itself qualifies the functions behind list comprehensions with `main`.
        foreign = tree.get("catalog") or str(tree.get("schema") or "main").lower() != "main"
        if name not in self.scalar and name not in self.table:
            raise Refused(f"function not allowed: {name[:100]}")
        if foreign:
            raise Refused(f"function not allowed with a schema: {name[:100]}")
        self._series(name, tree)

    def _series(self, name: str, tree: Tree) -> None:
        if name not in SERIES:
            return
        for child in tree.get("children") or []:
            value = (child.get("value") or {}).get("value") if child.get("class") else None
            if isinstance(value, (int, float)) and abs(value) > LONGEST_SERIES:
                raise Refused(f"a series may have {LONGEST_SERIES:,} members at most")
