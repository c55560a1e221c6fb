"""Interpreters that have `KV`, `Cache` and `RateLimiter` in common, as processes with one store."""

from __future__ import annotations

from soli_lang.machine.machine import Machine

from . import cache, key_value_store, rate_limiter


def keep_together(first: Machine, *others: Machine) -> None:
    """Let *others* keep in memory where *first* does; before any program of theirs keeps."""
    key_values, texts, attempts = (
        key_value_store.store(first),
        cache.kept(first),
        rate_limiter.log_of(first),
    )
    for machine in others:
        machine.library[key_value_store.KEY] = key_values
        machine.library[cache.KEY] = texts
        machine.library[rate_limiter.KEY] = attempts
