"""What begins with a dot at the prompt: `.clients`, `.presence CHANNEL`, `.reload`, …"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING

from soli_lang.base.records import Record

from ...observing.traces import written
from ..tables import route_rows
from .printing import shown

if TYPE_CHECKING:
    from ...serving.service import Service
    from .prompting import Prompting


class CommandFailed(Exception):
    """A command cannot do what was asked. The text says why, and what to do."""


class Command(Record, frozen=True):
    """One of them."""

    usage: str
    help: str
    run: Callable[[Prompting, str], Awaitable[None]]


async def run_command(prompting: Prompting, line: str) -> None:
    """Run `.NAME ARGUMENT`. Raises CommandFailed."""
    name, _, argument = line[1:].partition(" ")
    command = COMMANDS.get(name)
    if command is None:
        close = get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
        hint = f"did you mean '.{close[0]}'?" if close else "'.help' lists them"
        raise CommandFailed(f"there is no command '.{name}'; {hint}")
    await command.run(prompting, argument.strip())


def service_of(prompting: Prompting) -> Service:
    """What is served. Raises CommandFailed when there is no app."""
    service = prompting.bench.service
    if service is None:
        raise CommandFailed("there is no app here; start with: soli repl PATH")
    return service


async def _help(prompting: Prompting, argument: str) -> None:
    width = max(len(command.usage) for command in COMMANDS.values())
    lines = [f"  {one.usage.ljust(width)}  {one.help}" for one in COMMANDS.values()]
    prompting.write(HELP.format(commands="\n".join(lines)))


HELP = """Type Soli and press Enter; an unfinished input goes on in the next line.
  _         the last value
  doc NAME  what something is: doc trim, doc alice.send, doc broadcast_room;
            also `help NAME` and `NAME?`
  exit      leave (or Ctrl-D); Ctrl-C stops what runs

With an app (soli repl PATH) you are its clients, in the words of `soli test`:
  alice = ws_connect("/ws/…")   a client; alice.send(…), alice.close
  alice.drop, alice.tab         the line breaks; a second tab of the same visitor
  alice = alice.come_back       the same client again, on a new line
  get("/path"), post(…)         requests; as_user(1), set_header(…), …

{commands}
"""


async def _clients(prompting: Prompting, argument: str) -> None:
    service = service_of(prompting)
    rows = []
    for conversation in service.live.conversations.values():
        rooms = ", ".join(service.hub.rooms_of(conversation.id))
        rows.append((prompting.name_of(conversation.id), conversation.visitor.path, rooms))
    rows += [(one, f"on {node}", ", ".join(its)) for one, node, its in _elsewhere(service)]
    prompting.table(rows, "no client is connected")


def _elsewhere(service: Service) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Connections of other processes, where they are, and their rooms."""
    if service.node is not None:
        for connection_id, (node, rooms) in service.node.broker.replica.whereabouts().items():
            if connection_id not in service.hub.seats:
                yield connection_id, node, rooms


async def _rooms(prompting: Prompting, argument: str) -> None:
    service = service_of(prompting)
    rooms: dict[str, list[str]] = {}
    for one in service.live.conversations:
        for room in service.hub.rooms_of(one):
            rooms.setdefault(room, []).append(prompting.name_of(one))
    for connection_id, _, its in _elsewhere(service):
        for room in its:
            rooms.setdefault(room, []).append(connection_id)
    rows = [(room, ", ".join(names)) for room, names in rooms.items()]
    prompting.table(rows, "nobody has joined a room")


async def _presence(prompting: Prompting, argument: str) -> None:
    service_of(prompting)
    if not argument:
        raise CommandFailed(".presence needs a channel; '.rooms' lists them")
    rows = []
    channel = written(argument.strip("\"'"))
    for user in await prompting.bench.evaluate(f"ws_list_presence({channel})"):
        for meta in user["metas"]:
            rows.append((str(user["user_id"]), written(meta)))
    prompting.table(rows, f"nobody is tracked in {channel}")


async def _state(prompting: Prompting, argument: str) -> None:
    service = service_of(prompting)
    if not argument:
        raise CommandFailed(".state needs a room; '.rooms' lists them")
    room = argument.strip("\"'")
    if service.hub.states.mirrors.rule_of(room) is None:
        raise CommandFailed(
            f"no state is kept of '{room}'; declare it with ws_keep_state in the routes"
        )
    state = await prompting.bench.evaluate(f"ws_room_state({written(room)})")
    rows = [(key, written(value)) for key, value in state.items()]
    prompting.table(rows, f"{room} holds {{}}")


