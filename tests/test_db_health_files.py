"""What db_health does to the file: how often it opens it, what it reads after an interrupt.

Through a VFS that counts. The read-outs are SQLite's own calls, so no test here depends on time.
"""

import json

import apsw
import pytest

from conftest import load
from test_db_health import NUMBERS


class Counting(apsw.VFS):
    """The usual VFS; counts what is opened and read, and can interrupt a connection on the way."""

    def __init__(self):
        self.opened = []
        self.reads = self.writes = 0
        self.at_read = {}  # the number of a read: what to do then
        super().__init__("counting", "")

    def xOpen(self, name, flags):
        self.opened.append(name.filename() if isinstance(name, apsw.URIFilename) else name)
        return CountingFile(self, name, flags)


class CountingFile(apsw.VFSFile):
    def __init__(self, vfs, name, flags):
        self.vfs = vfs
        super().__init__("", name, flags)

    def xRead(self, amount, offset):
        self.vfs.reads += 1
        self.vfs.at_read.pop(self.vfs.reads, lambda: None)()
        return super().xRead(amount, offset)

    def xWrite(self, data, offset):
        self.vfs.writes += 1
        return super().xWrite(data, offset)


@pytest.fixture
def vfs():
    counting = Counting()
    yield counting
    counting.unregister()


@pytest.fixture
def db(vfs, tmp_path):
    """8 MB in one table, and a child of it. Each page is read again: there is next to no cache."""
    connection = apsw.Connection(str(tmp_path / "a.db"), vfs="counting")
    load(connection)
    connection.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, x);"
                       "CREATE TABLE c(id INTEGER PRIMARY KEY, t_id REFERENCES t(id));"
                       "CREATE INDEX ct ON c(t_id); BEGIN")
    connection.execute(NUMBERS.format(2000) + "INSERT INTO t SELECT i, zeroblob(4000) FROM n")
    connection.execute(NUMBERS.format(2000) + "INSERT INTO c SELECT i, i FROM n")
    connection.execute("COMMIT; PRAGMA cache_size = 10")
    vfs.opened.clear()
    vfs.reads = vfs.writes = 0
    yield connection
    connection.close()


def report(db, *arguments):
    return json.loads(db.execute("SELECT db_health_json(?, ?)", arguments or (None, None)).get)


@pytest.mark.parametrize("arguments", [(), ("amalfa", 1)])
def test_it_opens_and_writes_no_file(db, vfs, arguments):
    report(db, *arguments)
    list(db.execute("SELECT * FROM db_health"))
    list(db.execute("SELECT * FROM db_stats"))
    list(db.execute("SELECT * FROM db_tune_check('amalfa')"))
    assert [name for name in vfs.opened if name] == []  # a sort may need one without a name
    assert vfs.writes == 0


def test_it_reads_every_page_of_a_small_database(db, vfs):
    assert report(db)["error"] == 0
    assert vfs.reads > 2000


@pytest.mark.parametrize("place", [300, 1800])
@pytest.mark.parametrize("arguments", [(), ("amalfa", 1)])
def test_an_interrupt_within_quick_check_stops_it_at_once(db, vfs, arguments, place):
    """2,000 pages of one b-tree are read in one step of SQLite's virtual machine."""
    vfs.at_read[place] = db.interrupt
    with pytest.raises(apsw.InterruptError):
        report(db, *arguments)
    assert vfs.reads < place + 20
    assert report(db)["error"] == 0  # the next one is whole


def test_a_progress_handler_stops_quick_check(db, vfs):
    calls = []
    db.set_progress_handler(lambda: calls.append(vfs.reads) or len(calls) > 30, 50)
    with pytest.raises(apsw.InterruptError):
        report(db, "amalfa", 1)
    db.set_progress_handler(None)
    assert 100 < vfs.reads < 1900
