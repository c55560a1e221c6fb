"""How much memory the process occupies, asked while a call of a program runs.

What a program keeps costs more than its values' own lengths: a Hash of one pair takes 232 bytes.
Claiming each would cost every program; what all of it takes can be seen from outside.
"""

from __future__ import annotations

import os

_STATM = "/proc/self/statm"


def resident_bytes() -> int:
    """The memory that this process occupies; 0 where the system does not say (not Linux)."""
    try:
        descriptor = os.open(_STATM, os.O_RDONLY)
    except OSError:
        return 0
    try:
        return int(os.read(descriptor, 128).split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0
    finally:
        os.close(descriptor)
