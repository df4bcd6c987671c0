"""Encrypted callbacks: SHA-1 over sorted parts, AES-256-CBC inside ("加解密方案说明")."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from lxml import etree

from connectors.wecom.settings import WecomConfig
from hrhub.connector import ConnectorConfig, Event, EventReceiver, Page, Pushed, Received, Reply
from hrhub.errors import AuthError, RowRejected

_BLOCK = 32
"""PKCS#7 blocks of WeCom; a padding of 17 to 32 bytes is right here and wrong for AES."""
_MOST_BYTES = 1 << 20

_STREAMS = {"user": "employees", "party": "departments"}
"""End of a ChangeType -> the stream to read for it."""
_APPROVAL = "sys_approval_change"
_READ = {_APPROVAL: "leave_requests"}
"""Event -> the stream to read for it: what leave was asked for does not come along."""


@dataclass(frozen=True, kw_only=True)
class Callback(EventReceiver):
    """Changes of members and departments, and of approvals."""

    def verify(self, config: ConnectorConfig, received: Received, now: datetime) -> None:
        """Check the signature over the cipher text, then the time that it covers."""
        assert isinstance(config, WecomConfig)
        token = config.callback_token.get_secret_value()
        query = received.query
        sealed = query.get("echostr") if received.method == "GET" else _sealed(received.body)
        given = query.get("msg_signature", "")
        if not token or sealed is None:
            raise AuthError("event.refused", vendor="WeCom", rule="signature")
        parts = sorted((token, query.get("timestamp", ""), query.get("nonce", ""), sealed))
        wanted = hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()
        if not hmac.compare_digest(given.encode(), wanted.encode()):
            raise AuthError("event.refused", vendor="WeCom", rule="signature")
        at = _moment(query.get("timestamp"))
        self.refuse_stale(at, now, "WeCom")

    def challenge(self, config: ConnectorConfig, received: Received) -> Reply | None:
        """Answer the test of our address with the decrypted text, and nothing around it."""
        assert isinstance(config, WecomConfig)
        if received.method != "GET" or "echostr" not in received.query:
            return None
        try:
            return Reply(body=_open(config, received.query["echostr"]))
        except RowRejected as error:
            raise AuthError("event.refused", vendor="WeCom", rule=error.rule) from None

    def parse(self, config: ConnectorConfig, received: Received) -> Sequence[Event]:
        """Return the one event of a callback, decrypted."""
        assert isinstance(config, WecomConfig)
        message, root = _message(config, received)
        kind, change = _text(root, "Event"), _text(root, "ChangeType")
        # Events have no id; the message without its random beginning is the same when repeated.
        key = config.callback_token.get_secret_value().encode()
        keys = tuple(text for name in ("UserID", "NewUserID", "Id") if (text := _text(root, name)))
        number = _text(root, "ApprovalInfo/SpNoStr") or _text(root, "ApprovalInfo/SpNo")
        return [
            Event(
                id=hmac.new(key, message, hashlib.sha256).hexdigest()[:32],
                type=f"{kind}.{change}" if change else kind,
                at=_moment(_text(root, "CreateTime")),
                stream=_STREAMS.get(change.rpartition("_")[2]) if change else _READ.get(kind),
                keys=(number,) if number else keys,
            )
        ]

    def pages(self, config: ConnectorConfig, received: Received) -> Sequence[Pushed]:
        """Return the steps of the form that an approval is about, as a reading has them.

        Changes of members and departments bring ids only, so their streams are read.
        """
        assert isinstance(config, WecomConfig)
        _, root = _message(config, received)
        info = root.find("ApprovalInfo")
        if _text(root, "Event") != _APPROVAL or info is None:
            return ()
        body = msgspec.json.encode({"forms": [form_of(info)]})
        return [Pushed(stream="approvals", page=Page(body=body))]


