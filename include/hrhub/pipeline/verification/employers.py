"""Employers as resumes and records name them, made comparable.

A resume says 云禾科技, the record 上海云禾信息技术有限公司. The unified social credit code decides
where both sides have one; then the name without place, legal form and branch; then a list of the
tenant's own; a likeness of names alone is never more than a hint.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache

_PLACES = (
    "中国 北京 天津 上海 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 "
    "湖北 湖南 广东 广西 海南 四川 贵州 云南 西藏 陕西 甘肃 青海 宁夏 新疆 内蒙古 香港 澳门 "
    "台湾 石家庄 太原 沈阳 大连 长春 哈尔滨 南京 苏州 无锡 常州 南通 徐州 杭州 宁波 温州 "
    "嘉兴 绍兴 合肥 福州 厦门 泉州 南昌 济南 青岛 烟台 郑州 武汉 长沙 广州 深圳 珠海 佛山 "
    "东莞 中山 惠州 南宁 海口 成都 贵阳 昆明 西安 兰州 西宁 银川 乌鲁木齐 呼和浩特"
)
_PLACE = re.compile(f"(?:{'|'.join(sorted(_PLACES.split(), key=len, reverse=True))})(?:省|市)?")
_FORM = re.compile(
    "(?:股份有限责任公司|有限责任公司|股份有限公司|股份公司|有限公司|总公司|公司|控股集团|集团|控股|"
    r"\(?有限合伙\)?|\(?普通合伙\)?|合伙企业|(?:co|corp|inc|llc|ltd|limited|company|corporation)\.?)$"
)
_BRANCH = re.compile(r"^(.+公司).{0,10}?(?:分公司|办事处|代表处|分部)$")
_FORMER = re.compile(r"[(\[](?:原名?|曾用名|前身)[:：为是]?([^)\]]+)[)\]]")
_BRACKETS = re.compile(r"[(\[]([^)\]]*)[)\]]")
_NOISE = re.compile(r"[\s,，.。、·\-_/&|'\"“”]+")
_TRADES = (
    "信息技术 信息科技 网络科技 网络技术 智能科技 智能装备 科技发展 生物科技 电子商务 "
    "电子科技 文化传媒 管理咨询 供应链管理 新能源 新材料 科技 技术 网络 信息 软件 电子 商贸 "
    "贸易 实业 投资 管理 咨询 服务 传媒 文化 教育 医药 生物 制药 机械 装备 设备 供应链 物流 "
    "工程 建设 发展 食品 餐饮 酒店 汽车 能源 环保 材料 化工 电器 制造 工业 精密 国际 数据 "
    "数码 通信 系统 technology technologies tech group"
)
_TRADE = re.compile(f"(?:{'|'.join(sorted(_TRADES.split(), key=len, reverse=True))})$")
_AGENCY = re.compile("人力资源|劳务|外服|外企服务|人才服务|人才派遣|人事代理|服务外包|职业介绍")
_SELF = re.compile("灵活就业|个体工商户|自由职业|自主创业|个人工作室")


class Likeness(IntEnum):
    """How surely two names mean one employer; from :attr:`NAME` on they are taken for one."""

    NONE = 0
    BRAND = 1
    """The same brand: an abbreviation, or another company of the group."""
    NAME = 2
    ALIAS = 3
    CODE = 4


@dataclass(frozen=True, slots=True)
class Employer:
    """An employer as one side names it."""

    name: str = field(repr=False)
    credit_code: str | None = field(default=None, repr=False)

    @property
    def key(self) -> str:
        """What tells payers apart: the credit code, or the comparable name."""
        return self.credit_code or normalised(self.name)

    @property
    def is_agency(self) -> bool:
        """Whether the name is that of a company that employs for others."""
        return bool(_AGENCY.search(self.name))

    @property
    def is_self(self) -> bool:
        """Whether the name stands for people who work for themselves."""
        return bool(_SELF.search(self.name))


class Aliases:
    """Names that a tenant knows to mean one employer.

    Args:
        groups: Each a list of names.
    """

    def __init__(self, groups: Sequence[Sequence[str]] = ()) -> None:
        self._group_of = {normalised(name): n for n, group in enumerate(groups) for name in group}

    def same(self, one: str, other: str) -> bool:
        """Tell whether two comparable names are in one list."""
        group = self._group_of.get(one)
        return group is not None and group == self._group_of.get(other)


def likeness(one: Employer, other: Employer, aliases: Aliases) -> Likeness:
    """Return how surely two employers are one.

    Two different credit codes are two companies, however alike their names are.
    """
    apart = False
    if one.credit_code and other.credit_code:
        if one.credit_code == other.credit_code:
            return Likeness.CODE
        apart = True
    best = max(_of_names(a, b, aliases) for a in names_of(one.name) for b in names_of(other.name))
    return min(best, Likeness.BRAND) if apart and best is not Likeness.ALIAS else best


def _of_names(one: str, other: str, aliases: Aliases) -> Likeness:
    if one == other:
        return Likeness.NAME
    if aliases.same(one, other):
        return Likeness.ALIAS
    short, long = sorted((one, other), key=len)
    if len(short) >= 2 and long.startswith(short):
        return Likeness.BRAND
    a, b = brand(one), brand(other)
    return Likeness.BRAND if len(a) >= 2 and a == b else Likeness.NONE


@lru_cache(maxsize=4096)
def names_of(name: str) -> tuple[str, ...]:
    """Return the comparable names in a text: 新名（原旧名） names an employer twice."""
    text = unicodedata.normalize("NFKC", name)
    former = tuple(normalised(found) for found in _FORMER.findall(text))
    return (normalised(_FORMER.sub("", text)), *former)


@lru_cache(maxsize=4096)
def normalised(name: str) -> str:
    """Return a company's name without place, legal form, branch, brackets and blanks.

    What would leave nothing is left as it is.
    """
    text = unicodedata.normalize("NFKC", name).casefold().strip()
    whole = _NOISE.sub("", text)
    text = _BRACKETS.sub(lambda found: "" if _is_filler(found[1]) else found[1], text)
    text = _NOISE.sub("", text)
    branch = _BRANCH.match(text)
    text = branch[1] if branch else text
    text = _stripped(_FORM, text)
    while (place := _PLACE.match(text)) and len(text) - place.end() >= 2:
        text = text[place.end() :]
    return text or whole


def brand(core: str) -> str:
    """Return a comparable name without the trade at its end."""
    return _stripped(_TRADE, core)


def abbreviates(short: str, name: str) -> bool:
    """Tell whether a short name is made of characters of a long one, as 上汽 is of 上海汽车.

    That alone proves nothing: 2 to 5 characters, in order, from the first on.
    """
    core = normalised(short)
    whole = _NOISE.sub("", unicodedata.normalize("NFKC", name).casefold())
    if not 2 <= len(core) <= 5 or core[0] not in (whole[:1], normalised(name)[:1]):
        return False
    rest = iter(whole)
    return all(character in rest for character in core)


def _stripped(pattern: re.Pattern[str], text: str) -> str:
    """Return a text without what a pattern finds at its end, as long as something is left."""
    while (found := pattern.search(text)) and found.start() >= 2:
        text = text[: found.start()]
    return text


def _is_filler(text: str) -> bool:
    return bool(_PLACE.fullmatch(text)) or _stripped(_FORM, f"某某{text}") == "某某"
