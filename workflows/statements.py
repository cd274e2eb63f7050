"""SQL statements of the hot path: written in SQLAlchemy Core, compiled once, then run on the driver's own cursor.

Core looks each statement up, builds an execution context and wraps the result anew at every call, about 50 µs; the
same statement run from here costs about 8 µs, most of it in the database (benchmarks/reviews.py). Types, parameters
and errors are Core's. Rows are named tuples with the columns' names.
"""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.exc import DBAPIError

from models.columns import UtcDateTime

Params = Mapping[str, Any]
Processor = Callable[[Any], Any]


class Statement:
    """One statement. Its parameters are the names of its `bindparam`s, and of the columns that it writes."""

    def __init__(self, clause: Executable) -> None:
        self._clause: Any = clause
        self._forms: dict[tuple[str, tuple[str, ...]], _Form] = {}

    def rows(self, connection: Connection, params: Params | None = None) -> list[Any]:
        """Every row that it finds."""
        form, found = self._run(connection, params or {}, "fetchall")
        return [form.row(values) for values in found]

    def first(self, connection: Connection, params: Params | None = None) -> Any | None:
        """The first row that it finds, or None."""
        form, found = self._run(connection, params or {}, "fetchone")
        return None if found is None else form.row(found)

    def scalar(self, connection: Connection, params: Params | None = None) -> Any | None:
        """The first column of the first row that it finds, or None."""
        found = self.first(connection, params)
        return None if found is None else found[0]

    def run(self, connection: Connection, params: Params | None = None) -> int:
        """Writes; returns how many rows were touched (not known within `pipelined`: -1)."""
        return int(self._run(connection, params or {}, "")[1])

    def run_many(self, connection: Connection, many: Sequence[Params]) -> None:
        """Writes once for each set of parameters; all have the same names."""
        form = self._form(connection.dialect, tuple(many[0]))
        self._call(connection, form, [form.bind(params) for params in many], "")

    def _run(self, connection: Connection, params: Params, fetch: str) -> "tuple[_Form, Any]":
        form = self._form(connection.dialect, tuple(params))
        return form, self._call(connection, form, form.bind(params), fetch)

    def _call(self, connection: Connection, form: "_Form", bound: Any, fetch: str) -> Any:
        """Runs it once, or once for each item of a list of mappings; fetches as asked, or counts rows."""
        many = isinstance(bound, list) and bool(bound) and isinstance(bound[0], dict | list)
        cursor: Any = None
        try:
            cursor = connection.connection.cursor()
            (cursor.executemany if many else cursor.execute)(form.sql, bound)
            return getattr(cursor, fetch)() if fetch else cursor.rowcount
        except connection.dialect.loaded_dbapi.Error as error:
            raise _as_core(connection, form.sql, error) from error
        finally:
            if cursor is not None:
                cursor.close()

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
        columns = list(clause.exported_columns) if clause.is_select or clause._returning else []
        results = [_reader(column.type, dialect) for column in columns]
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
    if isinstance(type_, UtcDateTime) and dialect.name == "sqlite":
        return _to_sqlite
    processor: Processor | None = type_.dialect_impl(dialect).bind_processor(dialect)
    return processor


def _reader(type_: Any, dialect: Dialect) -> Processor | None:
    if isinstance(type_, UtcDateTime) and dialect.name == "sqlite":
        return _from_sqlite
    processor: Processor | None = type_.dialect_impl(dialect).result_processor(dialect, None)
    return processor


def _to_sqlite(moment: datetime | None) -> str | None:
    """The same text that Core writes for a UtcDateTime, made at a tenth of its cost."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError("a time without a zone reached the database")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _from_sqlite(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(stored).replace(tzinfo=UTC)


def _through(processor: Processor | None, value: Any) -> Any:
    return processor(value) if processor else value


def _as_core(connection: Connection, sql: str, error: Exception) -> BaseException:
    """The driver's error as the one that Core would raise; a broken connection is not used again."""
    dialect, dbapi = connection.dialect, connection.connection.dbapi_connection
    lost = dialect.is_disconnect(error, dbapi, None)  # type: ignore[arg-type]
    if lost:
        connection.invalidate(error)
    base = dialect.loaded_dbapi.Error
    return DBAPIError.instance(sql, None, error, base, connection_invalidated=lost, dialect=dialect)


@contextmanager
def pipelined(connection: Connection) -> Iterator[None]:
    """PostgreSQL: statements of this block whose rows nobody fetches share one round trip. SQLite has none to share."""
    if connection.dialect.name != "postgresql":
        yield
        return
    driver: Any = connection.connection.dbapi_connection
    try:
        with driver.pipeline():
            yield
    except connection.dialect.loaded_dbapi.Error as error:
        raise _as_core(connection, "pipeline", error) from error
