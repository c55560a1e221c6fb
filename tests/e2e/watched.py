"""An app to watch, and how its metrics are read."""

from __future__ import annotations

from typing import Any

from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families as text_families

APP = {
    "config/routes.soli": """router_websocket("/ws", "chat#handle")
get("/hello/:name", "chat#hello")
get("/broken", "chat#broken")
post("/later", "chat#later")
""",
    "app/jobs/work_job.soli": """class WorkJob
  static def perform(args)
    throw "no" if args["fail"]
  end
end
""",
    "app/controllers/chat_controller.soli": """def handle(event)
  if event["type"] == "connect"
    return { "join": "lobby", "track": { "channel": "lobby", "user_id": "u1" } }
  end
  return {} if event["type"] == "disconnect"
  text = event["message"]
  return { "send": text } if text == "echo" || text.length > 100
  return { "broadcast_room": text } if text == "all"
  return { "fly": true } if text == "fly"
  return { "send": 1 / 0 } if text == "divide"
  if text == "loop"
    while true
    end
  end
  if text == "wait"
    sleep(60)
  end
  {}
end
def hello(request)
  "hello"
end
def broken(request)
  [1].nothing
end
def later(request)
  Job.enqueue("WorkJob", { "fail": false })
  Job.enqueue("WorkJob", { "fail": true }, { "max_retries": 0 })
  "ok"
end
""",
}

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(page: str) -> Samples:
    """Every sample of a page by name and labels, read by the library's own parser."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_families(page)
        for sample in family.samples
    }


def names_of(page: str) -> set[str]:
    """The families of a page in the format OpenMetrics."""
    families: Any = open_families(page)  # type: ignore[no-untyped-call]
    return {family.name for family in families}


async def scrape(site: Any) -> Samples:
    answer = await site.get("/metrics")
    assert answer.status == 200
    return samples(answer.text)


def value(found: Samples, name: str, **labels: str) -> float:
    return found[name, tuple(sorted(labels.items()))]
