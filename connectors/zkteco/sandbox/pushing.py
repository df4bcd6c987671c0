"""A simulated terminal that pushes: the HTTP client of a hub's inbox.

It does what its firmware does: shakes hands, uploads in chunks, sends a chunk again until it hears
``OK`` with the right number, sets its clock as it is told, and works on commands one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException

_TRIES = 5
_CHUNK = 128


@dataclass
class PushingTerminal:
    """One terminal.

    Attributes:
        charset: Of names: ``utf-8``, or ``gb18030`` on old Chinese firmware.
        lines: Punches as ``PIN, time, state, verify, work code`` with tabs, in order of arrival.
        users: Name by user id; what commands change.
        suffix: ``.aspx`` on some firmware.
        lose: Answers that get lost before the terminal reads them.
        zone: What the server said of its time zone, if it did.
        deaf: Commands are worked on but their results are never told.
    """

    host: str
    port: int
    serial: str
    charset: str = "utf-8"
    lines: list[str] = field(default_factory=list)
    users: dict[str, str] = field(default_factory=dict)
    suffix: str = ""
    lose: int = 0
    deaf: bool = False
    zone: str | None = None
    _sent: int = 0
    _connected: bool = False

    def handshake(self) -> dict[str, str]:
        """Ask for options; a stamp of 0 or None means that all punches are sent again.

        Raises:
            PermissionError: The server refused this terminal.
        """
        query = "&options=all&pushver=2.4.1&language=83"
        first, *rest = self._call("GET", "cdata", query).decode("ascii").splitlines()
        if first != f"GET OPTION FROM: {self.serial}":
            raise ValueError("not a handshake")
        options = dict(line.split("=", 1) for line in rest)
        self.zone = options.get("TimeZone")
        if options["ATTLOGStamp"] in ("0", "None"):
            self._sent = 0
        self._call("POST", "registry", "", f"~DeviceName=SpeedFace,~SerialNumber={self.serial}")
        self._connected = True
        return options

    def push(self) -> int:
        """Upload the punches not acknowledged yet; return how many requests that took.

        Raises:
            TimeoutError: The server never acknowledged a chunk.
        """
        if not self._connected:
            self.handshake()
        requests = 0
        while chunk := self.lines[self._sent : self._sent + _CHUNK]:
            requests += self._upload("table=ATTLOG&Stamp=9999", chunk)
            self._sent += len(chunk)
        return requests

    def push_users(self, *, more: Sequence[str] = (), stamp: int = 9999) -> int:
        """Upload the users, and more lines of the operation log."""
        lines = [
            f"USER PIN={pin}\tName={name}\tPri=0\tPasswd=4711\tCard=\tGrp=1"
            for pin, name in self.users.items()
        ]
        return self._upload(f"table=OPERLOG&OpStamp={stamp}", [*lines, *more])

    def poll(self) -> list[tuple[int, int]]:
        """Come for commands, work on them and tell the results; return (id, result) of each."""
        answer = self._call("GET", "getrequest").decode(self.charset)
        done = []
        for line in answer.splitlines():
            if line.startswith("C:"):
                _, number, command = line.split(":", 2)
                done.append((int(number), self._work(command)))
        if done and not self.deaf:
            told = "\n".join(f"ID={number}&Return={code}&CMD=DATA" for number, code in done)
            self._call("POST", "devicecmd", "", told)
        return done

    def _work(self, command: str) -> int:
        """Carry a command out; return what the terminal says of it."""
        words, _, rest = command.partition(" USERINFO ")
        values = dict(part.split("=", 1) for part in rest.split("\t") if "=" in part)
        pin = values.get("PIN")
        if pin is None:
            return -1002
        if words == "DATA UPDATE":
            self.users[pin] = values.get("Name", "")
            return 0
        if words == "DATA DELETE":
            return 0 if self.users.pop(pin, None) is not None else -1
        return -1002

    def _upload(self, query: str, lines: Sequence[str]) -> int:
        for number in range(1, _TRIES + 1):
            try:
                answer = self._call("POST", "cdata", f"&{query}", "\n".join([*lines, ""]))
            except (ConnectionError, HTTPException):
                continue
            if answer == f"OK: {len(lines)}".encode():
                return number
        raise TimeoutError("the server never acknowledged")

    def _call(self, method: str, action: str, query: str = "", text: str = "") -> bytes:
        connection = HTTPConnection(self.host, self.port, timeout=60)
        try:
            connection.request(
                method,
                f"/iclock/{action}{self.suffix}?SN={self.serial}{query}",
                text.encode(self.charset) if text else None,
                {"User-Agent": "iClock Proxy/1.09", "Content-Type": "text/plain"},
            )
            answer = connection.getresponse()
            body = answer.read()
            if answer.status in (401, 403):
                raise PermissionError(f"the server refused this terminal: {answer.status}")
            if answer.status != 200:
                raise HTTPException(f"status {answer.status}")
            if self.lose and text:
                self.lose -= 1
                raise ConnectionResetError("the answer was lost")
            return body
        finally:
            connection.close()
