"""Send one request over the wire and read its answer to the end, within limits."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import requests
import urllib3.exceptions

from hrhub.ambient import Clock
from hrhub.errors import ConfigError, ContractChanged, HrHubError, Transient
from hrhub.http.addresses import AddressPolicy, base_address, origin_of
from hrhub.http.answer import Answer, Headers, Outgoing
from hrhub.http.certificates import refusal_of, tls_context
from hrhub.http.deadline import Deadline
from hrhub.http.decoding import ACCEPT_ENCODING, decode_body
from hrhub.http.dial import judge, resolve
from hrhub.http.limits import Limits, Proxy, Tls
from hrhub.http.problems import proxy_problem
from hrhub.http.wire import GuardedAdapter

_CHUNK = 1 << 16
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")
"""How the standard library reports a proxy that opens no tunnel."""
_LIBRARY_ERRORS = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Held:
    """An answer that stays open.

    Attributes:
        answer: Its head; the whole of it where it is not in parts.
        read: Returns the next bytes as they come; none at the end.
        close: Closes the line.
    """

    answer: Answer
    read: Callable[[], bytes] = field(default=bytes, repr=False)
    close: Callable[[], None] = field(default=lambda: None, repr=False)


class Sender:
    """A requests session that obeys us: no environment, no redirects, no retries of its own.

    Args:
        policy: Which addresses may be reached.
        limits: Times and sizes.
        tls: Certificates.
        clock: Measures the time.
        proxy: A proxy on the way, or None.
        labels: Context for errors: vendor and connection.

    Attributes:
        certificate_ends: When our own certificate ends, if the connection has one.

    Raises:
        ConfigError: A certificate, key or the proxy's address cannot be used.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        limits: Limits,
        tls: Tls,
        clock: Clock,
        proxy: Proxy | None,
        labels: Mapping[str, Any],
    ) -> None:
        context, self.certificate_ends = tls_context(tls, clock.now(), labels)
        self._policy = policy
        self._limits = limits
        self._clock = clock
        self._labels = labels
        self._adapter = GuardedAdapter(
            policy,
            limits,
            context,
            clock,
            labels,
            own_authority=bool(tls.ca_bundle),
            proxy_login=proxy.login if proxy else None,
        )
        self._proxied = proxy is not None
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.clear()
        if proxy is not None:
            address = base_address(proxy.address)
            self._session.proxies = {"http": address, "https": address}
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, self._adapter)

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    def send(self, outgoing: Outgoing, url: str, deadline: Deadline) -> Answer:
        """Send a request to ``url`` and return the answer, whatever its status.

        Raises:
            ConfigError: The address is refused or the certificate is not trusted.
            Transient: No whole answer came.
            ContractChanged: The body breaks a limit.
        """
        with self._watched(deadline, None), self._opened(outgoing, url) as response:
            return self._whole(response, outgoing.method)

    def hold(self, outgoing: Outgoing, url: str, deadline: Deadline, silence_s: float) -> Held:
        """Send a request whose answer in parts stays open; any other is read to its end.

        Args:
            outgoing: The request.
            url: Where it goes.
            deadline: When the line is to end.
            silence_s: Seconds without a byte after which the line counts as lost.

        Raises:
            HrHubError: As :meth:`send`.
        """
        outgoing.headers["Accept-Encoding"] = "identity"
        with self._watched(Deadline(self._clock, self._limits.request_s), None):
            response = self._opened(outgoing, url)
            headers = Headers(response.headers)
            parts = headers.get("content-type", "").lower().startswith("multipart/")
            if response.status_code != requests.codes.ok or not parts:
                with response:
                    return Held(self._whole(response, outgoing.method))
            if headers.get("content-encoding", "identity").lower() != "identity":
                response.close()
                raise ContractChanged("vendor.body_refused", **self._labels, rule="coding")
        head = Answer(response.status_code, headers, b"", False)
        more = partial(self._more, response.raw, deadline, silence_s)
        return Held(head, more, response.close)

    def _more(self, raw: Any, deadline: Deadline, silence_s: float) -> bytes:
        """Return the next bytes of a held answer.

        Raises:
            TimeoutError: The line's time is over.
            Transient: The line is silent or lost.
        """
        ends = deadline.left() <= silence_s
        try:
            with self._watched(deadline, silence_s):
                data: bytes = raw.read1(_CHUNK, decode_content=False)
                return data
        except _LIBRARY_ERRORS as error:
            failure = self._translated(error)
            if ends and failure.code == "vendor.timeout":
                raise TimeoutError from None
            raise failure from None

    @contextmanager
    def _watched(self, deadline: Deadline, idle_s: float | None) -> Iterator[None]:
        watch = self._adapter.watch
        watch.deadline, watch.idle_s = deadline, idle_s
        try:
            yield
        finally:
            watch.deadline = watch.idle_s = None

    def _opened(self, outgoing: Outgoing, url: str) -> requests.Response:
        if self._proxied:
            self._judge_behind_proxy(url)
        defaults = {"Accept-Encoding": ACCEPT_ENCODING, "User-Agent": "hrhub"}
        request = requests.Request(
            outgoing.method, url, headers=defaults | outgoing.headers, data=outgoing.body
        )
        try:
            return self._session.send(
                self._session.prepare_request(request),
                stream=True,
                allow_redirects=False,
                timeout=(self._limits.connect_s, self._limits.idle_s),
            )
        except HrHubError:
            raise
        except _LIBRARY_ERRORS as error:
            raise self._translated(error) from None

    def _whole(self, response: requests.Response, method: str) -> Answer:
        try:
            return self._read(response, method)
        except HrHubError:
            raise
        except _LIBRARY_ERRORS as error:
            raise self._translated(error) from None

    def _read(self, response: requests.Response, method: str) -> Answer:
        headers = Headers(response.headers)
        raw = response.raw
        length = headers.get("content-length", "")
        chunked = "chunked" in headers.get("transfer-encoding", "").lower()
        if length.isdigit() and int(length) > self._limits.wire_bytes and method != "HEAD":
            raise ContractChanged("vendor.body_refused", **self._labels, rule="wire_bytes")
        body, checked = decode_body(
            raw.stream(_CHUNK, decode_content=False),
            headers.get("content-encoding", ""),
            self._limits,
        )
        bodiless = method == "HEAD" or response.status_code in (204, 304)
        proved = bodiless or chunked or length.isdigit() or checked
        return Answer(response.status_code, headers, body, proved)

    def _judge_behind_proxy(self, url: str) -> None:
        """Judge the target by our own look-up; the proxy must keep its own egress rules."""
        scheme, host, port = origin_of(url)
        addresses = resolve(host, port, socket.SOCK_STREAM)
        for _, address in addresses:
            refusal = judge(str(address[0]), self._policy, encrypted=scheme == "https")
            if refusal is not None:
                refusal.context.update(self._labels, host=host, port=port)
                raise refusal

    def _translated(self, error: BaseException) -> HrHubError:
        """Return our error for one of the library's, which may quote addresses and bodies."""
        chain = _chain(error)
        context = self._labels
        if any(isinstance(link, ssl.SSLCertVerificationError) for link in chain):
            return ConfigError("tls.not_trusted", **context)
        for link in chain:
            if isinstance(link, ssl.SSLError):
                shown = self.certificate_ends is not None
                if refusal := refusal_of(link, context, shown=shown):
                    return refusal
        if any(isinstance(link, requests.exceptions.SSLError | ssl.SSLError) for link in chain):
            return Transient("tls.failed", **context)
        if tunnel := next((m for link in chain if (m := _TUNNEL.match(_word(link)))), None):
            return proxy_problem(int(tunnel[1]), context)
        timeouts = (TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError)
        if any(isinstance(link, timeouts) for link in chain):
            return Transient("vendor.timeout", **context, phase="answer")
        cut = (http.client.IncompleteRead, urllib3.exceptions.InvalidChunkLength)
        if any(isinstance(link, cut) or "ended prematurely" in _word(link) for link in chain):
            return Transient("vendor.page_cut", **context)
        if isinstance(error, requests.exceptions.InvalidHeader):
            # A key pasted with its line end is the usual case.
            return ConfigError("config.invalid", **context, fields="headers")
        if isinstance(error, requests.exceptions.InvalidURL | UnicodeError):
            return ConfigError("address.malformed", **context)
        return Transient("vendor.connection_lost", **context)


def _chain(error: BaseException) -> list[BaseException]:
    """Return an error with everything it was caused by or wraps, without running in circles."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        link = waiting.pop()
        if not isinstance(link, BaseException) or link in found:
            continue
        found.append(link)
        waiting += [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
    return found


def _word(link: BaseException) -> str:
    return link.args[0] if link.args and isinstance(link.args[0], str) else ""
