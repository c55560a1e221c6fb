"""Fifteen small apps. Each has one fault, of a kind of its own."""

from __future__ import annotations

from typing import NamedTuple


class Planted(NamedTuple):
    """An app, its fault, and what repairs it."""

    name: str
    judge: str
    """Whose finding it is."""
    app: str
    fault: str
    repair: str
    spec: str = ""
    """Its invariants."""

    @property
    def repaired(self) -> str:
        """The app without the fault."""
        assert self.app.count(self.fault) == 1, self.name
        return self.app.replace(self.fault, self.repair)


APPS = (
    Planted(
        "a binary message",
        "failure",
        """
router_websocket("/ws/board", "app#handle")
def handle(event)
  return { "join": "board" } if event["type"] == "connect"
  return {} if event["type"] != "message"
  line = event["message"].trim
  line == "" ? {} : { "broadcast_room": line }
end
""",
        'return {} if event["type"] != "message"',
        'return {} if event["type"] != "message" || event["binary"]',
    ),
    Planted(
        "a parameter that is missing",
        "failure",
        """
router_websocket("/ws/hall", "app#handle")
def handle(event)
  return {} if event["type"] != "connect"
  name = event["query"]["nick"]
  { "join": "hall", "send": "welcome " + name.upcase }
end
""",
        'event["query"]["nick"]',
        '(event["query"]["nick"] ?? "nobody")',
    ),
    Planted(
        "JSON of another shape",
        "failure",
        """
router_websocket("/ws/sum", "app#handle")
def handle(event)
  return {} if event["type"] != "message"
  data = event["message"].to_h
  return {} if data["op"] != "sum"
  { "send": data["numbers"].sum }
end
def sums?(numbers)
  type(numbers) == "array" && numbers.all?(|one| type(one) == "int")
end
""",
        'return {} if data["op"] != "sum"',
        'return {} if data["op"] != "sum" || !sums?(data["numbers"])',
    ),
    Planted(
        "a count in a variable",
        "workers",
        """
router_websocket("/ws/count", "app#handle")
count = 0
def handle(event)
  return { "join": "count" } if event["type"] == "connect"
  return {} if event["type"] != "message" || event["message"] != "up"
  count += 1
  { "broadcast_room": "now " + str(count) }
end
""",
        "  count += 1\n",
        '  count = KV.incr("count")\n',
    ),
    Planted(
        "players that are never forgotten",
        "grows",
        """
router_websocket("/ws/play", "app#handle")
def handle(event)
  KV.hset("players", event["connection_id"], "here") if event["type"] == "connect"
  return {} if event["type"] != "disconnect"
  KV.hdel("players", event["connection_id"]) if event["code"] == 1000
  {}
end
""",
        ' if event["code"] == 1000',
        "",
    ),
    Planted(
        "a log without an end",
        "grows",
        """
router_websocket("/ws/log", "app#handle")
lines = []
def handle(event)
  return {} if event["type"] != "message" || event["binary"]
  lines.push(event["message"])
  lines = lines.drop(1) if lines.length > 1000000
  {}
end
""",
        "1000000",
        "20",
    ),
    Planted(
        "a seat that two get",
        "invariant",
        """
router_websocket("/ws/seats", "app#handle")
def handle(event)
  return { "join": "seats" } if event["type"] == "connect"
  return {} if event["type"] != "message"
  data = event["message"].to_h
  return {} unless data["event"] == "take" && data["seat"] == "a1"
  return {} if KV.get("a1") != null
  KV.set("a1", event["connection_id"])
  { "send": "yours: a1" }
end
""",
        """  return {} if KV.get("a1") != null
  KV.set("a1", event["connection_id"])
""",
        """  return {} unless KV.set("a1", event["connection_id"], { "if": null })
""",
        """
invariant("a seat is given once") do |world|
  world["clients"].map(|one| one["inbox"].count("yours: a1")).sum <= 1
end
""",
    ),
    Planted(
        "coming back to no room",
        "resume",
        """
ws_keep_history("news", { "messages": 20, "seconds": 600 })
router_websocket("/ws/news", "app#handle")
def handle(event)
  comes_back = event["type"] == "connect" && !(event["resume"] ?? {}).empty?
  return {} if comes_back
  return { "join": "news" } if event["type"] == "connect"
  return { "broadcast_room": "news" } if event["type"] == "message"
  {}
end
""",
        "  return {} if comes_back\n",
        "",
    ),
    Planted(
        "what a reload forgets",
        "failure",
        """
router_websocket("/ws/turns", "app#handle")
turns = {}
def handle(event)
  id = event["connection_id"]
  if event["type"] == "connect"
    turns[id] = { "n": 0 }
  elsif event["type"] == "disconnect"
    turns.delete(id)
  else
    turns[id]["n"] += 1
    return { "send": turns[id]["n"] }
  end
  {}
end
""",
        '    turns[id]["n"] += 1\n',
        '    turns[id] = { "n": (turns[id] ?? { "n": 0 })["n"] + 1 }\n',
    ),
    Planted(
        "a room that a client names",
        "refused",
        """
router_websocket("/ws/any", "app#handle")
def handle(event)
  return {} if event["type"] != "message"
  room = event["message"].to_h["room"]
  return {} if room == null
  { "join": room }
end
""",
        "return {} if room == null",
        'return {} if type(room) != "string" || room == ""',
    ),
    Planted(
        "a job that comes too late",
        "failure",
        """
router_websocket("/ws/alarm", "app#handle")
class Alarm
  static def perform(args)
    text = KV.get("alarm:" + args["id"])
    ws_broadcast_room("alarms", text.upcase)
  end
end
def handle(event)
  id = event["connection_id"]
  return { "join": "alarms" } if event["type"] == "connect"
  if event["type"] == "disconnect"
    KV.delete("alarm:" + id)
  elsif event["message"] == "alarm"
    KV.set("alarm:" + id, "wake up")
    Alarm.perform_in("30 seconds", { "id": id })
  end
  {}
end
""",
        "text.upcase",
        '(text ?? "").upcase',
    ),
    Planted(
        "the second tab",
        "failure",
        """
router_websocket("/ws/cart", "app#handle")
def handle(event)
  key = "cart:" + (event["query"]["user"] ?? "guest")
  if event["type"] == "connect"
    KV.set(key, "0")
  elsif event["type"] == "disconnect"
    KV.delete(key)
  else
    return { "send": KV.get(key).length }
  end
  {}
end
""",
        "    KV.delete(key)\n",
        '    KV.set(key, "0")\n',
    ),
    Planted(
        "a list that keeps who has left",
        "invariant",
        """
router_websocket("/ws/list", "app#handle")
def handle(event)
  return { "join": "list", "broadcast_room": listed(0) } if event["type"] == "connect"
  return { "broadcast_room": listed(1) } if event["type"] == "disconnect"
  {}
end
def listed(gone)
  { "event": "here", "count": ws_clients_in("list").length + 1 - gone }
end
""",
        "listed(1)",
        "listed(2)",
        """
invariant("everybody knows how many there are") do |world|
  room = world["rooms"]["list"] ?? { "members": [] }
  world["clients"].all? do |client|
    last = client["inbox"].last
    client["rooms"].empty? || last == null || last.to_h["count"] == room["members"].length
  end
end
""",
    ),
    Planted(
        "who left and is still present",
        "presence",
        """
router_websocket("/ws/team", "app#handle")
def handle(event)
  name = event["query"]["name"] ?? "somebody"
  if event["type"] == "connect"
    return { "join": "team", "track": { "channel": "team", "user_id": name } }
  end
  return {} if event["type"] != "message"
  return { "leave": "team" } if event["message"].to_h["event"] == "leave"
  {}
end
""",
        '"leave": "team" }',
        '"leave": "team", "untrack": "team" }',
    ),
    Planted(
        "a vote that is lost",
        "invariant",
        """
router_websocket("/ws/votes", "app#handle")
def handle(event)
  return {} if event["type"] != "message" || event["message"] != "vote"
  KV.set("votes", (KV.get("votes") ?? "0").to_i + 1)
  { "send": "counted" }
end
""",
        '  KV.set("votes", (KV.get("votes") ?? "0").to_i + 1)\n',
        '  KV.incr("votes")\n',
        """
invariant("every vote counts") do |world|
  counted = world["clients"].map(|one| one["inbox"].count("counted")).sum
  (world["kv"]["votes"] ?? "0").to_i == counted
end
""",
    ),
    Planted(
        "a word that a handler loops at",
        "failure",
        """
router_websocket("/ws/calc", "app#handle")
def handle(event)
  return { "send": turned.to_s } if event["type"] == "message" && event["message"] == "spin"
  {}
end
def turned
  turns = 0
  while turns < 10
    turns += 0
  end
  turns
end
""",
        "turns += 0",
        "turns += 1",
    ),
    Planted(
        "a bid that only a spec knows the key of",
        "failure",
        """
ws_keep_state("lot")
router_websocket("/ws/lot", "app#handle")
def handle(event)
  return { "join": "lot" } if event["type"] == "connect"
  return {} if event["type"] != "message" || event["binary"]
  data = event["message"].to_h
  bids = data.values.filter(|one| type(one) == "int")
  return {} if bids.empty? || bids[0] <= (event["room_state"]["highest"] ?? 0)
  limits = data.keys.filter(|key| key.ends_with?("bid"))
  { "room_state": { "highest": bids[0], "limit": limits.map(|key| limit(data[key])) } }
end
def limit(given)
  given - 1
end
""",
        "  given - 1",
        '  type(given) == "int" ? given - 1 : 0',
        """
test("a bid") do
  ada = ws_connect("/ws/lot")
  ada.send({ "amount": 12, "max_bid": 40 })
  assert_eq(ada.receive_event("room_diff")["payload"]["highest"], 12)
end
""",
    ),
)
"""The list of "a list that keeps who has left" is told while whoever leaves is still a member."""
