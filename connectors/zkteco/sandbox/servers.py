"""The sockets of the simulated terminal: TCP and UDP on one port, frames cut as its quirks want."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Sequence
from socket import IPPROTO_TCP, SHUT_RDWR, TCP_NODELAY, socket
from typing import Any

from connectors.zkteco.protocol import (
    HEADER,
    PREFIX,
    Command,
    payload_length,
    tcp_frame,
    unpack_payload,
)
from connectors.zkteco.sandbox.simulator import SimulatedTerminal


class _TcpHandler(socketserver.BaseRequestHandler):
    """One TCP connection; what session it opened ends with it."""

    server: _TcpServer
    request: socket

    def handle(self) -> None:
        terminal = self.server.terminal
        self.request.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        left = terminal.quirks.cut_after or None
        opened: set[int] = set()
        try:
            while prefix := self._exactly(PREFIX.size):
                payload = self._exactly(payload_length(prefix))
                answers = terminal.answer(payload)
                if answers and unpack_payload(payload).command == Command.CONNECT:
                    opened.add(unpack_payload(answers[0]).session)
                for segment in self._segments(answers):
                    self.request.sendall(segment[:left])
                    if left is not None and (left := left - len(segment)) <= 0:
                        return
        except (OSError, ValueError, EOFError):
            return
        finally:
            for number in opened:
                terminal.leave(number)

    def _exactly(self, count: int) -> bytes:
        """Return ``count`` bytes, or none when the client has left between two frames."""
        got = bytearray()
        while len(got) < count:
            part = self.request.recv(count - len(got))
            if not part:
                if got or count != PREFIX.size:
                    raise EOFError
                return b""
            got += part
        return bytes(got)

    def _segments(self, payloads: Sequence[bytes]) -> list[bytes]:
        """Cut or join the frames of one answer as the terminal's quirk wants it."""
        frames = [tcp_frame(p) for p in payloads]
        framing = self.server.terminal.quirks.framing
        if framing == "glued":
            return [b"".join(frames)]
        if framing == "split":
            edge = PREFIX.size + HEADER.size // 2
            return [part for f in frames for part in (f[:3], f[3:edge], f[edge:-1], f[-1:]) if part]
        return frames


class _TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], terminal: SimulatedTerminal) -> None:
        self.terminal = terminal
        self._connections: set[socket] = set()
        super().__init__(address, _TcpHandler)

    def get_request(self) -> tuple[socket, Any]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self._connections):
            try:
                connection.shutdown(SHUT_RDWR)
            except OSError:
                continue


class _UdpHandler(socketserver.BaseRequestHandler):
    """One datagram."""

    server: _UdpServer

    def handle(self) -> None:
        payload, reply_socket = self.request
        terminal = self.server.terminal
        try:
            answers = terminal.datagrams(terminal.answer(payload))
        except ValueError:
            return
        for answer in answers:
            reply_socket.sendto(answer, self.client_address)


class _UdpServer(socketserver.UDPServer):
    max_packet_size = 65_535

    def __init__(self, address: tuple[str, int], terminal: SimulatedTerminal) -> None:
        self.terminal = terminal
        super().__init__(address, _UdpHandler)


class TerminalServer:
    """The sockets of a simulated terminal, until :meth:`stop`."""

    def __init__(self, terminal: SimulatedTerminal, host: str, port: int) -> None:
        self.terminal = terminal
        self._tcp = _TcpServer((host, port), terminal)
        self.host = host
        self.port = int(self._tcp.server_address[1])
        self._udp = _UdpServer((host, self.port), terminal)
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
            for server in (self._tcp, self._udp)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"

    def stop(self) -> None:
        """Close the sockets and all connections."""
        for server in (self._tcp, self._udp):
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join(timeout=5)
