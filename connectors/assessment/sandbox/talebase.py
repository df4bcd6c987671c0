"""The Chinese dialect: tokens or signed requests, envelopes under status 200, testees."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.assessment.sandbox.platform import PACKAGES, Order, Platform, draw, invalid
from connectors.assessment.sandbox.shl import CLIENT_ID, PATH, SECRET
from hrhub.ambient import SystemClock
from hrhub.sandbox.rest import Asked, Reply, Tokens, page_by_number

_ZONE = ZoneInfo("Asia/Shanghai")
_WORDS = {
    "invited": "CREATED",
    "begun": "IN_PROGRESS",
    "taken": "FINISHED",
    "scored": "REPORTED",
    "expired": "EXPIRED",
    "cancelled": "CANCELLED",
}
_SKEW_MS = 300_000


class Refusal(Exception):
    """A request that is refused with a code, under status 200."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class Talebase:
    """A platform that speaks it."""

    def __init__(self, platform: Platform, tokens: Tokens, sign_in: str) -> None:
        self._platform = platform
        self._tokens = tokens
        self._signed = sign_in == "signature"
        self._nonces: set[str] = set()

    def answer(self, asked: Asked) -> Reply:
        """Answer one request."""
        try:
            data = self._route(asked) if self._admit(asked) else self._token(asked)
        except Refusal as refusal:
            return Reply.json({"code": refusal.code, "msg": refusal.text, "data": None})
        except KeyError:
            return Reply.json({"code": 40401, "msg": "不存在", "data": None})
        return Reply.json({"code": 0, "msg": "success", "data": data, "traceId": "T1"})

    def report(self, order: str, now: datetime) -> tuple[bytes, dict[str, str]]:
        """Return body and headers of a genuine callback."""
        event = {
            "event": "REPORT_READY",
            "eventId": f"E{int(now.timestamp())}",
            "occurredAt": _time(now),
            "data": {"testeeId": order, "externalId": "", "status": "REPORTED"},
        }
        body = json.dumps(event, separators=(",", ":")).encode()
        stamp = str(int(now.timestamp() * 1000))
        nonce = hashlib.sha256(body).hexdigest()[:32]
        sign = _sign("POST", PATH, {}, stamp, nonce, body)
        return body, {"X-Timestamp": stamp, "X-Nonce": nonce, "X-Sign": sign}

    def _admit(self, asked: Asked) -> bool:
        """Tell whether the caller is admitted; False: it asks for a token."""
        if not self._signed and asked.path == "/auth/token":
            return False
        headers = asked.headers
        if not self._signed:
            if not self._tokens.alive(headers.get("authorization")):
                raise Refusal(40102, "token已过期")
        else:
            stamp, nonce = headers.get("x-timestamp", ""), headers.get("x-nonce", "")
            sign = _sign(asked.method, asked.path, asked.params, stamp, nonce, asked.body)
            clocks = (self._platform.now, SystemClock().now())
            fresh = stamp.isdigit() and any(
                abs(int(stamp) - c.timestamp() * 1000) <= _SKEW_MS for c in clocks
            )
            well = headers.get("x-app-id") == CLIENT_ID and headers.get("x-sign") == sign
            if not (fresh and well) or nonce in self._nonces:
                raise Refusal(40103, "签名错误")
            self._nonces.add(nonce)
        self._platform.left -= 1
        if self._platform.left < 0:
            raise Refusal(42901, "请求过于频繁")
        return True

    def _token(self, asked: Asked) -> dict[str, Any]:
        given = asked.json()
        if (given.get("appId"), given.get("appSecret")) != (CLIENT_ID, SECRET):
            raise Refusal(40103, "appSecret错误")
        return {"accessToken": self._tokens.issue()["access_token"], "expiresIn": 7200}

    def _route(self, asked: Asked) -> Any:
        platform = self._platform
        match asked.method, asked.path.strip("/").split("/"):
            case "GET", ["products"]:
                return _listed(asked, [_product(code) for code in PACKAGES])
            case "POST", ["orders"]:
                return self._place(asked.json())
            case "GET", ["testees", "updated"]:
                since = datetime.fromisoformat(asked.params["from"]).replace(tzinfo=_ZONE)
                return _listed(asked, [_shown(o) for o in platform.since(since)])
            case "POST", ["testees", "status"]:
                wanted = asked.json()["testeeIds"]
                return [_shown(platform.orders[n]) for n in wanted if n in platform.orders]
            case "GET", ["testees", number, "report"]:
                order = platform.orders[number]
                if order.state != "scored":
                    raise Refusal(40404, "报告未就绪")
                return _report(order)
            case "POST", ["testees", number, "cancel"]:
                if not platform.cancel(platform.orders[number]):
                    raise Refusal(40902, "已开始作答")
                return {"status": "CANCELLED", "refunded": True}
        raise KeyError(asked.path)

    def _place(self, given: Mapping[str, Any]) -> dict[str, Any]:
        if given.get("productCode") not in PACKAGES:
            raise Refusal(40301, "产品未开通")
        subjects = []
        for subject in given["subjects"]:
            key = subject["externalId"]
            if self._platform.by_key(key) is not None:
                raise Refusal(40901, "externalId重复")
            if subject.get("email") not in self._platform.mails:
                subjects.append({"externalId": key, "code": 42201, "msg": "邮箱无效"})
                continue
            # Numbers of 64 bits, sent as text.
            order = self._platform.place(key, given["productCode"], "90071992")
            subjects.append({**_shown(order), "code": 0, "msg": ""})
        return {"orderNo": "TB20261122000123", "subjects": subjects}


