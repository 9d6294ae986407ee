"""Write the database of the present schema version: ``python tests/store/databases/make.py``.

Every version's file stays committed: tests upgrade each to the newest schema and compare what they read.
"""

import sqlite3
from pathlib import Path

import arcsolve_store
from arcsolve_store import schema
from arcsolve_store.synthetic import make_outcome, make_run

if __name__ == "__main__":
    path = Path(__file__).with_name(f"schema-{schema.HEAD}.sqlite")
    path.unlink(missing_ok=True)
    with arcsolve_store.open(path) as store:
        first, _ = store.resume_or_start(make_run("20260101-000000-aaaaaa"), fresh=False)
        for seed, task_id in enumerate(first.task_ids):
            store.record(first, make_outcome("zero", task_id, seed=seed))
            store.record(first, make_outcome("dsl", task_id, seed=10 + seed, solved=(1, 2)))
        store.record(first, make_outcome("dsl", first.task_ids[0], seed=20, solved=(None, None)))
        store.finish(first, is_complete=True)
        second, _ = store.resume_or_start(make_run("20260102-000000-bbbbbb", key="b" * 64), fresh=False)
        store.record(second, make_outcome("zero", seed=30))
        store.finish(second, is_complete=False)
        store.record_features([("0" * 64, "basic 1", {"height": 3.0})])
    connection = sqlite3.connect(path)
    connection.execute("UPDATE sessions SET host = 'host', pid = 1, process_started = 0")
    connection.commit()
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("VACUUM")
    connection.close()
