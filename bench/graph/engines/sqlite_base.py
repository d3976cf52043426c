"""What the engines inside SQLite share: connections."""

from abc import abstractmethod

from client import Connection

from .base import Engine, Result, timed


class SqliteEngine(Engine):
    @abstractmethod
    def connect(self) -> Connection:
        """A new connection with the extension, if there is one."""

    def opening(self, _: None) -> Result:
        """SQLite reads nothing of the file yet."""
        ms, db = timed(self.connect)
        db.close()
        return ms, None
