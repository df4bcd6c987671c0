"""How the simulated vendor seals callbacks, written from "加解密方案说明"."""

from __future__ import annotations

import base64
import hashlib
import random
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from connectors.wecom.sandbox.enterprise import AGENT_ID, CORP_ID
from hrhub.connector import Received

CALLBACK_TOKEN = "sandboxCallbackToken"
CALLBACK_KEY = base64.b64encode(bytes(range(32))).decode().rstrip("=")
_PATH = "/inbox/wecom/callback"


def encrypted(message: bytes, receiver: str = CORP_ID, seed: object = 0) -> str:
    """Return a message as cipher text: AES-256-CBC, padded to a multiple of 32 bytes."""
    key = base64.b64decode(CALLBACK_KEY + "=")
    plain = random.Random(f"{seed}").randbytes(16)
    plain += len(message).to_bytes(4, "big") + message + receiver.encode()
    pad = 32 - len(plain) % 32
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    data = encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
    return base64.b64encode(data).decode()


def signed(cipher_text: str, now: datetime) -> dict[str, str]:
    """Return the query that proves a cipher text."""
    timestamp, nonce = str(int(now.timestamp())), "1372623149"
    parts = sorted((CALLBACK_TOKEN, timestamp, nonce, cipher_text))
    signature = hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()
    return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}


def sealed(inner: str, now: datetime, receiver: str = CORP_ID, seed: object = 0) -> Received:
    """Return an event as it is posted."""
    message = (
        f"<xml><ToUserName>{CORP_ID}</ToUserName><FromUserName>sys</FromUserName>"
        f"<CreateTime>{int(now.timestamp())}</CreateTime><MsgType>event</MsgType>{inner}</xml>"
    )
    text = encrypted(message.encode(), receiver, seed)
    body = (
        f"<xml><ToUserName><![CDATA[{CORP_ID}]]></ToUserName><AgentID>{AGENT_ID}</AgentID>"
        f"<Encrypt><![CDATA[{text}]]></Encrypt></xml>"
    )
    query = signed(text, now)
    return Received(method="POST", path=_PATH, query=query, body=body.encode())


def sealed_echo(text: str, now: datetime) -> Received:
    """Return the test of an address."""
    cipher_text = encrypted(text.encode())
    query = {**signed(cipher_text, now), "echostr": cipher_text}
    return Received(method="GET", path=_PATH, query=query)


def approval_info(form: dict[str, Any]) -> str:
    """Return what a callback tells of a form: the steps, not what was asked for."""
    records = "".join(
        f"<SpRecord><SpStatus>{node['sp_status']}</SpStatus><ApproverAttr>1</ApproverAttr>"
        + "".join(
            f"<Details><Approver><UserId>{step['approver']['userid']}</UserId></Approver>"
            f"<Speech>{step['speech']}</Speech><SpStatus>{step['sp_status']}</SpStatus>"
            f"<SpTime>{step['sptime']}</SpTime></Details>"
            for step in node["details"]
        )
        + "</SpRecord>"
        for node in form["sp_record"]
    )
    nodes = "".join(
        f"<NodeList><NodeType>{node['node_type']}</NodeType>"
        + "".join(
            f"<SubNodeList><UserInfo><UserId>{step['userid']}</UserId></UserInfo>"
            f"<Speech>{step['speech']}</Speech><SpYj>{step['sp_yj']}</SpYj>"
            f"<Sptime>{step['sptime']}</Sptime></SubNodeList>"
            for step in node["sub_node_list"]
        )
        + "</NodeList>"
        for node in form.get("process_list", {}).get("node_list", ())
    )
    return (
        f"<ApprovalInfo><SpNoStr>{form['sp_no']}</SpNoStr><SpName>{form['sp_name']}</SpName>"
        f"<SpStatus>{form['sp_status']}</SpStatus><ApplyTime>{form['apply_time']}</ApplyTime>"
        f"<Applyer><UserId>{form['applyer']['userid']}</UserId><Party>2</Party></Applyer>{records}"
        f"<ProcessList>{nodes}</ProcessList><StatuChangeEvent>2</StatuChangeEvent></ApprovalInfo>"
    )
