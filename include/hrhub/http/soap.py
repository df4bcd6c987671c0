"""SOAP through the one client: zeep builds and reads envelopes, and never opens a connection.

WSDL and schema files are shipped with the connector; nothing is fetched to describe the vendor.
Envelopes are not logged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape

from lxml import etree
from zeep import Client, Plugin, Settings
from zeep.exceptions import Error as ZeepError
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken as ZeepUsernameToken

from hrhub.ambient import Clock, random_bytes
from hrhub.errors import ConfigError, ContractChanged, PluginError
from hrhub.http.answer import Answer
from hrhub.http.auth_base import Secret, reveal
from hrhub.http.xml import parse_xml

if TYPE_CHECKING:
    from hrhub.http.client import HttpClient

_QUOTE = {'"': "&quot;"}
_SETTINGS = {
    "strict": True,
    "forbid_dtd": True,
    "forbid_entities": True,
    "forbid_external": True,
    "xml_huge_tree": False,
}


@dataclass(frozen=True, slots=True)
class SoapCode:
    """Find the code of a SOAP fault, for a connector's ``code_of``.

    Attributes:
        detail: Local name of the element below ``detail`` that holds the vendor's own code;
            empty, or not there: the fault code without its prefix.
    """

    detail: str = ""

    def __call__(self, answer: Answer) -> str | None:
        """Return the code of the fault, or None if the answer is none."""
        if b"Fault" not in answer.body:
            return None
        try:
            root = parse_xml(answer.body)
        except ContractChanged:
            return None
        fault = root.find("{*}Body/{*}Fault")
        if fault is None:
            return None
        own = fault.find(f".//{{*}}{self.detail}") if self.detail else None
        for found in (
            own,
            fault.find("{*}Code/{*}Subcode/{*}Value"),
            fault.find("{*}Code/{*}Value"),
            fault.find("{*}faultcode"),
            fault.find("faultcode"),
        ):
            if found is not None and (text := (found.text or "").strip()):
                return text.rpartition(":")[2]
        return "Fault"


@dataclass(frozen=True, slots=True)
class UsernameToken:
    """WS-Security UsernameToken in the SOAP header, fresh nonce and time in every request.

    Attributes:
        user: User name.
        password: Its password.
        digest: Send the digest of nonce, time and password instead of the password.
    """

    user: str
    password: Secret = field(repr=False)
    digest: bool = True


class _Header:
    """The token as zeep wants it."""

    def __init__(self, token: UsernameToken, clock: Clock) -> None:
        self._token = token
        self._clock = clock

    def apply(self, envelope: Any, headers: Any) -> Any:
        made = ZeepUsernameToken(  # type: ignore[no-untyped-call]
            self._token.user,
            reveal(self._token.password),
            use_digest=self._token.digest,
            nonce=random_bytes(16).hex(),
            created=self._clock.now(),
        )
        return made.apply(envelope, headers)  # type: ignore[no-untyped-call]

    def verify(self, envelope: Any) -> None:
        """Accept: answers carry no token."""


class _Whole(Plugin):
    """Refuse answers to another question; zeep reads them as empty."""

    def ingress(self, envelope: Any, http_headers: Any, operation: Any) -> Any:
        body = envelope.find("{*}Body")
        expected = operation.output.body.qname
        found = body[0].tag if body is not None and len(body) else None
        if operation.style == "document" and expected is not None and found != expected.text:
            raise ContractChanged("vendor.contract_changed")
        return envelope, http_headers


class _Response:
    """An answer as zeep reads it."""

    def __init__(self, answer: Answer) -> None:
        self.status_code = answer.status
        # The parser saw no document type; an encoding that zeep would trust is gone as well.
        self.content = etree.tostring(parse_xml(answer.body), encoding="utf-8")
        self.headers = {"Content-Type": "text/xml"}
        self.encoding = "utf-8"


class HubTransport(Transport):
    """A zeep transport that reads files of one folder and posts through the client.

    Args:
        http: The client.
        folder: The only folder that WSDL and schema files may come from.
        fill: Text of those files -> what stands for it.

    Attributes:
        idempotent: Whether what is sent next may be sent again.
        answer: The last answer, as it came.
    """

    def __init__(self, http: HttpClient, folder: Path, fill: Mapping[str, str]) -> None:
        # zeep's own would open a session of the HTTP library; there must be none.
        self._close_session = False
        self._http = http
        self._folder = folder.resolve()
        self._fill = fill
        self.idempotent = False
        self.answer: Answer | None = None

    def load(self, url: str) -> bytes:
        """Return a shipped file.

        Raises:
            PluginError: It is elsewhere.
        """
        parts = urlsplit(str(url))
        path = Path(unquote(parts.path)).resolve()
        if parts.scheme not in ("", "file") or not path.is_relative_to(self._folder):
            raise PluginError("plugin.invalid", rule="wsdl_not_shipped")
        try:
            content = path.read_bytes()
        except OSError:
            raise PluginError("plugin.invalid", rule="wsdl_missing") from None
        for text, filled in self._fill.items():
            content = content.replace(text.encode(), escape(filled, _QUOTE).encode())
        return content

    def get(self, address: str, params: Any, headers: Any) -> Any:
        """Refuse: SOAP over GET is not spoken."""
        raise PluginError("plugin.invalid", rule="soap_get")

    def post(self, address: str, message: bytes, headers: Any) -> _Response:
        """Send an envelope to the connection's own address, whatever the WSDL names."""
        answer = self._http.post(
            address, data=message, headers=headers, expect="xml", idempotent=self.idempotent
        )
        self.answer = answer
        return _Response(answer)

    def post_xml(self, address: str, envelope: Any, headers: Any) -> _Response:
        """Send an envelope."""
        return self.post(address, etree.tostring(envelope, encoding="utf-8"), headers)