def _message(config: WecomConfig, received: Received) -> tuple[bytes, etree._Element]:
    """Return what a callback says, decrypted, and its XML.

    Raises:
        RowRejected: It cannot be read.
    """
    sealed = _sealed(received.body)
    if sealed is None:
        raise RowRejected("parse", "Encrypt", "xml")
    message = _open(config, sealed)
    root = _xml(message)
    if root is None:
        raise RowRejected("parse", "", "xml")
    if not _text(root, "Event"):
        raise RowRejected("parse", "Event", "wecom.event")
    return message, root


def form_of(info: etree._Element) -> dict[str, Any]:
    """Return a form of a callback in the words of a form that is read; it has no ``apply_data``.

    Raises:
        RowRejected: It has no number, no applicant, or a status that is no number.
    """
    number = _text(info, "SpNoStr") or _text(info, "SpNo")
    applicant = _text(info, "Applyer/UserId")
    if not number or not applicant:
        raise RowRejected("required", "ApprovalInfo", "wecom.form")
    form: dict[str, Any] = {
        "sp_no": number,
        "sp_status": _integer(info, "SpStatus"),
        "applyer": {"userid": applicant},
        "sp_record": [
            {
                "details": [
                    {
                        "approver": {"userid": _text(step, "Approver/UserId")},
                        "speech": _text(step, "Speech"),
                        "sp_status": _integer(step, "SpStatus"),
                        "sptime": _integer(step, "SpTime"),
                    }
                    for step in node.findall("Details")
                ]
            }
            for node in info.findall("SpRecord")
        ],
    }
    nodes = info.findall("ProcessList/NodeList")
    if nodes:
        form["process_list"] = {"node_list": [_node(node) for node in nodes]}
    return form


def _node(node: etree._Element) -> dict[str, Any]:
    return {
        "node_type": _integer(node, "NodeType"),
        "sub_node_list": [
            {
                "userid": _text(step, "UserInfo/UserId"),
                "speech": _text(step, "Speech"),
                "sp_yj": _integer(step, "SpYj"),
                "sptime": _integer(step, "Sptime"),
            }
            for step in node.findall("SubNodeList")
        ],
    }


def _integer(element: etree._Element, name: str) -> int:
    text = _text(element, name)
    try:
        return int(text or "0")
    except ValueError:
        raise RowRejected("type", name, "integer") from None


def _open(config: WecomConfig, sealed: str) -> bytes:
    """Decrypt: 16 random bytes, length, message, enterprise id; padded to blocks of 32.

    Raises:
        RowRejected: The key is no key, or this was encrypted with another or for another.
    """
    try:
        key = base64.b64decode(config.callback_key.get_secret_value() + "=", validate=True)
        data = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        raise RowRejected("encoding", "Encrypt", "base64") from None
    if len(key) != 32:
        raise RowRejected("encoding", "Encrypt", "aes_key")
    if not data or len(data) % 16:
        raise RowRejected("encoding", "Encrypt", "aes")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    plain = decryptor.update(data) + decryptor.finalize()
    pad = plain[-1]
    if not 1 <= pad <= _BLOCK or plain[-pad:] != bytes([pad]) * pad:
        raise RowRejected("encoding", "Encrypt", "padding")
    plain = plain[16:-pad]
    end = 4 + int.from_bytes(plain[:4], "big")
    if len(plain) < 4 or end > len(plain):
        raise RowRejected("encoding", "Encrypt", "length")
    if not hmac.compare_digest(plain[end:], config.corp_id.encode()):
        raise RowRejected("encoding", "Encrypt", "receiver")
    return plain[4:end]


def _sealed(body: bytes) -> str | None:
    root = _xml(body)
    return None if root is None else _text(root, "Encrypt") or None


def _xml(body: bytes) -> etree._Element | None:
    """Return the root, or None; no entity is resolved and nothing is loaded."""
    if not body or len(body) > _MOST_BYTES:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return root if root.tag == "xml" else None


def _text(root: etree._Element, path: str) -> str:
    return (root.findtext(path) or "").strip()


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(text or ""), UTC)
    except (ValueError, OverflowError, OSError):
        return None
