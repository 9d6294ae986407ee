"""One of several writers: ``python write_outcomes.py STORE NAME COUNT``; prints the longest wait in seconds."""

import sys
import time

import arcsolve_store
from arcsolve_store.synthetic import make_outcome, make_run

if __name__ == "__main__":
    path, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    outcomes = [make_outcome("zero", f"task{i:04}", seed=i) for i in range(count)]
    store = arcsolve_store.open(path)
    run, _ = store.resume_or_start(make_run(name, key=name * 64, n_tasks=count, solvers=("zero",)), fresh=False)
    print("ready", flush=True)
    sys.stdin.readline()
    longest = 0.0
    for outcome in outcomes:
        start = time.monotonic()
        store.record(run, outcome)
        longest = max(longest, time.monotonic() - start)
    store.finish(run, is_complete=True)
    store.close()
    print(longest, flush=True)