class SoapService:
    """Call the operations of one vendor service.

    Args:
        http: The client; its limits bound every operation, its ``code_of`` should be a
            :class:`SoapCode`.
        wsdl: The WSDL file, shipped with the connector; imports stay in its folder.
        path: Path of the service below the connection's address.
        token: Security header, if the vendor asks for one.
        fill: Texts of the shipped files that differ from installation to installation, such as a
            namespace made of the host's name -> what to put in their place.

    Raises:
        PluginError: A file is missing, is elsewhere or is no WSDL.
    """

    def __init__(
        self,
        http: HttpClient,
        wsdl: Path,
        *,
        path: str = "",
        token: UsernameToken | None = None,
        fill: Mapping[str, str] | None = None,
    ) -> None:
        if not http.base_url:
            raise ConfigError("address.malformed")
        self._transport = HubTransport(http, wsdl.parent, fill or {})
        try:
            self._client: Any = Client(  # type: ignore[no-untyped-call]
                str(wsdl.resolve()),
                wsse=_Header(token, http.clock) if token else None,
                transport=self._transport,
                plugins=[_Whole()],
                settings=Settings(**_SETTINGS),
            )
            binding = next(
                port.binding.name
                for service in self._client.wsdl.services.values()
                for port in service.ports.values()
            )
        except (ZeepError, etree.XMLSyntaxError, StopIteration):
            raise PluginError("plugin.invalid", rule="wsdl") from None
        self._service = self._client.create_service(binding, path)  # type: ignore[no-untyped-call]

    def call(self, operation: str, /, *, idempotent: bool = False, **values: Any) -> Any:
        """Call an operation and return what zeep makes of the answer.

        Args:
            operation: Name in the WSDL.
            idempotent: Whether sending it twice does no harm; only then it is retried.
            **values: Its arguments.

        Raises:
            PluginError: The WSDL has no such operation, or it takes other arguments.
            ContractChanged: The answer is not what the WSDL says, or is a fault we do not know.
            HrHubError: What a fault's code stands for in the vendor's table.
        """
        try:
            # Building first tells our mistakes from the vendor's.
            self._client.create_message(self._service, operation, **values)
        except (ZeepError, AttributeError, TypeError, ValueError):
            raise PluginError("plugin.invalid", rule="soap_request") from None
        self._transport.idempotent = idempotent
        try:
            return self._service[operation](**values)
        except (ZeepError, etree.LxmlError, TypeError, ValueError):
            raise ContractChanged("vendor.contract_changed") from None

    def read(self, operation: str, /, **values: Any) -> Answer:
        """Call an operation that only reads; return the answer as it came, to be landed.

        Raises:
            HrHubError: As :meth:`call`; an answer that does not fit the WSDL is not returned.
        """
        self.call(operation, idempotent=True, **values)
        assert self._transport.answer is not None
        return self._transport.answer
