"""Stores of older schema versions: upgraded with a backup, by one process of several, losing nothing."""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import arcsolve_store
from arcsolve import ArcsolveError
from arcsolve_store import schema
from arcsolve_store.synthetic import make_outcome, make_run, without_times

DATABASES = Path(__file__).with_name("databases")


@pytest.fixture(params=schema.VERSIONS)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A store of every schema version there was."""
    path = tmp_path / "old.db"
    shutil.copy(DATABASES / f"schema-{request.param}.sqlite", path)
    return path


def test_every_version_is_committed() -> None:
    assert [p.name for p in sorted(DATABASES.glob("*.sqlite"))] == [f"schema-{v}.sqlite" for v in schema.VERSIONS]


def test_every_version_reads_the_same_after_its_upgrade(old: Path) -> None:
    with arcsolve_store.open(old) as store:
        expected = [make_outcome("zero", f"task000{i}", seed=i) for i in range(3)]
        expected += [make_outcome("dsl", f"task000{i}", seed=10 + i, solved=(1, 2)) for i in range(3)]
        expected[3] = make_outcome("dsl", "task0000", seed=20, solved=(None, None))
        assert [without_times(o) for o in store.outcomes_of("20260101")] == [without_times(o) for o in expected]
        assert store.run("20260101") == make_run("20260101-000000-aaaaaa")
        assert [(r.run, r.state, r.n_outcomes) for r in sorted(store.runs())] == [
            ("20260101-000000-aaaaaa", "complete", 6),
            ("20260102-000000-bbbbbb", "interrupted", 1),
        ]
        assert store.features() == [("0" * 64, "basic 1", "height", 3.0)]
        run, done = store.resume_or_start(make_run("x", key="b" * 64), fresh=False)
        assert (run.id, done) == ("20260102-000000-bbbbbb", {("zero", "task0000")})


def test_every_version_has_the_newest_schema_after_its_upgrade(old: Path, tmp_path: Path) -> None:
    arcsolve_store.open(old).close()
    arcsolve_store.open(tmp_path / "new.db").close()
    assert _schema(old) == _schema(tmp_path / "new.db")


def _schema(path: Path) -> set[tuple[str, str]]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    return {(name, " ".join(sql.split())) for name, sql in rows if not name.startswith("sqlite_stat")}


def test_an_upgrade_keeps_a_copy_that_is_the_old_store(old: Path) -> None:
    before = _schema(old)
    with arcsolve_store.open(old) as store:
        backup = store.backup
    if _schema(old) == before:
        assert backup is None
        return
    assert backup is not None
    assert _schema(backup) == before
    connection = sqlite3.connect(backup)
    assert connection.execute("SELECT count(*) FROM outcomes").fetchone() == (8,)
    connection.close()
    with arcsolve_store.open(old) as store:
        assert store.backup is None


def test_a_reader_does_not_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    shutil.copy(DATABASES / f"schema-{schema.VERSIONS[0]}.sqlite", path)
    before = path.read_bytes()
    with pytest.raises(ArcsolveError, match=r"has schema 0001, .* arcsolve runs --upgrade --store"):
        arcsolve_store.open(path, readonly=True)
    assert path.read_bytes() == before


def test_a_failing_upgrade_leaves_the_store_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "old.db"
    shutil.copy(DATABASES / f"schema-{schema.VERSIONS[0]}.sqlite", path)
    before = _schema(path)
    migrate = schema.migrate

    def migrate_and_fail(*arguments: object) -> None:
        migrate(*arguments)  # type: ignore[arg-type]
        raise RuntimeError("power cut")

    monkeypatch.setattr(schema, "migrate", migrate_and_fail)
    with pytest.raises(RuntimeError, match="power cut"):
        arcsolve_store.open(path)
    assert _schema(path) == before
    monkeypatch.undo()
    arcsolve_store.open(path).close()


@pytest.mark.parametrize("start", ["new", "old"])
def test_processes_that_open_a_store_at_once_agree(tmp_path: Path, start: str) -> None:
    path = tmp_path / "shared.db"
    if start == "old":
        shutil.copy(DATABASES / f"schema-{schema.VERSIONS[0]}.sqlite", path)
    script = (
        "import sys, arcsolve_store, arcsolve_store.store; print('ready', flush=True); sys.stdin.readline();"
        f"s = arcsolve_store.open({str(path)!r}); print(s.backup); s.close()"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    backups = [process.communicate("go\n")[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    assert sum(backup != "None" for backup in backups) == (1 if start == "old" else 0)
    assert _schema(path)
    with arcsolve_store.open(path) as store:
        assert len(store.runs()) == (2 if start == "old" else 0)
