"""Stores that can't be used: each ends with a message that names thing, cause and remedy; nothing is changed."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

import arcsolve_store
from arcsolve import ArcsolveError
from arcsolve.cli.main import cli
from arcsolve_store import location
from arcsolve_store.location import NetworkFileSystemWarning
from arcsolve_store.store import Store
from arcsolve_store.synthetic import make_outcome, make_run

Make = Callable[[Path], Path | str]


def _store(path: Path) -> Path:
    """A good store of some pages."""
    with arcsolve_store.open(path) as store:
        run, _ = store.resume_or_start(make_run(), fresh=False)
        for task_id in run.task_ids:
            store.record(run, make_outcome("zero", task_id))
        store.finish(run, is_complete=True)
    return path


def _sql(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return path


def _file(content: bytes) -> Make:
    def make(folder: Path) -> Path:
        path = folder / "bad.db"
        path.write_bytes(content)
        return path

    return make


def _cut(keep: Callable[[int], int]) -> Make:
    def make(folder: Path) -> Path:
        path = _store(folder / "bad.db")
        os.truncate(path, keep(path.stat().st_size))
        return path

    return make


def _altered(*statements: str) -> Make:
    return lambda folder: _sql(_store(folder / "bad.db"), *statements)


def _damaged(folder: Path) -> Path:
    path = _store(folder / "bad.db")
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\xff" * 3996
    path.write_bytes(content)
    return path


def _folder(folder: Path) -> Path:
    (folder / "bad.db").mkdir()
    return folder / "bad.db"


def _under_a_file(folder: Path) -> Path:
    (folder / "file").touch()
    return folder / "file" / "bad.db"


def _fifo(folder: Path) -> Path:
    os.mkfifo(folder / "bad.db")
    return folder / "bad.db"


def _loop(folder: Path) -> Path:
    (folder / "bad.db").symlink_to(folder / "bad.db")
    return folder / "bad.db"


def _dangling(folder: Path) -> Path:
    (folder / "bad.db").symlink_to(folder / "gone" / "bad.db")
    return folder / "bad.db"


CASES: dict[str, tuple[Make, str, str]] = {
    "a text file": (_file(b"hello world, this is no database at all\n"), "not an SQLite database", "--store"),
    "a JSON file": (_file(b"{}"), "not an SQLite database", "--store"),
    "a picture": (_file(b"\x89PNG\r\n\x1a\n" + bytes(200)), "not an SQLite database", "--store"),
    "zeros": (_file(bytes(4096)), "not an SQLite database", "--store"),
    "the magic alone": (_cut(lambda size: 16), "truncated", r"\.recover"),
    "half a header": (_cut(lambda size: 50), "truncated", r"\.recover"),
    "one byte": (_cut(lambda size: 1), "truncated", r"\.recover"),
    "half the pages": (_cut(lambda size: size // 2), "truncated: it has .* promises", r"\.recover"),
    "a last page cut short": (_cut(lambda size: size - 100), "truncated", r"\.recover"),
    "a damaged page": (_damaged, "damaged", r"\.recover"),
    "another program's database": (
        lambda folder: _sql(folder / "bad.db", "CREATE TABLE people (name)"),
        r"not an arcsolve store \(it holds people\)",
        "was left as it was|as it is",
    ),
    "another program's migrations": (
        _altered("UPDATE alembic_version SET version_num = '3f2a'"),
        "another program .*'3f2a'",
        "was left as it was|as it is",
    ),
    "a newer version": (
        _altered("UPDATE alembic_version SET version_num = '0999'"),
        r"newer arcsolve \(schema 0999",
        "pip install --upgrade",
    ),
    "no version": (_altered("DELETE FROM alembic_version"), "another program", "was left as it was|as it is"),
    "a version but no tables": (
        lambda folder: _sql(
            folder / "bad.db",
            "CREATE TABLE alembic_version (version_num)",
            "INSERT INTO alembic_version VALUES ('0001')",
        ),
        "another program",
        "was left as it was|as it is",
    ),
    "a folder": (_folder, "is a folder", "Name a file in it"),
    "a missing folder": (lambda folder: folder / "a" / "b" / "bad.db", "does not exist", "mkdir -p"),
    "a file for a folder": (_under_a_file, "file does not exist", "mkdir -p"),
    "a pipe": (_fifo, "not a regular file", "SQLite file"),
    "a link to itself": (_loop, "can't be opened", "Check|Name another"),
    "a link to nowhere": (_dangling, "can't be opened", "Check|Name another"),
    "a name too long": (lambda folder: folder / ("x" * 300), "File name too long", "--store"),
    "memory": (lambda folder: ":memory:", "in memory", "sqlite:///arcsolve.db"),
    "a URL of memory": (lambda folder: "sqlite:///:memory:", "in memory", "sqlite:///arcsolve.db"),
    "a URL without a file": (lambda folder: "sqlite://", "in memory", "sqlite:///arcsolve.db"),
    "a server whose driver is missing": (
        lambda folder: "postgresql+nodriver://user:secret@localhost/arcsolve",
        "not a database URL that SQLAlchemy can use",
        "Give a path",
    ),
    "a URL with a bad port": (
        lambda folder: "postgresql://user:secret@localhost:port/arcsolve",
        "not a database URL",
        "Give a path",
    ),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path | str, str, str]:
    make, cause, remedy = CASES[request.param]
    return make(tmp_path), cause, remedy


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("readonly", [False, True])
def test_a_bad_store_is_refused_and_left_as_it_was(
    case: tuple[Path | str, str, str], readonly: bool, tmp_path: Path
) -> None:
    path, cause, remedy = case
    before = _contents(tmp_path)
    with pytest.raises(ArcsolveError) as raised:
        arcsolve_store.open(path, readonly=readonly)
    message = str(raised.value)
    if not readonly or "No store at" not in message:
        assert (cause, bool(_found(cause, message))) == (cause, True), message
        assert (remedy, bool(_found(remedy, message))) == (remedy, True), message
    assert (path.name if isinstance(path, Path) else path.partition("user")[0]) in message
    assert "secret" not in message
    assert message.count("\n") <= 2
    after = _contents(tmp_path)
    assert {name: after.get(name) for name in before} == before


def _found(pattern: str, message: str) -> object:
    import re

    return re.search(pattern, message)


def test_the_program_says_so_and_exits_with_2(case: tuple[Path | str, str, str], tmp_path: Path) -> None:
    path, cause, _ = case
    task = tmp_path / "task.json"
    task.write_text('{"train": [{"input": [[1]], "output": [[2]]}], "test": [{"input": [[1]], "output": [[2]]}]}')
    result = CliRunner().invoke(cli, ["run", "--solver", "zero", "--data", str(task), "--store", str(path)])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert "Traceback" not in result.stderr
    assert "://" in str(path) or _found(cause, result.stderr)


def test_an_empty_file_becomes_a_store_but_is_none_to_read(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    with pytest.raises(ArcsolveError, match=r"is empty.*arcsolve run"):
        arcsolve_store.open(path, readonly=True)
    assert path.read_bytes() == b""
    arcsolve_store.open(path).close()
    arcsolve_store.open(path, readonly=True).close()


def test_a_missing_store_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(ArcsolveError, match=r"No store at .*missing\.db.*arcsolve run.*ARCSOLVE_STORE"):
        arcsolve_store.open(tmp_path / "missing.db", readonly=True)
    assert list(tmp_path.iterdir()) == []


def test_a_locked_store_is_refused_after_the_wait(tmp_path: Path) -> None:
    path = _store(tmp_path / "locked.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with arcsolve_store.open(path, timeout_s=0.05) as store:
            with pytest.raises(ArcsolveError, match=r"locked\.db: another process has held its write lock.*try again"):
                store.resume_or_start(make_run("b"), fresh=True)
            assert len(store.outcomes()) == 3
            holder.execute("ROLLBACK")
            store.resume_or_start(make_run("b"), fresh=True)


def test_a_full_disk_loses_nothing_recorded(store: Store) -> None:
    run, _ = store.resume_or_start(make_run(n_tasks=500), fresh=False)
    store.record(run, make_outcome("zero", "task0000"))
    with store._engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
    with store._engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    def record_all() -> None:
        for seed, task_id in enumerate(run.task_ids[1:]):
            store.record(run, make_outcome("zero", task_id, seed=seed, n_candidates=12))

    with pytest.raises(ArcsolveError, match=r"the disk is full\. Free some space"):
        record_all()
    n = len(store.outcomes())
    assert n >= 1
    with store._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    store.record(run, make_outcome("dsl", "task0000"))
    assert len(store.outcomes()) == n + 1


@pytest.mark.parametrize("unwritable", ["file", "folder"])
def test_a_read_only_store_is_read_but_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unwritable: str
) -> None:
    path = _store(tmp_path / "old.db")
    refused = path if unwritable == "file" else tmp_path
    access = os.access
    monkeypatch.setattr(os, "access", lambda p, mode: (Path(p) != refused or mode != os.W_OK) and access(p, mode))
    with pytest.raises(ArcsolveError, match=r"old\.db can't be written: .*read-only.*Make both writable"):
        arcsolve_store.open(path)
    with arcsolve_store.open(path, readonly=True) as reader:
        assert len(reader.outcomes()) == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions don't bind the superuser")
def test_an_unreadable_store_is_refused(tmp_path: Path) -> None:
    path = _store(tmp_path / "secret.db")
    path.chmod(0)
    with pytest.raises(ArcsolveError, match="permission denied"):
        arcsolve_store.open(path, readonly=True)


def test_a_store_in_an_unwritable_folder_is_read_as_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a WAL store in a read-only folder looks like to SQLite: it can't make the -shm file beside it."""
    folder = tmp_path / "folder"
    folder.mkdir()
    path = _store(folder / "a.db")
    connect = sqlite3.connect

    def refuse(database: str, **options: object) -> sqlite3.Connection:
        if "immutable" in database:
            return connect(database, **options)  # type: ignore[call-overload, no-any-return]
        return connect("file:/nowhere/a.db?mode=ro", uri=True)

    monkeypatch.setattr(sqlite3, "connect", refuse)
    with pytest.raises(ArcsolveError), arcsolve_store.open(folder / "b.db", readonly=True):
        pass
    monkeypatch.undo()
    shutil.copy(path, folder / "c.db")
    with arcsolve_store.open(folder / "c.db", readonly=True) as reader:
        assert len(reader.outcomes()) == 3


def test_a_network_file_system_is_warned_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = f"/dev/sda1 / ext4 rw 0 0\nserver:/home {tmp_path} nfs4 rw 0 0\n"
    read_text = Path.read_text
    monkeypatch.setattr(
        Path, "read_text", lambda self, **kw: mounts if str(self) == "/proc/self/mounts" else read_text(self, **kw)
    )
    assert location.network_file_system(tmp_path / "deep" / "a.db") == "nfs4"
    assert location.network_file_system(Path("/")) is None
    with pytest.warns(NetworkFileSystemWarning, match=r"network file system \(nfs4\).*one machine only"):
        arcsolve_store.open(tmp_path / "a.db").close()
    assert sqlite3.connect(tmp_path / "a.db").execute("PRAGMA journal_mode").fetchone() == ("delete",)
