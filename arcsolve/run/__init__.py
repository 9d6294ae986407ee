"""Running solvers on tasks: worker processes with limits, judging in the parent, one recorded outcome per task.

`arcsolve.run.runner` is the run as data flow; `arcsolve.run.executor` the interface of what carries it out;
`arcsolve.run.local` the executor that ships: a fork server per solver, and worker processes forked from it.
"""
