"""The fault run: real processes are broken while clients talk, and a checker reads what they saw.

`history` is what the clients write down, `checker` judges it, purely; `workload` talks, `faults`
break, `stack` runs the product as it is shipped, `proxy` is the network that misbehaves.
"""
