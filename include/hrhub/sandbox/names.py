"""Names of generated people, with the shapes that break naive systems.

Compound surnames, characters of CJK Extension A (䶮, 㛃) and outside the Basic Multilingual Plane
(𠮷), and names with a middle dot (GB 18030-2022 requires systems to carry all of them).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Gender = Literal["female", "male"]


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Read ``字 pinyin`` pairs."""
    words = text.split()
    return tuple(zip(words[::2], words[1::2], strict=True))


_SURNAMES = _pairs(
    "王 wang 李 li 张 zhang 刘 liu 陈 chen 杨 yang 黄 huang 赵 zhao 吴 wu 周 zhou 徐 xu 孙 sun "
    "马 ma 朱 zhu 胡 hu 郭 guo 何 he 林 lin 高 gao 罗 luo 郑 zheng 梁 liang 谢 xie 宋 song "
    "唐 tang 许 xu 韩 han 邓 deng 冯 feng 曹 cao 彭 peng 曾 zeng 肖 xiao 田 tian 董 dong 潘 pan "
    "袁 yuan 蔡 cai 蒋 jiang 余 yu 于 yu 杜 du 叶 ye 程 cheng 魏 wei 苏 su 吕 lü 丁 ding 任 ren "
    "卢 lu 姚 yao 沈 shen 钟 zhong 姜 jiang 崔 cui 谭 tan 陆 lu 范 fan 汪 wang 廖 liao 石 shi "
    "单 shan 仇 qiu 覃 qin 解 xie"
)
_COMPOUND = _pairs(
    "欧阳 ouyang 上官 shangguan 司马 sima 诸葛 zhuge 司徒 situ 慕容 murong 尉迟 yuchi 皇甫 huangfu"
)
_GIVEN: dict[Gender, tuple[tuple[str, str], ...]] = {
    "male": _pairs(
        "伟 wei 强 qiang 磊 lei 军 jun 勇 yong 杰 jie 涛 tao 明 ming 超 chao 刚 gang 平 ping "
        "辉 hui 鹏 peng 斌 bin 波 bo 浩 hao 宇 yu 晨 chen 阳 yang 峰 feng 建 jian 国 guo 志 zhi "
        "文 wen 博 bo 俊 jun 子 zi 天 tian 思 si 嘉 jia 凯 kai 瑞 rui 泽 ze 航 hang 旭 xu 轩 xuan"
    ),
    "female": _pairs(
        "芳 fang 娜 na 敏 min 静 jing 丽 li 艳 yan 娟 juan 霞 xia 燕 yan 玲 ling 婷 ting 雪 xue "
        "慧 hui 颖 ying 洁 jie 萍 ping 红 hong 梅 mei 琳 lin 欣 xin 佳 jia 怡 yi 雨 yu 梦 meng "
        "诗 shi 涵 han 晓 xiao 思 si 子 zi 文 wen 若 ruo 可 ke 心 xin 月 yue 蕾 lei 薇 wei 瑶 yao"
    ),
}
_RARE = _pairs("䶮 yan 㛃 jie 𠮷 ji 翀 chong 堃 kun 犇 ben 玥 yue 祎 yi")
_DOTTED: dict[Gender, tuple[tuple[str, str], ...]] = {
    "male": _pairs("艾尼瓦尔 Aniwar 买合木提 Mahmut 吐尔逊 Tursun 阿不都拉 Abdulla 巴特尔 Bater"),
    "female": _pairs("阿依古丽 Aygul 迪丽娜尔 Dilnar 古丽娜尔 Gulnar 热依汗 Reyhan 娜仁 Naran"),
}
_FATHERS = _pairs("买买提 Memet 艾山 Hesen 吾买尔 Omer 卡德尔 Kadir 司马义 Ismail")


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it is written, and in latin letters."""

    family: str
    given: str
    latin: str
    mail_part: str


def draw(rng: random.Random, gender: Gender) -> Name:
    """Draw a name: of a thousand, about 15 have a compound surname, 10 rare signs, 6 a dot."""
    luck = rng.random()
    if luck < 0.006:
        own, own_latin = rng.choice(_DOTTED[gender])
        father, father_latin = rng.choice(_FATHERS)
        latin = f"{own_latin} {father_latin}"
        return Name(f"{own}·{father}", "", latin, latin.replace(" ", ".").lower())
    family, family_latin = rng.choice(_COMPOUND if luck < 0.021 else _SURNAMES)
    given, given_latin = draw_given(rng, gender)
    return Name(
        family,
        given,
        f"{family_latin.capitalize()} {given_latin.capitalize()}",
        f"{given_latin}.{family_latin}".replace("ü", "v"),
    )


def draw_given(rng: random.Random, gender: Gender) -> tuple[str, str]:
    """Draw a given name of one or two characters, with its pinyin."""
    pool = _GIVEN[gender]
    first, first_latin = pool[int(rng.random() * len(pool))]
    luck = rng.random()
    if luck < 0.22:
        return first, first_latin
    rest = _RARE if luck < 0.23 else pool
    second, second_latin = rest[int(rng.random() * len(rest))]
    return first + second, first_latin + second_latin


def with_rare_sign(rng: random.Random, name: Name) -> Name:
    """Return a Han name that ends in a character which narrow encodings cannot hold."""
    sign, latin = rng.choice(_RARE[:3])
    family, family_latin = rng.choice(_SURNAMES)
    kept = name.given[:1] or "小"
    return Name(
        family,
        kept + sign,
        f"{family_latin.capitalize()} {latin.capitalize()}",
        f"{latin}.{family_latin}".replace("ü", "v"),
    )
