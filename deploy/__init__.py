"""Runs Parley on one machine: `python -m deploy run|start|stop|status|restart`.

The law of this package: it writes configuration, starts and ends processes, and asks whether
they are healthy. It imports neither `web` nor `chatd`, and of `shared` only what every process
has: settings, logs, the versions of the tables and of the page's files. supervisord keeps the processes running, not
the launcher: when `start` has returned, nothing of the launcher runs any more.

| module | its one job |
| --- | --- |
| `layout` | where everything lies in the data folder |
| `render` | fills the templates in, and nothing else |
| `user` | goes on as an ordinary user where root starts it |
| `nginx` | what the settings mean to nginx |
| `redis_users` | who may do what in the private Redis |
| `prepare` | folders, secrets, the empty database, the rendered files |
| `copies` | the page's files, one copy for each version |
| `processes` | finds and ends processes, and reads their memory, from /proc |
| `instance` | what was started, written down so that it can be found and ended later |
| `supervisor` | starts supervisord and talks with it |
| `health` | asks each process whether it is well |
| `watch` | waits until all are well; restarts them one by one |
| `launcher` | the five verbs, made of the above |
| `service` | what supervisord starts: clears up after a killed predecessor, waits for the tables, becomes the service |
| `audit` | asks for known weaknesses of the pinned packages |
| `gunicorn_conf` | the configuration of web's workers |
"""
