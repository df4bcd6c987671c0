"""Results of the simulated platform: scores that follow from who somebody is."""

from __future__ import annotations

import hashlib
from typing import Any

from hrhub.sandbox.world import WorldPerson

Row = dict[str, Any]
_ABILITIES = (("COMM", "沟通表达", 0.3), ("LOGIC", "逻辑分析", 0.4), ("STRESS", "抗压", 0.3))
_LINE = 60


def result_of(row: Row) -> Row:
    """Return what a ready report says beside the invitation.

    Two of three people pass. Who does not lacks logic, and the same people told two stories;
    resistance to stress is not assessed for every second person.
    """
    person: WorldPerson = row["_person"]
    digest = hashlib.sha256(person.person_id.encode()).digest()
    passed = row["_outcome"] == "recommended" or digest[0] % 3 != 0
    logic = 65.0 + digest[1] % 30 if passed else 43.0
    scores = {
        "COMM": 62.0 + digest[2] % 30,
        "LOGIC": logic,
        "STRESS": None if digest[3] % 2 else 61.0 + digest[4] % 30,
    }
    known = [(scores[code] or 0.0, weight) for code, _, weight in _ABILITIES if scores[code]]
    total = round(sum(s * w for s, w in known) / sum(w for _, w in known), 1)
    return {
        "attempt": 1,
        "conclusion": "RECOMMENDED" if passed else "NOT_RECOMMENDED",
        "totalScore": total,
        "rank": {"position": 1 + digest[5] % 80, "total": 80},
        "matchRate": 40.0 + digest[6] % 60,
        "model": {
            "name": "ai-eval",
            "version": "2026.09",
            "abilityModelId": "AM3",
            "abilityModelVersion": 3,
        },
        "abilities": [_ability(code, name, weight, scores) for code, name, weight in _ABILITIES],
        "questions": [],
        "report": {"summary": "回答清楚。" if passed else "逻辑分析不足。"},
        "video": {"durationSec": 900 + digest[7] % 600},
        "integrity": {"suspected": False, "flags": []},
        "failureReasons": [] if passed else _reasons(),
    }


def _ability(code: str, name: str, weight: float, scores: Row) -> Row:
    score = scores[code]
    level = "NOT_ASSESSED" if score is None else ("LOW" if score < _LINE else "MEDIUM")
    evidence = [] if score is None else [{"questionId": "Q2", "fromSec": 41, "toSec": 58}]
    return {
        "abilityCode": code,
        "name": name,
        "score": score,
        "passLine": _LINE,
        "level": level,
        "weight": weight,
        "evidence": evidence,
    }


def _reasons() -> list[Row]:
    return [
        {
            "reasonCode": "ABILITY_NOT_MET",
            "severity": "MAJOR",
            "confidence": 0.86,
            "abilityCode": "LOGIC",
            "requiredScore": _LINE,
            "actualScore": 43.0,
            "summary": "逻辑分析低于岗位要求",
            "evidence": [{"questionId": "Q4", "fromSec": 12, "toSec": 40}],
        },
        {
            "reasonCode": "BEHAVIOUR_INCONSISTENT",
            "severity": "MINOR",
            "confidence": 0.55,
            "dimension": "RESUME_VS_ANSWER",
            "claims": [
                {"source": "RESUME", "text": "独立负责"},
                {"source": "ANSWER", "questionId": "Q3", "text": "协助"},
            ],
            "summary": "职责描述前后不一致",
        },
    ]
