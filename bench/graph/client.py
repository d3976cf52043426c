"""SQLite as a C program uses it: client.cpp through ctypes.

Times are taken in there, from the statement's text to its last row; what Python then does with the
values is not in them.
"""

import ctypes
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from datasets import BUILD

SOURCE = Path(__file__).with_name("client.cpp")
LIBRARY = BUILD / "client.so"
FLAGS = ["-std=c++20", "-O2", "-fPIC", "-shared"]

POINTER = ctypes.c_void_p
SIGNATURES = {
    "client_open": (POINTER, [ctypes.c_char_p, ctypes.c_int]),
    "client_close": (None, [POINTER]),
    "client_error": (ctypes.c_char_p, [POINTER]),
    "client_load": (ctypes.c_int64, [POINTER, ctypes.c_char_p]),
    "client_prepare": (ctypes.c_int64, [POINTER, ctypes.c_char_p]),
    "client_bind_integer": (None, [POINTER, ctypes.c_int, ctypes.c_int64]),
    "client_bind_real": (None, [POINTER, ctypes.c_int, ctypes.c_double]),
    "client_bind_text": (None, [POINTER, ctypes.c_int, ctypes.c_char_p]),
    "client_run": (ctypes.c_int64, [POINTER, ctypes.c_char_p, ctypes.c_int]),
    "client_rows": (ctypes.c_int64, [POINTER]),
    "client_integers": (POINTER, [POINTER, ctypes.c_int]),
    "client_reals": (POINTER, [POINTER, ctypes.c_int]),
    "client_text": (POINTER, [POINTER, ctypes.c_int]),
    "client_ends": (POINTER, [POINTER, ctypes.c_int]),
}


def compile_client() -> None:
    if LIBRARY.exists() and LIBRARY.stat().st_mtime > SOURCE.stat().st_mtime:
        return
    BUILD.mkdir(parents=True, exist_ok=True)
    compiler = os.environ.get("CXX", "c++")
    command = [compiler, *FLAGS, str(SOURCE), "-o", str(LIBRARY), "-lsqlite3"]
    subprocess.run(command, check=True)


def load_client() -> ctypes.CDLL:
    compile_client()
    library = ctypes.CDLL(str(LIBRARY))
    for name, (result, arguments) in SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class SqliteError(Exception):
    pass


class Connection:
    """A connection with the settings of SQLite's defaults."""

    library: ctypes.CDLL | None = None

    def __init__(self, path: Path, extension: str | None = None, writable: bool = False):
        if Connection.library is None:
            Connection.library = load_client()
        self.c = Connection.library
        self.handle = self.c.client_open(str(path).encode(), int(writable))
        self.check(-1 if self.error() else 0)
        if extension:
            self.check(self.c.client_load(self.handle, extension.encode()))

    def close(self) -> None:
        if self.handle:
            self.c.client_close(self.handle)
            self.handle = None

    __del__ = close

    def error(self) -> str:
        return self.c.client_error(self.handle).decode(errors="replace")

    def check(self, code: int) -> int:
        if code < 0:
            raise SqliteError(self.error())
        return code

    def run(self, sql: str, kinds: str = "", *values: Any, keep: bool = True) -> "Rows":
        """`kinds` has i, d or t for each column: integer, real or text. Without `keep` the values
        are read, and dropped."""
        nanoseconds = self.check(self.c.client_prepare(self.handle, sql.encode()))
        for place, value in enumerate(values, 1):
            self.bind(place, value)
        nanoseconds += self.check(self.c.client_run(self.handle, kinds.encode(), int(keep)))
        return Rows(self, kinds if keep else "", nanoseconds / 1e6)

    def bind(self, place: int, value: Any) -> None:
        if isinstance(value, int | np.integer):
            self.c.client_bind_integer(self.handle, place, int(value))
        elif isinstance(value, float):
            self.c.client_bind_real(self.handle, place, value)
        else:
            self.c.client_bind_text(self.handle, place, value.encode())


class Rows:
    """The values of a run, by column: numpy arrays, or lists of str."""

    def __init__(self, connection: Connection, kinds: str, milliseconds: float):
        self.ms = milliseconds
        self.count = connection.c.client_rows(connection.handle)
        self.columns = [self.read(connection, i, kind) for i, kind in enumerate(kinds)]

    def __getitem__(self, column: int) -> Any:
        return self.columns[column]

    def read(self, connection: Connection, column: int, kind: str) -> Any:
        c, handle = connection.c, connection.handle
        if kind == "i":
            return self.array(c.client_integers(handle, column), np.int64)
        if kind == "d":
            return self.array(c.client_reals(handle, column), np.float64)
        ends = self.array(c.client_ends(handle, column), np.int64)
        size = int(ends[-1]) if len(ends) else 0
        text = ctypes.string_at(c.client_text(handle, column), size) if size else b""
        starts = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
        return [text[a:b].decode() for a, b in zip(starts, ends, strict=True)]

    def array(self, address: int, kind: Any) -> np.ndarray:
        size = self.count * np.dtype(kind).itemsize
        return np.frombuffer(ctypes.string_at(address, size) if size else b"", kind)