def _listed(asked: Asked, rows: list[dict[str, Any]]) -> dict[str, Any]:
    part = page_by_number(asked, rows, number="pageNo", size="pageSize", most=100)
    return {"total": len(rows), "pageNo": int(asked.params.get("pageNo", "1")), "list": part}


def _sign(
    method: str, path: str, query: Mapping[str, str], stamp: str, nonce: str, body: bytes
) -> str:
    pairs = "&".join(f"{n}={query[n]}" for n in sorted(query))
    digest = hashlib.sha256(body).hexdigest()
    text = f"{method}\n{path}\n{pairs}\n{stamp}\n{nonce}\n{digest}"
    return hmac.new(SECRET.encode(), text.encode(), "sha256").hexdigest()


def _time(moment: datetime) -> str:
    return moment.astimezone(_ZONE).strftime("%Y-%m-%d %H:%M:%S")


def _product(code: str) -> dict[str, Any]:
    package = PACKAGES[code]
    return {
        "productCode": code,
        "productName": package.name,
        "version": package.instruments[0].version,
        "minutes": 45,
        "priceFen": 12000,
        "norms": [{"normCode": i.norm[0], "normName": i.norm[1]} for i in package.instruments],
        "enabled": True,
    }


def _shown(order: Order) -> dict[str, Any]:
    word = _WORDS[order.state]
    return {
        "testeeId": order.number,
        "externalId": order.key,
        "status": "INVALID" if order.doubt and word == "REPORTED" else word,
        "testUrl": f"https://take.talebase.example/{order.number}",
    }


def _report(order: Order) -> dict[str, Any]:
    (instrument, *_) = order.package.instruments
    level = "INVALID" if invalid(order) else "VALID"
    return {
        "testeeId": order.number,
        "externalId": order.key,
        "productCode": order.package.code,
        "productVersion": instrument.version,
        "reportVersion": order.revision,
        "finishedAt": _time(order.at),
        "attempt": 1,
        "norm": {"code": instrument.norm[0], "name": instrument.norm[1], "sampleSize": 12480},
        "validity": {
            "level": level,
            "indices": [
                {
                    "code": s.code,
                    "name": s.name,
                    "scaleKind": _kind(s.kind),
                    "score": draw(order, s),
                }
                for s in instrument.validity
            ],
        },
        "overall": {"score": 78.5, "scaleKind": "HUNDRED", "percentile": 81, "level": "B"}
        if order.package.overall
        else None,
        "dimensions": [
            {
                "code": s.code,
                "name": s.name,
                "parentCode": s.parent,
                "order": n,
                "rawScore": None,
                "score": draw(order, s),
                "scaleKind": _kind(s.kind),
                "percentile": None,
                "level": None,
                "comment": None,
                "k_corrected": s.corrected,
            }
            for n, s in enumerate(instrument.scales, start=1)
        ],
        "clinical": instrument.clinical,
    }


def _kind(kind: str) -> str:
    return {"pct": "PERCENTILE"}.get(kind, kind.upper())