async def _routes(prompting: Prompting, argument: str) -> None:
    prompting.table(route_rows(service_of(prompting).app), "the app has no routes")


async def _jobs(prompting: Prompting, argument: str) -> None:
    service_of(prompting)
    rows: list[tuple[str, ...]] = []
    for job in await prompting.bench.evaluate("Job.list"):
        rows.append((job["status"], str(job.get("job", job.get("name"))), written(job["args"])))
    for line in await prompting.bench.evaluate("Cron.list"):
        rows.append((f"cron {line['cron']}", str(line["job"]), written(line["args"])))
    prompting.table(rows, "no job is queued")


async def _run_jobs(prompting: Prompting, argument: str) -> None:
    service_of(prompting)
    await prompting.evaluate("run_jobs()")


async def _time(prompting: Prompting, argument: str) -> None:
    word, _, rest = argument.partition(" ")
    if not word:
        await prompting.evaluate("DateTime.now().to_iso", keep=False)
    elif word in ("freeze", "travel"):
        if not rest and word == "travel":
            raise CommandFailed('.time travel WHEN: "2026-01-01", Unix seconds, or +60 (seconds)')
        await prompting.evaluate(_time_code(word, rest))
    elif word == "run":
        await prompting.evaluate("unfreeze_time()")
    else:
        raise CommandFailed(".time, .time freeze [WHEN], .time travel WHEN or .time run")


def _time_code(word: str, when: str) -> str:
    if not when:
        return "freeze_time(datetime_now())"
    if when.startswith("+"):
        return f"travel_to(datetime_now() + {when[1:]})"
    quoted = when if when.isdigit() or when.startswith('"') else f'"{when}"'
    return f"{'freeze_time' if word == 'freeze' else 'travel_to'}({quoted})"


async def _reload(prompting: Prompting, argument: str) -> None:
    await prompting.reload()


async def _fresh(prompting: Prompting, argument: str) -> None:
    await prompting.fresh()


async def _save(prompting: Prompting, argument: str) -> None:
    service_of(prompting)
    await prompting.save(argument)


async def _full(prompting: Prompting, argument: str) -> None:
    transcript = prompting.transcript
    is_full = transcript.toggle()
    prompting.write(f"{'everything is shown' if is_full else 'long lines are cut'}\n")


async def _use(prompting: Prompting, argument: str) -> None:
    service_of(prompting)
    names = prompting.bench.names
    if names is None or not names.prefer(argument):
        raise CommandFailed(f"there is no controller '{argument}'")


async def _vars(prompting: Prompting, argument: str) -> None:
    own = prompting.bench.variables()
    rows = [(name, shown(value).split("\n")[0]) for name, value in own.items()]
    prompting.table(rows, "no variable yet")


async def _watch(prompting: Prompting, argument: str) -> None:
    service_of(prompting)
    is_shown = prompting.bench.watch(prompting.told)
    prompting.write(f"what clients do is {'shown' if is_shown else 'not shown any more'}\n")


async def _exit(prompting: Prompting, argument: str) -> None:
    prompting.end()


COMMANDS = {
    "help": Command(".help", "show this list", _help),
    "clients": Command(".clients", "connections, with their paths and rooms", _clients),
    "rooms": Command(".rooms", "the rooms and their members", _rooms),
    "presence": Command(".presence CHANNEL", "users tracked in a channel", _presence),
    "state": Command(".state ROOM", "what a room holds", _state),
    "routes": Command(".routes", "the routes of the app", _routes),
    "jobs": Command(".jobs", "jobs and schedules", _jobs),
    "run_jobs": Command(".run_jobs", "run the jobs that are due", _run_jobs),
    "time": Command(".time [freeze|travel|run]", "stop, move or run the app's clock", _time),
    "vars": Command(".vars", "your variables", _vars),
    "use": Command(".use CONTROLLER", "prefer its names if several files define one", _use),
    "save": Command(".save NAME", "save the session as tests/NAME_spec.soli", _save),
    "reload": Command(".reload", "reload the app's files; clients stay", _reload),
    "fresh": Command(".fresh", "start again without clients and inputs", _fresh),
    "watch": Command(".watch", "in a serving process: show or hide events of clients", _watch),
    "full": Command(".full", "show long lines whole, or cut them again", _full),
    "exit": Command(".exit", "leave", _exit),
}
