"""`soli test` for somebody who writes the first specs of an app."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from .support import write_files
from .test_command_line import SOLI, soli

ROUTES = 'router_websocket("/ws", "chat#talk")\npost("/signup", "chat#signup")\n'
CHAT = """
def authenticate(request)
  return halt(403, "members only") if request["query"]["secret"] == "wrong"
  headers = request["headers"]
  name = session_get("user_id") ?? headers["authorization"] ?? request["cookies"]["name"]
  name.nil? ? anonymous() : { "id": name }
end
def talk(event)
  return { "sned": "hello" } if event["message"] == "misspelt"
  { "send": "you are #{(get_current_user() ?? {})["id"]}" }
end
def signup(request)
  Welcome.perform_in(60, { "to": "ada" })
  {}
end
"""
JOBS = """
class Welcome
  static sent: Array = []
  static def perform(args)
    throw "no address" if args["to"] == "nobody"
    Welcome.sent.push(args["to"])
  end
end
"""
APP = {
    "config/routes.soli": ROUTES,
    "app/controllers/chat_controller.soli": CHAT,
    "app/jobs/welcome.soli": JOBS,
}


def passes(root: Path, spec: str, **files: str) -> subprocess.CompletedProcess[str]:
    """Run a spec of the app, which must pass."""
    write_files(root, {**APP, "tests/app_spec.soli": spec, **files})
    done = soli("test", cwd=root)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.parametrize(
    ("how", "who"),
    [
        ('as_user("u1")', "u1"),
        ('with_token("secret")', "Bearer secret"),
        ('set_request_cookie("name", "ada")', "ada"),
    ],
)
def test_a_visitor_who_is_somebody_connects(tmp_path: Path, how: str, who: str) -> None:
    """The client of a spec sends its origin as a browser on the app's page does."""
    passes(
        tmp_path,
        f"""
test("talks") do
  {how}
  socket = ws_connect("/ws")
  assert_eq(socket.receive(), "you are {who}")
end
""",
    )


def test_a_foreign_page_is_still_refused_and_the_refusal_says_why(tmp_path: Path) -> None:
    """An origin of the spec's own is left alone; status and reason stand in the error."""
    passes(
        tmp_path,
        """
test("refused") do
  error = assert_raises() do
    ws_connect("/ws", {"headers": {"Origin": "https://evil.example"}})
  end
  assert_eq(error.message, "ws_connect: the app refused /ws (403): origin not allowed")
  assert_raises("(403): members only") do
    ws_connect("/ws?secret=wrong")
  end
  assert_raises("(404)") do
    ws_connect("/nowhere")
  end
end
""",
    )


def test_time_and_jobs_have_one_clock(tmp_path: Path) -> None:
    """`travel_to` runs what became due; before that nothing happens, however long one waits."""
    passes(
        tmp_path,
        """
test("welcomes after a minute") do
  freeze_time("2030-01-01T00:00:00Z")
  post("/signup")
  assert_eq(run_jobs(), 0)
  assert_eq(Job.list.first["status"], "queued")
  travel_to("2030-01-01T00:00:59Z")
  assert_eq(Welcome.sent, [])
  travel_to("2030-01-01T00:01:00Z")
  assert_eq(Welcome.sent, ["ada"])
end
test("runs cron lines") do
  freeze_time("2030-01-01T00:00:30Z")
  Welcome.schedule_cron("nightly", "0 3 * * *", { "to": "grace" })
  travel_to("2030-01-01T02:59:59Z")
  assert_not(Welcome.sent.includes?("grace"))
  travel_to("2030-01-01T03:00:00Z")
  assert(Welcome.sent.includes?("grace"))
end
test("runs what is due now") do
  Welcome.perform_later({ "to": "now" })
  assert_eq(run_jobs(), 1)
  assert(Welcome.sent.includes?("now"))
end
test("raises what a job raised") do
  Job.enqueue("Welcome", { "to": "nobody" })
  assert_raises("no address") do
    run_jobs()
  end
end
""",
    )


