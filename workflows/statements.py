"""SQL statements of the hot path: written in SQLAlchemy Core, compiled once, then run on the driver's own cursor.

Core looks each statement up, builds an execution context and wraps the result anew at every call, about 50 µs; the
same statement run from here costs about 8 µs, most of it in the database (benchmarks/reviews.py). Types, parameters
and errors are Core's. Rows are named tuples with the columns' names.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.exc import DBAPIError

Params = Mapping[str, Any]
Processor = Callable[[Any], Any]


class Statement:
    """One statement. Its parameters are the names of its `bindparam`s, and of the columns that it writes."""

    def __init__(self, clause: Executable) -> None:
        self._clause: Any = clause
        self._forms: dict[tuple[str, tuple[str, ...]], _Form] = {}

    def rows(self, connection: Connection, params: Params | None = None) -> list[Any]:
        """Every row that it finds."""
        form, cursor = self._execute(connection, params or {})
        found = cursor.fetchall()
        cursor.close()
        return [form.row(values) for values in found]

    def first(self, connection: Connection, params: Params | None = None) -> Any | None:
        """The first row that it finds, or None."""
        form, cursor = self._execute(connection, params or {})
        found = cursor.fetchone()
        cursor.close()
        return None if found is None else form.row(found)

    def scalar(self, connection: Connection, params: Params | None = None) -> Any | None:
        """The first column of the first row that it finds, or None."""
        found = self.first(connection, params)
        return None if found is None else found[0]

    def run(self, connection: Connection, params: Params | None = None) -> int:
        """Writes; returns how many rows were touched."""
        _, cursor = self._execute(connection, params or {})
        touched = int(cursor.rowcount)
        cursor.close()
        return touched

    def run_many(self, connection: Connection, many: Sequence[Params]) -> None:
        """Writes once for each set of parameters; all have the same names."""
        form = self._form(connection.dialect, tuple(many[0]))
        self._call(connection, form, "executemany", [form.bind(params) for params in many]).close()

    def _execute(self, connection: Connection, params: Params) -> "tuple[_Form, Any]":
        form = self._form(connection.dialect, tuple(params))
        return form, self._call(connection, form, "execute", form.bind(params))

    def _call(self, connection: Connection, form: "_Form", verb: str, bound: Any) -> Any:
        cursor = connection.connection.cursor()
        try:
            getattr(cursor, verb)(form.sql, bound)
        except connection.dialect.loaded_dbapi.Error as error:
            raise _as_core(connection, form.sql, error) from error
        return cursor

    def _form(self, dialect: Dialect, names: tuple[str, ...]) -> "_Form":
        form = self._forms.get((dialect.name, names))
        if form is None:
            form = self._forms[dialect.name, names] = _Form(self._clause, dialect, names)
        return form


class _Form:
    """A statement compiled for one kind of database and one set of parameter names."""

    def __init__(self, clause: Any, dialect: Dialect, names: tuple[str, ...]) -> None:
        compiled = clause.compile(dialect=dialect, column_keys=list(names) or None)
        self.sql = str(compiled)
        self._order: list[str] | None = list(compiled.positiontup) if compiled.positional else None
        binds = compiled.binds
        processors = {name: _binder(bind.type, dialect) for name, bind in binds.items()}
        constant = compiled.construct_params(dict.fromkeys(names), escape_names=False)
        self._fixed = {
            name: _through(processors.get(name), value) for name, value in constant.items() if name not in names
        }
        self._processors = [(name, processors.get(name)) for name in names if name in constant]
        columns = list(clause.selected_columns) if hasattr(clause, "selected_columns") else []
        results = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._results = [(index, processor) for index, processor in enumerate(results) if processor]
        self._make = _shape([str(column.key) for column in columns])

    def bind(self, params: Params) -> Any:
        """The parameters as the driver takes them."""
        values = dict(self._fixed)
        for name, processor in self._processors:
            value = params[name]
            values[name] = processor(value) if processor else value
        return values if self._order is None else [values[name] for name in self._order]

    def row(self, values: Sequence[Any]) -> Any:
        """A row as Core would return it."""
        if self._results:
            values = list(values)
            for index, processor in self._results:
                values[index] = processor(values[index])
        return self._make(values)


def _shape(columns: list[str]) -> Callable[[Sequence[Any]], Any]:
    named_tuple: Any = namedtuple  # its type is known only when it runs
    make: Callable[[Sequence[Any]], Any] = named_tuple("Row", columns)._make
    return make


def _binder(type_: Any, dialect: Dialect) -> Processor | None:
    processor: Processor | None = type_.dialect_impl(dialect).bind_processor(dialect)
    return processor


def _through(processor: Processor | None, value: Any) -> Any:
    return processor(value) if processor else value


def _as_core(connection: Connection, sql: str, error: Exception) -> BaseException:
    """The driver's error as the one that Core would raise; a broken connection is not used again."""
    lost = connection.dialect.is_disconnect(error, connection.connection.dbapi_connection, None)  # type: ignore[arg-type]
    wrapped = DBAPIError.instance(
        sql, None, error, connection.dialect.loaded_dbapi.Error, connection_invalidated=lost, dialect=connection.dialect
    )
    if lost:
        connection.invalidate(error)
    return wrapped
