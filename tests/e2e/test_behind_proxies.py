"""The configurations of docs/howto/deployment.md, run: nginx and Caddy, TLS, two workers."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import websockets.sync.client
from websockets.exceptions import InvalidStatus

from ..support import talks
from ..support.corpus import ROOT
from ..support.live import PATIENCE_SECONDS, LiveServer, serve
from ..support.ports import free_port
from ..support.redis_server import certificate_of
from .support import write_files

PAGE = ROOT / "docs" / "howto" / "deployment.md"
DOMAIN = "chat.example.org"
APP = {
    "app.soli": """router_websocket("/ws", "app#handle")
get("/who", "app#who")
def handle(event)
  return { "send": event["message"] } if event["type"] == "message"
  {}
end
def who(request)
  render_json({ "ip": request["remote_ip"] })
end
"""
}
NGINX = """daemon off;
master_process off;
pid {folder}/pid;
error_log stderr;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{site}
}}
"""


class Proxy:
    """A proxy that speaks TLS on a port of localhost, and what a client needs for it."""

    def __init__(self, port: int, certificate: Path) -> None:
        self.port = port
        self.origin = f"https://localhost:{port}"
        self.tls = ssl.create_default_context(cafile=str(certificate))

    def line(self) -> http.client.HTTPSConnection:
        """A line that is kept open between requests."""
        return http.client.HTTPSConnection("localhost", self.port, timeout=30, context=self.tls)

    def get(self, path: str) -> tuple[int, bytes]:
        line = self.line()
        try:
            line.request("GET", path)
            answer = line.getresponse()
            return answer.status, answer.read()
        finally:
            line.close()

    def connect(self, **options: Any) -> Any:
        """A WebSocket of a page of this origin."""
        url = f"wss://localhost:{self.port}/ws"
        return websockets.sync.client.connect(url, ssl=self.tls, open_timeout=30, **options)


def sample(language: str) -> str:
    """The one block in *language* of the page."""
    (found,) = (one.text for one in talks.blocks(PAGE) if one.language == language)
    return found


def nginx(folder: Path, port: int, upstream: int, certificate: Path, key: Path) -> list[str]:
    """The command that runs the page's nginx configuration, with other ports and files."""
    text = sample("nginx").replace(DOMAIN, "localhost").replace(":5011", f":{upstream}")
    text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    text = re.sub(r"(ssl_certificate +)\S+;", rf"\g<1>{certificate};", text)
    text = re.sub(r"(ssl_certificate_key +)\S+;", rf"\g<1>{key};", text)
    path = folder / "nginx.conf"
    path.write_text(NGINX.format(folder=folder, site=text), "utf-8")
    return ["nginx", "-p", str(folder), "-e", "stderr", "-c", str(path)]


def caddy(folder: Path, port: int, upstream: int, certificate: Path, key: Path) -> list[str]:
    """The command that runs the page's Caddyfile, with other ports and another certificate."""
    text = sample("caddyfile").replace(":5011", f":{upstream}")
    text = text.replace(
        f"{DOMAIN} {{", f"https://localhost:{port} {{\n    tls {certificate} {key}", 1
    )
    path = folder / "Caddyfile"
    path.write_text("{\n  admin off\n  auto_https disable_redirects\n}\n" + text, "utf-8")
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(path)]


@contextmanager
def running(command: list[str], proxy: Proxy, folder: Path) -> Iterator[Proxy]:
    environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder)
        try:
            _until_it_answers(proxy, process, folder)
            yield proxy
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


def _until_it_answers(proxy: Proxy, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            proxy.get("/who")
            return
        except OSError:
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.05)


BREATH_SECONDS = 0.02
"""Between two requests of a client, who would otherwise keep a core from those being renewed."""
Command = Callable[[Path, int, int, Path, Path], list[str]]


@pytest.fixture(params=[nginx, caddy], ids=["nginx", "caddy"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[LiveServer, Proxy]]:
    """Two workers behind a proxy."""
    command: Command = request.param
    if shutil.which(request.node.callspec.id) is None:
        pytest.skip(f"{request.node.callspec.id} is not installed")
    certificate, key = certificate_of(tmp_path)
    app = write_files(tmp_path / "app", APP)
    upstream, port = free_port(), free_port()
    flags = ("--port", str(upstream), "--workers", "2", "--trusted-proxies", "127.0.0.1")
    with serve(app, *flags, "--metrics") as server:
        words = command(tmp_path, port, upstream, certificate, key)
        with running(words, Proxy(port, certificate), tmp_path) as proxy:
            yield server, proxy


def test_the_samples_hand_on_what_the_server_needs(site: tuple[LiveServer, Proxy]) -> None:
    """Upgrades, the client's address, the page's origin with its port; not the metrics."""
    _, proxy = site
    assert proxy.get("/who") == (200, b'{"ip":"127.0.0.1"}')
    assert proxy.get("/metrics")[0] == 404
    with proxy.connect(origin=proxy.origin) as client:
        client.send("hello")
        assert client.recv(30) == "hello"
    with pytest.raises(InvalidStatus) as refused:
        proxy.connect(origin="https://localhost")
    assert refused.value.response.status_code == 403


def test_renewals_fail_no_request(site: tuple[LiveServer, Proxy]) -> None:
    """Clients keep their lines to the proxy, and the proxy keeps its lines to the workers."""
    server, proxy = site
    stop, asked, failed = threading.Event(), list[int](), list[object]()

    def ask() -> None:
        line = proxy.line()
        while not stop.is_set():
            try:
                line.request("GET", "/who")
                answer = line.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as error:
                failed.append(error)
                line.close()
                continue
            asked.append(answer.status)
            if answer.status != 200:
                failed.append(answer.status)
            time.sleep(BREATH_SECONDS)
        line.close()

    clients = [threading.Thread(target=ask) for _ in range(4)]
    for client in clients:
        client.start()
    try:
        for count in (1, 2):
            os.kill(server.pid, signal.SIGHUP)
            deadline = time.monotonic() + 60
            while sum("renewed workers=2" in line for line in server.output) < count:
                assert time.monotonic() < deadline, server.output
                time.sleep(0.02)
    finally:
        stop.set()
        for client in clients:
            client.join()
    assert failed == []
    assert len(asked) > 20