def test_jobs_run_without_an_app_too(tmp_path: Path) -> None:
    """A spec of plain files has the same words."""
    spec = (
        JOBS
        + """
test("later") do
  freeze_time(1000)
  Welcome.perform_in(10, { "to": "ada" })
  assert_eq(run_jobs(), 0)
  travel_to(1010)
  assert_eq(Welcome.sent, ["ada"])
end
"""
    )
    write_files(tmp_path, {"tests/plain_spec.soli": spec})
    done = soli("test", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_assert_raises_says_what_is_missing(tmp_path: Path) -> None:
    """Nothing raised, another class, another text: each is a failure with its own words."""
    spec = """
test("nothing") do
  assert_raises() do
    1
  end
end
test("another class") do
  assert_raises(ValueError) do
    [1][5]
  end
end
test("another text") do
  assert_raises("too long") do
    throw "too short"
  end
end
test("right") do
  error = assert_raises(IndexError, "out of bounds") do
    [1][5]
  end
  assert_eq(error.class, "IndexError")
  assert_eq(assert_raises(fn() { throw "x" }), "x")
end
"""
    write_files(tmp_path, {"tests/raises_spec.soli": spec})
    done = soli("test", cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "1 passed, 3 failed"
    assert "nothing was raised" in done.stdout
    assert "expected ValueError to be raised, got" in done.stdout
    assert "the error says something else" in done.stdout


def test_a_warning_about_an_unknown_action_is_shown(tmp_path: Path) -> None:
    """A misspelt action would else be a message that never comes."""
    done = passes(
        tmp_path,
        """
test("misspelt") do
  socket = ws_connect("/ws")
  socket.receive()
  socket.send("misspelt")
  assert(socket.silent?)
end
""",
    )
    assert "unknown action 'sned'" in done.stderr
    assert "did you mean 'send'" in done.stderr


def test_what_a_spec_writes_stays_apart_from_real_data(tmp_path: Path) -> None:
    """It reads the real files until it changes them, and changes only its own."""
    real = {"data/seed.txt": "real", "data/old.txt": "old", "data/more/deep.txt": "deep"}
    spec = """
describe("files") do
  before_all() do
    File.write("data/new.txt", "from the spec")
  end
  test("reads what is there") do
    assert_eq(File.read("data/more/deep.txt"), "deep")
    assert_eq(File.read("data/new.txt"), "from the spec")
  end
  test("changes") do
    File.append("data/seed.txt", "+")
    assert_eq(File.read("data/seed.txt"), "real+")
    File.delete("data/old.txt")
    assert_not(File.exists("data/old.txt"))
    assert_raises("No such file") do
      File.read("data/old.txt")
    end
    File.rename("data/more", "data/moved")
    assert_eq(File.read("data/moved/deep.txt"), "deep")
    assert_not(File.exists("data/more/deep.txt"))
    mkdir_p("logs/today")
    File.write("logs/today/a.txt", "1")
    found = ["data/moved/deep.txt", "data/new.txt", "data/seed.txt", "logs/today/a.txt"]
    assert_eq(File.glob("**/*.txt"), found)
  end
  test("stays inside") do
    assert_raises("escapes") do
      File.write("../outside.txt", "")
    end
    assert_raises("File.delete() failed") do
      File.delete(".")
    end
  end
end
"""
    passes(tmp_path, spec, **real)
    # Another spec file begins with the real files again.
    again = 'test("again") do\n  assert_not(File.exists("data/new.txt"))\nend\n'
    passes(tmp_path, again, **{"tests/before_spec.soli": spec})
    texts = sorted(path for path in tmp_path.rglob("*.txt"))
    assert {str(path.relative_to(tmp_path)): path.read_text() for path in texts} == real


def test_an_app_reads_its_files_wherever_the_tests_were_started(tmp_path: Path) -> None:
    """And it finds APP_ENV and `.env.test`, which win over `.env`."""
    app = {f"shop/{name}": text for name, text in APP.items()}
    spec = """
test("environment") do
  assert_eq(getenv("APP_ENV"), "test")
  assert_eq(getenv("SHOP"), "test shop")
  assert_eq(File.read("goods.txt"), "tea")
end
"""
    files = {"shop/.env": "SHOP=real shop", "shop/.env.test": "SHOP=test shop"}
    write_files(tmp_path, {**app, **files, "shop/goods.txt": "tea", "shop/tests/a_spec.soli": spec})
    done = soli("test", "shop/tests", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "body", ["  sleep(30)", "  n = 0\n  while true\n    n = n + 1\n  end"], ids=["wait", "compute"]
)
@pytest.mark.parametrize("flags", [[], ["--jobs", "2"]])
def test_control_c_ends_the_tests_at_once_with_our_words(
    tmp_path: Path, body: str, flags: list[str]
) -> None:
    """Whether a test waits or computes, in one process or in several."""
    slow = f'test("slow") do\n  print("begun")\n{body}\nend\n'
    write_files(tmp_path, {"tests/a_spec.soli": slow, "tests/b_spec.soli": slow})
    process = subprocess.Popen(
        [*SOLI, "test", *flags],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130
    assert time.monotonic() - began < 7  # a test's own limit is 10 s
    assert out.endswith("0 of 2 files ran\n")
    assert err == "soli: interrupted\n"
