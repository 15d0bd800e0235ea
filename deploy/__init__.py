"""Runs Parley on one machine: `python -m deploy run|start|stop|status|restart`.

The law of this package: it writes configuration, starts and ends processes, and asks whether
they are healthy. What Parley does lies in `web`, `chatd` and `shared`; of these it knows only
`shared.settings`. supervisord keeps the processes running, not the launcher: when `start` has
returned, nothing of this package is running any more.

| module | its one job |
| --- | --- |
| `layout` | where everything lies in the data folder |
| `render` | fills the templates in, and nothing else |
| `prepare` | folders, secrets, the empty database, the rendered files |
| `supervisor` | talks with supervisord |
| `processes` | finds and ends what was started, reads memory, from /proc |
| `health` | asks each process whether it is well |
| `launcher` | the five verbs, made of the above |
| `wait` | holds a service back until the database's tables are there |
"""
