"""Which builtins reach outside of the program, and what a replay does for those it has no answer
to.

Clock and randomness are not here: they are capabilities, which are recorded as such. Nor are the
rooms, presence and room states of the app: a replay has those itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from soli_lang.machine.machine import Machine
from soli_lang.native.native import NativeFunction, install
from soli_lang.values.objects import SoliClass
from soli_lang.values.values import Value

LOOKS, ACTS = "looks", "acts"
"""What only looks may look again in a replay; what acts may not."""

_LOOKS = {
    "": (
        "argon2_hash password_hash ed25519_keypair x25519_keypair getenv hasenv file_exists slurp "
        "slurp_json session_get session_has session_id session csrf_token csrf_valid? "
        "get_current_user sse_subscribers"
    ),
    "Crypto": "argon2_hash password_hash ed25519_keypair x25519_keypair encrypt",
    "File": "exists is_dir is_file lines modified read size glob glob_recursive",
    "KV": (
        "bitcount dbsize exists get getbit hexists hget hgetall hkeys hlen hmget hvals keys lindex "
        "llen lrange mget pfcount ping pttl scard sismember smembers smismember srandmember strlen "
        "ttl type zcard zcount zrangebyscore zscore"
    ),
    "Cache": "get has keys size ttl",
    "Job": "dead list queues",
    "Webhook": "list",
    "Cron": "list",
}
_ACTS = {
    "": (
        "barf file_write_base64 file_write_bytes mkdir_p input sleep await session_delete "
        "session_destroy session_regenerate session_set setenv unsetenv sse_broadcast __job "
        "dotenv dotenv!"
    ),
    "File": "append copy delete rename write",
    "HTTP": (
        "delete get get_all get_all_json get_json head parallel patch patch_json post post_json "
        "put put_json request"
    ),
    "System": "run run_sync shell shell_sync",
    "Trusted": "read write",
    "Job": "cancel enqueue enqueue_at enqueue_in retry",
    "Webhook": "cancel enqueue enqueue_at enqueue_in",
    "Cron": "daily_at delete every hourly schedule update weekly_at",
    "Cache": "clear clear_expired delete fetch set touch",
    "KV": (
        "append cmd decr decrby delete expire expireat flushdb getdel getset hdel hincrby "
        "hincrbyfloat hset hsetnx incr incrby incrbyfloat lpop lpush lrem lset ltrim mset persist "
        "pexpire pfadd pfmerge rename rpop rpoplpush rpush sadd set setbit setnx smove spop srem "
        "touch unlink update zadd zincrby zrem"
    ),
}

OWN_STORE = ("KV.", "Cache.")
"""A replay has a store of its own for these: an answer is never far."""
NEW_IDS = ("Job.enqueue", "Webhook.enqueue", "__job", "Cron.")
"""These answer with the id of what they made."""
SILENT = (
    "sleep", "sse_broadcast", "session_", "File.", "barf", "file_write", "mkdir_p", "setenv",
    "unsetenv", "Trusted.write", "dotenv",
)  # fmt: skip
"""Nobody asks these for their answer."""

Answer = Callable[[NativeFunction, str, tuple[Value, ...]], Value]
"""(the builtin, LOOKS or ACTS, the arguments) -> what the program gets."""


def put_before(machine: Machine, answer: Answer) -> None:
    """Let *answer* answer for every builtin that reaches outside. Before programs are loaded."""
    for table, way in ((_LOOKS, LOOKS), (_ACTS, ACTS)):
        for native in _found(machine, table):
            install(machine, [native.declaration.answered_by(partial(answer, native, way))])


def _found(machine: Machine, table: dict[str, str]) -> Iterator[NativeFunction]:
    for owner, names in table.items():
        klass = machine.globals.get(owner)
        members = klass.statics if isinstance(klass, SoliClass) else machine.globals
        for name in names.split():
            native = members.get(name)
            if isinstance(native, NativeFunction) and native.declaration.names[0] == name:
                yield native


_ACTING = frozenset(
    f"{owner}.{name}" if owner else name
    for owner, names in _ACTS.items()
    for name in names.split()
    if name != "sleep"
)


def is_acting(name: str) -> bool:
    """Whether the builtin *name* does something outside that another version should do too."""
    return name in _ACTING
