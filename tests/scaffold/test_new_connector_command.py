"""`hrhub new-connector`: asks people, takes options from programs, says what to do next."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from hrhub.cli.main import run


def test_a_name_that_cannot_be_is_told_in_both_languages(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for language, word in (("en", "lower-case"), ("zh", "小写")):
        status = run(["new-connector", "Acme!", "--dir", str(tmp_path / "x"), "--lang", language])

        assert status == 7
        assert word in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_an_unknown_choice_lists_those_there_are(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    status = run(["new-connector", "acme", "--auth", "magic", "--dir", str(tmp_path / "x")])

    assert status == 7
    assert "client_credentials, gettoken" in capsys.readouterr().err


def test_programs_get_defaults_and_a_document(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    status = run(["new-connector", "acme", "--json"])

    document = json.loads(capsys.readouterr().out)
    assert status == 0
    assert document["folder"] == "hrhub-acme"
    assert {f for f in document["files"] if not (tmp_path / "hrhub-acme" / f).is_file()} == set()
    assert os.access(tmp_path / "hrhub-acme" / ".ci" / "run", os.X_OK)
    assert "hrhub conformance acme" in document["next"]


def test_people_at_a_terminal_are_asked_what_they_did_not_say(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "hrhub.cli", "new-connector", "acme", "--kind", "hr"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        os.write(ours, b"api_key\noffset\n")
        out, asked = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)

    assert process.returncode == 0, asked
    text = (tmp_path / "hrhub-acme" / "hrhub_acme" / "connector.py").read_text()
    assert "ApiKey(" in text
    assert "Offset(" in text
    assert b"Authorisation" in asked
    assert b"Kind of system" not in asked
    assert b"pip install" in out
