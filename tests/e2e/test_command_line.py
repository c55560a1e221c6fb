"""`soli` as a process: exit statuses, messages, signals."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .support import run, write_files

SOLI = [sys.executable, "-m", "soli_runtime.cli"]
SECONDS = 30


def soli(*arguments: str, cwd: Path, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [*SOLI, *arguments],
        cwd=cwd,
        input=text,
        stdin=subprocess.DEVNULL if text is None else None,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@contextmanager
def served(root: Path, *flags: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A serving process and its URL."""
    process = subprocess.Popen(
        [*SOLI, "run", str(root), "--port", "0", *flags],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", line)
        assert found is not None, line + process.communicate(timeout=SECONDS)[1]
        yield process, found[1]
    finally:
        process.kill()
        process.communicate()


ECHO = {
    "config/routes.soli": 'router_websocket("/ws/echo", "echo#handle")\nget("/", "echo#hi")\n',
    "app/controllers/echo_controller.soli": """def handle(event)
  print("left") if event["type"] == "disconnect"
  return { "send": "echo: " + event["message"] } if event["type"] == "message"
  {}
end
def hi
  "hi"
end
""",
}


def test_a_program_without_routes_runs_to_its_end(tmp_path: Path) -> None:
    """Status 0."""
    write_files(tmp_path, {"app.soli": 'print("hello")\n'})
    done = soli("run", "app.soli", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello\n", "")


@pytest.mark.parametrize(
    ("text", "status", "told"),
    [
        (
            "print([1][5])",
            70,
            ["Index out of bounds: 5 (length 1)", "app.soli:1:7", "print([1][5])"],
        ),
        ("print(", 65, ["app.soli:"]),
        ('throw "boom"', 70, ["Unhandled exception: boom"]),
        ('get("/:1", "a#b")', 65, ["'1' is not a parameter name", "app.soli:1:1"]),
        ('get("/", "a#b")', 65, ["unknown action 'b'", "app.soli:1:10", '"a#b"']),
        ('get("/", "a")', 65, ["controller#action"]),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, text: str, status: int, told: list[str]
) -> None:
    """And the exit status says what kind it is; never a Python traceback."""
    write_files(tmp_path, {"app.soli": text})
    done = soli("run", "app.soli", cwd=tmp_path)
    assert done.returncode == status
    assert all(part in done.stderr for part in told), done.stderr
    assert "Traceback" not in done.stderr


def test_all_syntax_errors_are_told_at_once(tmp_path: Path) -> None:
    """Of all files."""
    files = {
        "config/routes.soli": "get(\n",
        "app/controllers/a_controller.soli": "def\n",
        "app/helpers/b.sl": "let = 1\n",
    }
    write_files(tmp_path, files)
    done = soli("run", ".", cwd=tmp_path)
    assert done.returncode == 65
    assert all(name in done.stderr for name in files), done.stderr


def test_an_unknown_controller_is_found_before_listening(tmp_path: Path) -> None:
    """With what was probably meant."""
    files = {**ECHO, "config/routes.soli": 'router_websocket("/ws", "ecko#handle")\n'}
    write_files(tmp_path, files)
    done = soli("run", ".", cwd=tmp_path)
    assert done.returncode == 65
    assert "config/routes.soli:1:25" in done.stderr
    assert "did you mean 'echo'?" in done.stderr
    assert "listening" not in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [["run"], ["frobnicate"], ["run", "nothing.soli"], ["run", "--message-rate", "x", "a.soli"]],
)
def test_wrong_usage_is_status_64(tmp_path: Path, arguments: list[str]) -> None:
    """With one line that says what is wrong."""
    done = soli(*arguments, cwd=tmp_path)
    assert done.returncode == 64
    assert done.stderr.startswith("soli: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [["-e", "print(1 + 2)"], ["-e", "-1;print(3)", "--deny", "network"], ["app.soli"]]
)
def test_code_runs_from_the_command_line_and_from_a_file(
    tmp_path: Path, arguments: list[str]
) -> None:
    """Both without a command."""
    write_files(tmp_path, {"app.soli": "print(3)"})
    done = soli(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "3\n")


def test_standard_input_is_a_program(tmp_path: Path) -> None:
    """When it is no terminal."""
    done = soli(cwd=tmp_path, text="print(4)\n")
    assert (done.returncode, done.stdout) == (0, "4\n")


def test_check_runs_nothing(tmp_path: Path) -> None:
    """And tells errors."""
    write_files(tmp_path, {"app.soli": 'print("ran")\n', "bad.soli": "if\n"})
    assert "no errors" in soli("check", "app.soli", cwd=tmp_path).stdout
    done = soli("check", "bad.soli", cwd=tmp_path)
    assert done.returncode == 65
    assert "ran" not in done.stdout


def test_check_is_told_what_a_host_defines(tmp_path: Path) -> None:
    """And says how, where it is told something else."""
    write_files(tmp_path, {"app.soli": 'print(price_of("pear"))\n'})

    assert soli("check", "app.soli", cwd=tmp_path).returncode == 65
    assert soli("check", "--define", "price_of/1", "app.soli", cwd=tmp_path).returncode == 0
    done = soli("check", "--define", "price_of(1)", "app.soli", cwd=tmp_path)
    assert done.returncode == 64
    assert "--define 'price_of(1)': expected NAME/2" in done.stderr


def test_a_capability_can_be_denied(tmp_path: Path) -> None:
    """The error names it."""
    write_files(tmp_path, {"app.soli": 'File.read("app.soli")'})
    assert soli("run", "app.soli", cwd=tmp_path).returncode == 0
    done = soli("run", "--deny", "files", "app.soli", cwd=tmp_path)
    assert done.returncode == 70
    assert "files" in done.stderr


@pytest.mark.parametrize("code", ["run_path(['app.soli'])", "run_code(['print(1)'])"])
def test_a_script_does_not_load_the_web_server(tmp_path: Path, code: str) -> None:
    """aiohttp is imported by what serves, and by nothing else."""
    write_files(tmp_path, {"app.soli": "print(1)"})
    program = (
        "import sys; from soli_runtime.cli import run; "
        f"run.{code}; sys.exit('aiohttp' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_server_gracefully(tmp_path: Path, number: signal.Signals) -> None:
    """Connections get 1001, disconnect handlers run, the status is 0."""
    import websockets

    write_files(tmp_path, ECHO)
    with served(tmp_path) as (process, url):

        async def body() -> None:
            async with websockets.connect(url.replace("http", "ws") + "/ws/echo", proxy=None) as ws:
                await ws.send("x")
                assert await ws.recv() == "echo: x"
                os.kill(process.pid, number)
                with pytest.raises(websockets.ConnectionClosed) as closed:
                    await ws.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1001

        run(body)
        out, _ = process.communicate(timeout=SECONDS)
    assert (process.returncode, out) == (0, "left\n")


def test_a_second_signal_exits_at_once(tmp_path: Path) -> None:
    """Whatever the handlers do."""
    files = dict(ECHO)
    files["app/controllers/echo_controller.soli"] = """def handle(event)
  sleep(60) if event["type"] == "disconnect"
  {}
end
def hi
  "hi"
end
"""
    import websockets

    write_files(tmp_path, files)
    with served(tmp_path, "--shutdown-seconds", "60", "--handler-suspend-seconds", "0") as (
        process,
        url,
    ):

        async def body() -> None:
            async with websockets.connect(url.replace("http", "ws") + "/ws/echo", proxy=None) as ws:
                os.kill(process.pid, signal.SIGTERM)
                with pytest.raises(websockets.ConnectionClosed):
                    await ws.recv()

        run(body)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(timeout=SECONDS) == 128 + signal.SIGTERM


def test_the_console_reaches_the_connections_of_its_server(tmp_path: Path) -> None:
    """`soli run --console` reads Soli while it serves."""
    import websockets

    write_files(tmp_path, ECHO)
    with served(tmp_path, "--console") as (process, url):
        assert process.stdin is not None
        assert process.stdout is not None

        async def body() -> None:
            async with websockets.connect(url.replace("http", "ws") + "/ws/echo", proxy=None) as ws:
                process.stdin.write("n = ws_count()\nif n == 1\nws_broadcast([n])\nend\n1/0\nn\n")
                process.stdin.flush()
                assert await ws.recv() == "[1]"
                assert process.stdout.readline() == "=> 1\n"
                assert process.stdout.readline() == "=> 1\n"

        run(body)


def test_jobs_of_a_script_run_at_its_end(tmp_path: Path) -> None:
    """`perform_later` is not lost when no server follows."""
    text = """class HiJob
  static def perform(args)
    print("job " + args["n"])
  end
end
Job.enqueue("HiJob", { "n": "1" })
print("end")
"""
    write_files(tmp_path, {"app.soli": text})
    assert soli("run", "app.soli", cwd=tmp_path).stdout == "end\njob 1\n"


def test_stopping_waits_no_longer_than_it_may(tmp_path: Path) -> None:
    """A disconnect handler that does not end is taken back after `--shutdown-seconds`."""
    import websockets

    files = dict(ECHO)
    files["app/controllers/echo_controller.soli"] = """def handle(event)
  if event["type"] == "disconnect"
    begin
      sleep(60)
    ensure
      print("taken back")
    end
  end
  {}
end
def hi
  "hi"
end
"""
    write_files(tmp_path, files)
    with served(tmp_path, "--shutdown-seconds", "0.3", "--handler-suspend-seconds", "0") as (
        process,
        url,
    ):

        async def body() -> None:
            async with websockets.connect(url.replace("http", "ws") + "/ws/echo", proxy=None) as ws:
                os.kill(process.pid, signal.SIGTERM)
                with pytest.raises(websockets.ConnectionClosed):
                    await ws.recv()

        run(body)
        out, _ = process.communicate(timeout=SECONDS)
    assert (process.returncode, out) == (0, "taken back\n")


def test_an_address_in_use_is_told(tmp_path: Path) -> None:
    """Status 70."""
    write_files(tmp_path, ECHO)
    with served(tmp_path) as (_, url):
        done = soli("run", ".", "--port", url.rsplit(":", 1)[1], cwd=tmp_path)
    assert done.returncode == 70
    assert "cannot listen on 127.0.0.1" in done.stderr


def test_dev_reloads_what_changed(tmp_path: Path) -> None:
    """New requests meet the new code; a broken file is told and the old code goes on."""
    write_files(tmp_path, ECHO)
    controller = tmp_path / "app/controllers/echo_controller.soli"
    with served(tmp_path, "--dev") as (process, url):
        assert urllib.request.urlopen(url).read() == b"hi"
        assert process.stderr is not None
        controller.write_text("def broken(", "utf-8")
        line = process.stderr.readline()
        while "echo_controller.soli" not in line:
            line = process.stderr.readline()
        assert urllib.request.urlopen(url).read() == b"hi"
        new = 'def handle(event)\n  {}\nend\ndef hi\n  "new"\nend\n'
        controller.write_text(new, "utf-8")
        while "reloaded" not in line:
            line = process.stderr.readline()
        assert urllib.request.urlopen(url).read() == b"new"


def test_the_repl_reads_evaluates_and_prints(tmp_path: Path) -> None:
    """An unfinished input goes on in the next line; an error does not end it."""
    seen = soli("repl", cwd=tmp_path, text="x = [1,\n2]\nnothing\nx.push(3)\n_\nexit\n5\n")
    assert seen.returncode == 70
    assert seen.stdout == "=> [1, 2]\n=> [1, 2, 3]\n=> [1, 2, 3]\n"
    assert "Undefined variable 'nothing'" in seen.stderr


def test_a_port_in_use_is_said_once_in_words(tmp_path: Path) -> None:
    """With what to do about it."""
    write_files(tmp_path, ECHO)
    with served(tmp_path) as (_, url):
        port = url.rpartition(":")[2]
        seen = soli("run", ".", "--port", port, cwd=tmp_path)
    told = f"soli: cannot listen on 127.0.0.1:{port}: the port is in use; "
    assert (seen.returncode, seen.stdout) == (70, "")
    assert seen.stderr == told + "--port 0 takes one that is free\n"


def test_an_app_without_a_page_says_what_it_serves(tmp_path: Path) -> None:
    """At the address that is printed; other paths are still not there."""
    program = 'router_websocket("/ws/echo", "echo#handle")\ndef handle(event)\n  {}\nend\n'
    write_files(tmp_path, {"app.soli": program})
    with served(tmp_path / "app.soli") as (_, url):
        page = urllib.request.urlopen(url).read().decode()
        assert page == "A Soli app: it serves WebSocket connections at /ws/echo, and has no page.\n"
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(url + "/other")


def test_an_app_with_other_routes_does_not_list_them(tmp_path: Path) -> None:
    """Whoever declares HTTP routes has said what is at `/`: nothing."""
    routes = 'router_websocket("/ws", "echo#handle")\nget("/hi", "echo#hi")\n'
    write_files(tmp_path, {**ECHO, "config/routes.soli": routes})
    with served(tmp_path) as (_, url), pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(url)
