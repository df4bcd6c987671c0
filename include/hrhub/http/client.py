"""The client that every connector uses; there is no other way out by HTTP.

One request is: budget, breaker, authorisation, send, read within limits, judge; and again, as the
retry plan allows. What comes back is an :class:`~hrhub.http.answer.Answer` that is whole and fine,
or an error that says what to do next.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableMapping
from contextlib import closing
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urljoin

import tenacity

from hrhub.ambient import Clock
from hrhub.errors import (
    AuthError,
    ConfigError,
    ContractChanged,
    HrHubError,
    ScopeError,
    Throttled,
    Transient,
)
from hrhub.http.addresses import AddressPolicy, base_address, origin_of, safe_link
from hrhub.http.answer import Answer, Expect, Outgoing, encode_body
from hrhub.http.auth import Auth
from hrhub.http.budget import Rate
from hrhub.http.deadline import Deadline
from hrhub.http.decoding import check_content_type
from hrhub.http.limits import MIB, Limits, Proxy, Tls
from hrhub.http.parts import Part, boundary_of, read_parts
from hrhub.http.ports import Ports, TokenCache
from hrhub.http.problems import CodeFinder, Meaning, Reader
from hrhub.http.retry import SAFE_METHODS, RetryPlan
from hrhub.http.sender import Held, Sender

Observer = Callable[[Outgoing, str, Answer], None]
"""Is told of a request, the address it went to, and its answer, credentials and all."""

_Came = TypeVar("_Came")

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class HttpClient:
    """Ask one vendor system.

    Args:
        base_url: Root of the vendor's interface; empty if the connector speaks no HTTP.
        auth: How requests are authorised.
        policy: Which addresses may be reached.
        limits: Times and sizes.
        retry: When to try again.
        ports: Budget, breaker and tokens, shared with others.
        clock: The time.
        errors: The vendor's error codes and what they mean.
        code_of: Finds the vendor's error code in an answer.
        connection: Name of the connection, for errors and shared state.
        vendor: Name of the vendor.
        rate: Requests that the vendor agrees to.
        tls: Certificates.
        proxy: A proxy on the way; the environment is never asked.
        extra_origins: Further https origins to which links in answers may lead.
        headers: Sent with every request to the connection's own origin.

    Attributes:
        observer: Told of every exchange, if one is set; for recordings.
        certificate_ends: When our own certificate ends, if the connection has one.
    """

    observer: Observer | None = None

    def __init__(
        self,
        base_url: str,
        *,
        auth: Auth,
        policy: AddressPolicy,
        ports: Ports,
        clock: Clock,
        limits: Limits | None = None,
        retry: RetryPlan | None = None,
        errors: Mapping[str, Meaning] | None = None,
        code_of: CodeFinder | None = None,
        connection: str = "",
        vendor: str = "",
        rate: Rate | None = None,
        tls: Tls | None = None,
        proxy: Proxy | None = None,
        extra_origins: Iterable[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        limits, tls = limits or Limits(), tls or Tls()
        self.base_url = base_address(base_url) if base_url else ""
        self.clock = clock
        self.headers: MutableMapping[str, str] = dict(headers or {})
        self._auth = auth
        self._policy = policy
        self._ports = ports
        self._limits = limits
        self._retry = retry or RetryPlan()
        self._rate = rate
        self._extra_origins = tuple(extra_origins)
        self._state: dict[str, Any] = {}
        self._labels = {
            key: value for key, value in (("vendor", vendor), ("connection", connection)) if value
        }
        self._account = f"{vendor}:{connection}"
        self._reader = Reader(errors or {}, code_of, self._labels)
        self._sender = Sender(policy, limits, tls, clock, proxy, self._labels)
        self.certificate_ends = self._sender.certificate_ends

    def get(self, url: str, **options: Any) -> Answer:
        """Send a GET; options as for :meth:`request`."""
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> Answer:
        """Send a POST; options as for :meth:`request`."""
        return self.request("POST", url, **options)

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Mapping[str, str] | bytes | None = None,
        ok: Collection[int] = (),
        idempotent: bool = False,
        expect: Expect = "json",
    ) -> Answer:
        """Send a request and return the whole, good answer.

        Args:
            method: HTTP method.
            url: Path below ``base_url``, or an absolute link that :meth:`safe_link` accepts.
            params: Query parameters.
            headers: Further headers.
            json: Body to encode as JSON.
            data: Body as form fields or bytes.
            ok: Statuses from 300 that the caller handles itself.
            idempotent: Whether sending it twice does no harm although it is no GET or HEAD.
            expect: What the body must be.

        Raises:
            ConfigError: Address, certificate, credentials or rights are wrong.
            Throttled: The vendor or our budget asks for a longer wait than is slept through.
            Transient: All tries failed.
            ContractChanged: The answer is not what was agreed.
        """
        body, content_type = encode_body(json, data)
        outgoing = Outgoing(method.upper(), self._absolute(url), body=body)
        outgoing.params = {key: str(value) for key, value in (params or {}).items()}
        if content_type:
            outgoing.headers["Content-Type"] = content_type
        if expect == "json":
            outgoing.headers["Accept"] = "application/json"
        own = self._is_own(outgoing.url)
        if own:
            outgoing.headers.update(self.headers)
        outgoing.headers.update(headers or {})
        # Signed download links at other origins must not see our credentials.
        auth = self._auth if own else None
        repeatable = idempotent or outgoing.method in SAFE_METHODS
        origin = self._admit(outgoing.url)
        try:
            answer = self._until_good(outgoing, auth, ok, expect, repeatable=repeatable)
        except HrHubError as error:
            # One request with all its tries counts once: the retry plan already spares the vendor,
            # and people should read what failed, not that the circuit opened over it.
            if isinstance(error, Transient):
                self._ports.breaker.record(origin, good=False)
            elif isinstance(error, ContractChanged | AuthError | ScopeError):
                self._ports.breaker.record(origin, good=True)
            for key, value in self._labels.items():
                error.context.setdefault(key, value)
            raise
        self._ports.breaker.record(origin, good=True)
        return answer

    def hold(
        self,
        url: str,
        *,
        longest_s: float,
        silence_s: float = 60.0,
        part_bytes: int = MIB,
    ) -> Iterator[Part]:
        """Send a GET whose answer stays open, and yield its parts as they come.

        Nothing is tried again: whoever listens opens the line anew. It ends well when its time is
        over or the vendor closes it with a last boundary.

        Args:
            url: Path below ``base_url``.
            longest_s: Seconds until the line is closed.
            silence_s: Seconds without a byte after which it counts as lost.
            part_bytes: How large a part may be.

        Raises:
            ConfigError: As :meth:`request`.
            Transient: The line is refused for now, silent or cut.
            ContractChanged: What comes is no parts, or one is too large.
        """
        outgoing = Outgoing("GET", self._absolute(url), headers=dict(self.headers))
        deadline = Deadline(self.clock, longest_s)
        origin = self._admit(outgoing.url)
        try:
            # A refused line is not counted: terminals have one line and answer other calls.
            held = self._once_authorised(
                outgoing, self._auth, partial(self._held, deadline=deadline, silence_s=silence_s)
            )
            self._ports.breaker.record(origin, good=True)
            with closing(held):
                boundary = boundary_of(held.answer.headers.get("content-type", ""))
                yield from read_parts(held.read, boundary, part_bytes)
        except TimeoutError:
            return
        except HrHubError as error:
            for key, value in self._labels.items():
                error.context.setdefault(key, value)
            raise

    def safe_link(self, link: str) -> str:
        """Return a link of an answer as an absolute address, if it may be followed.

        Raises:
            ContractChanged: It may not.
        """
        try:
            return safe_link(link, self.base_url, self._extra_origins)
        except ContractChanged as error:
            error.context.update(self._labels)
            raise

    def close(self) -> None:
        """Close idle connections."""
        self._sender.close()

    def _absolute(self, url: str) -> str:
        if url.startswith(("http://", "https://")):
            return self.safe_link(url)
        if not self.base_url:
            raise ConfigError("address.malformed", **self._context())
        return f"{self.base_url}/{url.lstrip('/')}" if url else self.base_url

    def _is_own(self, url: str) -> bool:
        return origin_of(url) == origin_of(self.base_url)

    def _context(self) -> dict[str, Any]:
        return dict(self._labels)

    def _until_good(
        self,
        outgoing: Outgoing,
        auth: Auth | None,
        ok: Collection[int],
        expect: Expect,
        *,
        repeatable: bool,
    ) -> Answer:
        """Try as the plan allows; the plan also decides when to give up."""
        deadline = Deadline(self.clock, self._limits.total_s)

        def wait_s(state: tenacity.RetryCallState) -> float:
            outcome = state.outcome
            failed = outcome.exception() if outcome else None
            if not isinstance(failed, HrHubError):
                return 0.0
            try:
                left_s = deadline.left()
            except TimeoutError:
                left_s = 0.0
            return self._retry.next_wait_s(
                failed, state.attempt_number, repeatable=repeatable, left_s=left_s
            )

        tries = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(HrHubError),
            wait=wait_s,
            sleep=self.clock.sleep,
            reraise=True,
        )
        judged = partial(self._judged, ok=ok, expect=expect)
        answer: Answer = tries(self._once_authorised, outgoing, auth, judged)
        return answer

    def _once_authorised(
        self, outgoing: Outgoing, auth: Auth | None, send: Callable[[Outgoing], _Came]
    ) -> _Came:
        """Send once; if the credentials are refused, get better ones and send once more."""
        if auth is None:
            return send(outgoing)
        channel = _Channel(self)
        for last in (False, True):
            ready = Outgoing(
                outgoing.method,
                outgoing.url,
                dict(outgoing.params),
                dict(outgoing.headers),
                outgoing.body,
            )
            auth.prepare(ready, channel)
            try:
                return send(ready)
            except _Denied as denied:
                refused = denied
            if last or not auth.refresh(refused.answer, channel):
                raise refused.error
        raise AssertionError("the second refusal is always raised")

    def _judged(self, outgoing: Outgoing, ok: Collection[int], expect: Expect) -> Answer:
        """Send once and judge the answer.

        Raises:
            _Denied: The credentials were refused.
        """
        self._wait_for_budget()
        answer = self._follow(outgoing)
        self._raise_refusal(answer, ok)
        if answer.status < 300 and outgoing.method != "HEAD":
            check_content_type(answer, expect)
        return answer

    def _held(self, outgoing: Outgoing, deadline: Deadline, silence_s: float) -> Held:
        """Open a line once and judge the head of its answer.

        Raises:
            _Denied: The credentials were refused.
        """
        self._wait_for_budget()
        held = self._sender.hold(outgoing, outgoing.target(), deadline, silence_s)
        if held.answer.status in _REDIRECTS:
            raise ContractChanged("vendor.redirect_refused", **self._context(), rule="held")
        self._raise_refusal(held.answer, ())
        return held

    def _raise_refusal(self, answer: Answer, ok: Collection[int]) -> None:
        problem = self._reader.problem(answer, ok, self.clock.now())
        if problem is None:
            return
        if isinstance(problem, Throttled) and problem.retry_after_s:
            self._ports.budget.block(self._account, problem.retry_after_s)
        if isinstance(problem, AuthError):
            raise _Denied(answer, problem)
        raise problem

    def _admit(self, url: str) -> str:
        """Return the origin, unless it is being left alone."""
        scheme, host, port = origin_of(url)
        origin = f"{scheme}://{host}:{port}"
        if wait_s := self._ports.breaker.admit(origin):
            raise Transient("vendor.circuit_open", retry_after_s=wait_s, **self._context())
        return origin

    def _wait_for_budget(self) -> None:
        while wait_s := self._ports.budget.take(self._account, self._rate):
            if wait_s > self._retry.longest_s:
                raise Throttled("vendor.budget_used", retry_after_s=wait_s, **self._context())
            self.clock.sleep(wait_s)

    def _follow(self, outgoing: Outgoing) -> Answer:
        """Send, following redirects that stay at the origin.

        Raises:
            ContractChanged: ``vendor.redirect_refused``.
        """
        url = outgoing.target()
        deadline = Deadline(self.clock, self._limits.request_s)
        for _ in range(self._limits.redirects + 1):
            answer = self._sender.send(outgoing, url, deadline)
            if self.observer:
                self.observer(outgoing, url, answer)
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or location is None:
                return answer
            url = self._redirected(outgoing, url, location)
        raise ContractChanged("vendor.redirect_refused", **self._context(), rule="too_many")

    def _redirected(self, outgoing: Outgoing, url: str, location: str) -> str:
        rule = ""
        target = urljoin(url, location)
        try:
            if origin_of(target) != origin_of(url):
                rule = "origin"
            else:
                safe_link(target, url)
        except (ValueError, ContractChanged):
            rule = "form"
        if outgoing.method not in SAFE_METHODS:
            rule = "method"
        if rule:
            raise ContractChanged("vendor.redirect_refused", **self._context(), rule=rule)
        return target


class _Denied(Exception):
    """The vendor refused the credentials; carries what it said to the one refresh."""

    def __init__(self, answer: Answer, error: HrHubError) -> None:
        super().__init__()
        self.answer = answer
        self.error = error


class _Channel:
    """The client as an authentication scheme sees it."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    @property
    def clock(self) -> Clock:
        """The time."""
        return self._client.clock

    @property
    def tokens(self) -> TokenCache:
        """Shared tokens."""
        return self._client._ports.tokens

    @property
    def state(self) -> MutableMapping[str, Any]:
        """What a scheme remembers in this client."""
        return self._client._state

    @property
    def labels(self) -> Mapping[str, Any]:
        """Vendor and connection."""
        return self._client._labels

    def ask(self, request: Outgoing) -> Answer:
        """Send a request without authorisation; refusals are returned for the scheme to judge."""
        client = self._client
        # A token address comes from the connection or the connector, never from an answer: it
        # may be at another origin. The address policy holds for it like for any other.
        if request.url.startswith(("http://", "https://")):
            request.url = base_address(request.url)
        else:
            request.url = client._absolute(request.url)
        try:
            return client._judged(request, (), "json")
        except _Denied as denied:
            raise denied.error from None
        except ContractChanged as error:
            # RFC 6749 §5.2 answers wrong credentials with 400 as well.
            if error.code != "vendor.refused_request":
                raise
            context: dict[str, Any] = error.context
            raise AuthError("auth.refused", **context) from None
