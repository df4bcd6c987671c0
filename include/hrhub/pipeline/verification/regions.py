"""Cities as resumes name them, and the codes of regions (GB/T 2260) that records carry."""

from __future__ import annotations

_CITIES = {
    "北京": "11", "天津": "12", "上海": "31", "重庆": "50",
    "石家庄": "1301", "太原": "1401", "呼和浩特": "1501", "沈阳": "2101", "大连": "2102",
    "长春": "2201", "哈尔滨": "2301", "南京": "3201", "无锡": "3202", "徐州": "3203",
    "常州": "3204", "苏州": "3205", "南通": "3206", "杭州": "3301", "宁波": "3302",
    "温州": "3303", "嘉兴": "3304", "绍兴": "3306", "合肥": "3401", "福州": "3501",
    "厦门": "3502", "泉州": "3505", "南昌": "3601", "济南": "3701", "青岛": "3702",
    "烟台": "3706", "郑州": "4101", "武汉": "4201", "长沙": "4301", "广州": "4401",
    "深圳": "4403", "珠海": "4404", "佛山": "4406", "惠州": "4413", "东莞": "4419",
    "中山": "4420", "南宁": "4501", "海口": "4601", "成都": "5101", "贵阳": "5201",
    "昆明": "5301", "拉萨": "5401", "西安": "6101", "兰州": "6201", "西宁": "6301",
    "银川": "6401", "乌鲁木齐": "6501",
}  # fmt: skip
"""City -> first digits of the codes in it; whoever is not in the table is never judged."""


def of_other_city(city: str, region: str) -> bool:
    """Tell whether a region is surely not in a city."""
    name = city.strip().removesuffix("市")
    known = next((code for place, code in _CITIES.items() if name.startswith(place)), None)
    return known is not None and not region.startswith(known)
