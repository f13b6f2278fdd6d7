"""A KIE AI of our own on loopback: real HTTP, its own ledger, and every way of failing we know.

It stands alone (standard library only) and shares no code with the client it is used to test, so
that one mistake cannot confirm itself. Run it with ``python -m kie_simulator``; from tests use
``kie_simulator.testing``.
"""
