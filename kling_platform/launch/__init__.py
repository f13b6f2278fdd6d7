"""Starts, watches and stops the processes of the platform. Standard library only, no Django: the
parent stays small and outlives whatever happens to its children.

`run` calls `python -m kling_platform.launch demo|serve|web|worker|doctor`.
"""
