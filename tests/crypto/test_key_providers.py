"""One suite for all key providers, and the refusals of each."""

from __future__ import annotations

import base64
import json
import logging
import os
import pickle
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from hrhub.ambient import random_bytes
from hrhub.crypto import EnvKeys, FileKeyring, KeyProvider, default_provider
from hrhub.errors import ConfigError, HrHubError, KeysUnavailable, Refused

CONTEXT = {"tenant": "acme", "purpose": "twk"}


def file_provider(tmp_path: Path) -> KeyProvider:
    return FileKeyring.create(tmp_path / "keyring.json")


def env_provider(_: Path) -> KeyProvider:
    return EnvKeys.from_env({"HRHUB_KEK": base64.b64encode(random_bytes(32)).decode()})


@pytest.fixture(params=[file_provider, env_provider], ids=["file", "env"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], KeyProvider]:
    def make_in(name: str) -> KeyProvider:
        directory = tmp_path / name
        directory.mkdir()
        provider: KeyProvider = request.param(directory)
        return provider

    return make_in


@pytest.fixture
def provider(make: Callable[[str], KeyProvider]) -> KeyProvider:
    return make("one")


def refusal(act: Callable[[], object]) -> str:
    """Return the code that an act is refused with."""
    with pytest.raises(HrHubError) as caught:
        act()
    assert caught.value.__cause__ is None
    return caught.value.code


class TestEveryProvider:
    @pytest.mark.parametrize(
        "other",
        [
            {},
            {"tenant": "acme"},
            {"tenant": "other", "purpose": "twk"},
            {"tenant": "acme", "purpose": "twk", "more": ""},
            {"tenant": "acmepurpose", "": "twk"},
            {"purpose": "acme", "tenant": "twk"},
        ],
    )
    def test_another_context_does_not_unwrap(
        self, provider: KeyProvider, other: dict[str, str]
    ) -> None:
        ref = provider.current()
        blob = provider.wrap(ref, random_bytes(32), CONTEXT)

        assert refusal(lambda: provider.unwrap(ref, blob, other)) == "keys.refused"

    def test_every_flipped_bit_and_every_cut_is_refused(self, provider: KeyProvider) -> None:
        ref = provider.current()
        blob = provider.wrap(ref, random_bytes(32), CONTEXT)
        broken = [blob[:n] for n in range(0, len(blob), 7)] + [blob + b"\0"]
        for byte in range(len(blob)):
            flipped = bytearray(blob)
            flipped[byte] ^= 1 << byte % 8
            broken.append(bytes(flipped))

        for wrong in broken:
            assert refusal(lambda w=wrong: provider.unwrap(ref, w, CONTEXT)) == "keys.refused"

    def test_a_key_of_another_size_is_not_wrapped(self, provider: KeyProvider) -> None:
        for size in (0, 16, 31, 33):
            act = lambda n=size: provider.wrap(provider.current(), bytes(n), CONTEXT)  # noqa: E731
            assert refusal(act) == "keys.refused"

    def test_a_reference_of_another_ring_is_unknown(
        self, provider: KeyProvider, make: Callable[[str], KeyProvider]
    ) -> None:
        other = make("two")
        blob = other.wrap(other.current(), random_bytes(32), CONTEXT)

        assert refusal(lambda: provider.unwrap(other.current(), blob, CONTEXT)) == "keys.unknown"

    def test_a_key_comes_back_and_never_wraps_to_the_same_bytes(
        self, provider: KeyProvider
    ) -> None:
        key, ref = random_bytes(32), provider.current()

        blobs = {provider.wrap(ref, key, CONTEXT) for _ in range(3)}

        assert len(blobs) == 3
        for blob in blobs:
            assert provider.unwrap(ref, blob, dict(reversed(CONTEXT.items()))) == key

    def test_health_names_the_current_key(self, provider: KeyProvider) -> None:
        assert provider.health().ok
        assert provider.health().current == provider.current()

    def test_a_provider_is_not_pickled(self, provider: KeyProvider) -> None:
        with pytest.raises(TypeError):
            pickle.dumps(provider)


