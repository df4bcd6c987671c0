"""Generated persons' values, for property tests."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from hrhub.mapping.clean import check_digit

_SIGNS = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗伟强磊军勇杰涛明超刚平辉鹏斌波浩宇晨阳峰"


def resident_ids() -> st.SearchStrategy[str]:
    """Return valid resident ids of 18 characters."""
    regions = st.sampled_from(["110105", "310115", "440106", "650102"])
    births = st.dates(date(1950, 1, 1), date(2005, 12, 31))
    numbers = st.integers(1, 999)
    return st.builds(
        lambda r, b, n: (first := f"{r}{b:%Y%m%d}{n:03d}") + check_digit(first),
        regions,
        births,
        numbers,
    )


def mobiles() -> st.SearchStrategy[str]:
    """Return mobile numbers of the mainland, with and without prefix."""
    return st.builds(
        lambda prefix, second, rest: f"{prefix}1{second}{rest:09d}",
        st.sampled_from(["", "+86", "86", "+86 "]),
        st.sampled_from("3456789"),
        st.integers(0, 10**9 - 1),
    )


def mails() -> st.SearchStrategy[str]:
    """Return mail addresses."""
    letters = st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=10)
    return st.builds(lambda a, b, c: f"{a}.{b}@{c}.com", letters, letters, letters)


def names() -> st.SearchStrategy[str]:
    """Return names of two to four signs."""
    return st.text(_SIGNS, min_size=2, max_size=4)