class TestFileKeyring:
    def test_a_missing_file_is_missing_keys(self, tmp_path: Path) -> None:
        ring = FileKeyring(tmp_path / "none.json")

        assert refusal(ring.current) == "keys.missing"
        assert ring.health().problem == "keys.missing"
        assert refusal(ring.rotate) == "keys.missing"
        assert not (tmp_path / "none.json").exists()

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644, 0o660, 0o611])
    def test_a_file_open_to_others_is_refused(self, tmp_path: Path, mode: int) -> None:
        path = tmp_path / "keyring.json"
        ring = FileKeyring.create(path)
        path.chmod(mode)

        assert refusal(ring.current) == "keys.exposed"

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
    def test_a_file_of_another_user_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "keyring.json"
        ring = FileKeyring.create(path)
        os.chown(path, 65534, 65534)

        assert refusal(ring.current) == "keys.exposed"

    def test_a_link_to_a_key_file_is_refused(self, tmp_path: Path) -> None:
        FileKeyring.create(tmp_path / "keyring.json")
        (tmp_path / "link.json").symlink_to(tmp_path / "keyring.json")

        assert refusal(FileKeyring(tmp_path / "link.json").current) == "keys.unreadable"

    def test_a_directory_or_a_pipe_is_refused(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe", 0o600)

        assert refusal(FileKeyring(tmp_path).current) == "keys.broken"
        assert refusal(FileKeyring(tmp_path / "pipe").current) == "keys.broken"

    @pytest.mark.parametrize(
        "change",
        [
            lambda d: d.update(format="hrhub-keyring/2"),
            lambda d: d.update(more=1),
            lambda d: d.update(keys=[]),
            lambda d: d.update(ring=""),
            lambda d: d["keys"][0].update(state="active"),
            lambda d: d["keys"][0].update(state="new"),
            lambda d: d["keys"][0].update(state="destroyed"),
            lambda d: d["keys"][0].update(key="AAAA"),
            lambda d: d["keys"][0].update(key="!" * 44),
            lambda d: d["keys"].append(dict(d["keys"][0])),
            lambda d: d["keys"].append({**d["keys"][0], "version": 2}),
            lambda d: d.pop("keys"),
        ],
    )
    def test_a_file_that_is_not_exactly_right_is_broken(
        self, tmp_path: Path, change: Callable[[dict[str, object]], object]
    ) -> None:
        path = tmp_path / "keyring.json"
        ring = FileKeyring.create(path)
        content = json.loads(path.read_text())
        change(content)
        path.write_text(json.dumps(content))

        assert refusal(ring.current) == "keys.broken"

    @pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b"null"])
    def test_a_file_that_is_not_a_key_ring_is_broken(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "keyring.json"
        path.touch(0o600)
        path.write_bytes(content)

        assert refusal(FileKeyring(path).current) == "keys.broken"

    def test_an_existing_file_is_never_overwritten(self, tmp_path: Path) -> None:
        path = tmp_path / "keyring.json"
        FileKeyring.create(path)
        before = path.read_bytes()

        with pytest.raises(Refused):
            FileKeyring.create(path)

        assert path.read_bytes() == before
        assert [p.name for p in tmp_path.iterdir()] == ["keyring.json"]

    def test_a_place_that_cannot_hold_a_directory_is_said_so(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()

        with pytest.raises(ConfigError) as caught:
            FileKeyring.create(tmp_path / "file" / "keyring.json")

        assert caught.value.code == "keys.unwritable"

    def test_the_file_is_private_whatever_the_umask(self, tmp_path: Path) -> None:
        old = os.umask(0)
        try:
            FileKeyring.create(tmp_path / "new" / "keyring.json").rotate()
        finally:
            os.umask(old)

        assert (tmp_path / "new" / "keyring.json").stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700

    def test_rotation_wraps_with_the_new_key_and_unwraps_with_both(
        self, keyring: FileKeyring
    ) -> None:
        old = keyring.current()
        blob = keyring.wrap(old, bytes(32), CONTEXT)

        new = keyring.rotate()

        assert keyring.current() == new != old
        assert keyring.unwrap(old, blob, CONTEXT) == bytes(32)
        assert keyring.states() == {old: "active", new: "primary"}
        assert refusal(lambda: keyring.unwrap(new, blob, CONTEXT)) == "keys.refused"

    def test_rotations_at_the_same_time_lose_no_key(self, keyring: FileKeyring) -> None:
        threads = [threading.Thread(target=keyring.rotate) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        states = list(keyring.states().values())
        assert sorted(states) == ["active"] * 6 + ["primary"]

    def test_a_disabled_key_is_refused_at_once_by_other_processes_too(
        self, keyring: FileKeyring, tmp_path: Path
    ) -> None:
        elsewhere = FileKeyring(tmp_path / "keyring.json")
        old = keyring.current()
        blob = elsewhere.wrap(old, bytes(32), CONTEXT)
        keyring.rotate()

        keyring.disable(old)

        assert refusal(lambda: elsewhere.unwrap(old, blob, CONTEXT)) == "keys.disabled"

    def test_a_destroyed_key_leaves_no_trace_in_the_file(
        self, keyring: FileKeyring, tmp_path: Path
    ) -> None:
        path = tmp_path / "keyring.json"
        secret = json.loads(path.read_text())["keys"][0]["key"]
        old = keyring.current()
        blob = keyring.wrap(old, bytes(32), CONTEXT)
        keyring.rotate()

        keyring.destroy(old)
        keyring.disable(old)

        assert secret not in path.read_text()
        assert keyring.states()[old] == "destroyed"
        assert refusal(lambda: keyring.unwrap(old, blob, CONTEXT)) == "keys.destroyed"

    def test_the_primary_key_cannot_be_retired(self, keyring: FileKeyring) -> None:
        for act in (keyring.disable, keyring.destroy):
            assert refusal(lambda a=act: a(keyring.current())) == "keys.primary"

    def test_an_unknown_key_cannot_be_retired(self, keyring: FileKeyring) -> None:
        assert refusal(lambda: keyring.disable("file:x:1")) == "keys.unknown"

    def test_nothing_of_a_key_is_printed(self, keyring: FileKeyring, tmp_path: Path) -> None:
        secret = json.loads((tmp_path / "keyring.json").read_text())["keys"][0]["key"]

        assert secret not in f"{keyring!r} {keyring._read()!r}"
        assert repr(base64.b64decode(secret)) not in f"{keyring!r} {keyring._read()!r}"


class TestEnvKeys:
    def test_a_missing_variable_is_missing_keys(self) -> None:
        assert refusal(lambda: EnvKeys.from_env({})) == "keys.missing"

    @pytest.mark.parametrize("text", ["", "short", "A" * 44 + "!", "QUJD", "é" * 44, "AAAA" * 11])
    def test_anything_but_32_bytes_of_base64_is_broken(self, text: str) -> None:
        env = {"HRHUB_KEK": text}

        assert refusal(lambda: EnvKeys.from_env(env)) == "keys.broken"
        assert env == {}

    def test_the_key_leaves_the_environment_and_a_warning_says_it_is_in_use(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        text = base64.b64encode(random_bytes(32)).decode()
        env = {"HRHUB_KEK": text, "OTHER": "stays"}

        with caplog.at_level(logging.WARNING):
            keys = EnvKeys.from_env(env)

        assert env == {"OTHER": "stays"}
        assert caplog.messages == ["env_keys_in_use"]
        assert text not in repr(keys)

    def test_the_environment_goes_before_the_key_ring_and_is_kept_for_the_process(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr("hrhub.crypto.envkeys._from_environment", None)
        monkeypatch.delenv("HRHUB_KEK", raising=False)
        without = default_provider(tmp_path / "keyring.json")
        monkeypatch.setenv("HRHUB_KEK", base64.b64encode(bytes(32)).decode())

        first = default_provider(tmp_path / "keyring.json")
        second = default_provider(tmp_path / "keyring.json")

        assert isinstance(without, FileKeyring)
        assert isinstance(first, EnvKeys)
        assert first is second
        assert "HRHUB_KEK" not in os.environ


def test_missing_keys_can_be_waited_for_but_broken_set_up_stops() -> None:
    assert KeysUnavailable.retryable
    assert not Refused.retryable
