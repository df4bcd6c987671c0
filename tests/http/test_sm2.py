"""SM2: keys and signatures in every form, known answers, and a second implementation."""

from __future__ import annotations

import base64
import random
import subprocess
from pathlib import Path
from shutil import which

import gmssl_pyx
import pytest
from tongsuopy.crypto import hashes, serialization
from tongsuopy.crypto.asymciphers import ec

from hrhub.errors import ConfigError
from hrhub.http import sm2
from hrhub.http.auth import Sm2Signed
from hrhub.http.testing import Reply, ScriptedServer, local_client

# GM/T 0003.5-2012, annex A: the key of all its examples.
D = "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8"
X = "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
Y = "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
R = "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
S = "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
C1 = (
    "04EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73"
    "E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0"
)
C3 = "59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766"
C2 = "21886CA989CA9C7D58087307CA93092D651EFA"
KEY = sm2.Sm2Key(D, X + Y)
RAW = bytes.fromhex(R + S)


def pair(number: int) -> tuple[str, str]:
    """Return public and private key, both in hexadecimal, the same for the same number."""
    secret = random.Random(number).randrange(1, 2**255)
    point = ec.derive_private_key(secret, ec.SM2()).public_key().public_numbers()
    return f"{point.x:064x}{point.y:064x}", f"{secret:064x}"


@pytest.mark.parametrize(
    "bad", ["", "no key", X, X + Y[:-2] + "14", "05" + X + Y, "00" * 64, f"02{'F' * 64}"]
)
def test_what_is_no_public_key_is_a_config_error_that_does_not_show_it(bad: str) -> None:
    with pytest.raises(ConfigError) as caught:
        sm2.verify(bad, b"m", RAW)
    assert caught.value.code == "auth.key_unusable"
    assert not bad or bad not in str(caught.value)


@pytest.mark.parametrize("bad", ["", "no key", "00" * 32, "FF" * 32, D[:-2]])
def test_what_is_no_private_key_is_a_config_error(bad: str) -> None:
    with pytest.raises(ConfigError) as caught:
        sm2.Sm2Key(bad, X + Y).sign(b"m")
    assert caught.value.code == "auth.key_unusable"


def test_keys_that_do_not_belong_together_are_told_before_anything_is_sent() -> None:
    public, _ = pair(1)
    with pytest.raises(ConfigError) as caught:
        sm2.Sm2Key(D, public).sign(b"m")
    assert caught.value.context["rule"] == "sm2_pair"


def test_a_key_is_not_shown() -> None:
    assert D not in repr(KEY)


@pytest.mark.parametrize(
    "changed",
    [b"", RAW[:-1], RAW + b"\0", bytes(64), RAW[:-1] + b"\xab", RAW[32:] + RAW[:32], b"\xff" * 64],
    ids=["empty", "short", "long", "zeros", "one_bit", "turned", "beyond_order"],
)
def test_what_is_no_signature_is_not_good(changed: bytes) -> None:
    assert not sm2.verify(X + Y, b"message digest", changed)


def test_a_signature_is_for_one_message_one_key_one_signer_and_one_form() -> None:
    assert not sm2.verify(X + Y, b"message digest.", RAW)
    assert not sm2.verify(pair(1)[0], b"message digest", RAW)
    assert not sm2.verify(X + Y, b"message digest", RAW, signer_id=b"ALICE123@YAHOO.COM")
    assert not sm2.verify(X + Y, b"message digest", RAW, form="der")
    assert not sm2.verify(X + Y, b"message digest", sm2.to_der(RAW))


def test_a_signature_in_der_has_one_spelling() -> None:
    der = sm2.to_der(RAW)
    padded = b"\x30" + bytes([der[1] + 1]) + b"\x02\x22\x00" + der[4:]
    assert sm2.verify(X + Y, b"message digest", der, form="der")
    assert not sm2.verify(X + Y, b"message digest", padded, form="der")
    assert not sm2.verify(X + Y, b"message digest", der + b"\0", form="der")


@pytest.mark.parametrize("form", ["raw", "der"])
def test_the_signature_of_the_standard_is_good(form: sm2.SignatureForm) -> None:
    signature = RAW if form == "raw" else sm2.to_der(RAW)
    assert sm2.verify(X + Y, b"message digest", signature, form=form)


def test_a_signature_of_ours_is_good_and_never_the_same_twice() -> None:
    signatures = {KEY.sign(b"message digest") for _ in range(20)}
    assert len(signatures) == 20
    assert all(sm2.verify(X + Y, b"message digest", s) for s in signatures)


def test_another_signers_id_is_part_of_the_signature() -> None:
    key = sm2.Sm2Key(D, X + Y, b"ALICE123@YAHOO.COM")
    signature = key.sign(b"m")
    assert sm2.verify(X + Y, b"m", signature, signer_id=b"ALICE123@YAHOO.COM")
    assert not sm2.verify(X + Y, b"m", signature)


def test_a_key_is_read_in_every_form() -> None:
    point = bytes.fromhex(X + Y)
    secret = ec.derive_private_key(int(D, 16), ec.SM2())
    spki = secret.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    pkcs8 = secret.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    parity = "03" if int(Y, 16) % 2 else "02"
    publics = [X + Y, "04" + X + Y, (X + Y).lower(), parity + X, spki.decode()]
    publics += [base64.b64encode(p).decode() for p in (point, b"\x04" + point)]
    assert {sm2.read_public(text) for text in publics} == {point}
    privates = [D, base64.b64encode(bytes.fromhex(D)).decode(), pkcs8.decode()]
    assert {sm2.read_private(text) for text in privates} == {bytes.fromhex(D)}


def test_keys_that_begin_with_the_prefix_themselves_are_not_cut() -> None:
    found = [n for n in range(600) if pair(n)[0].startswith("04")]
    assert found, "the numbers above hold such a key"
    for number in found:
        public, private = pair(number)
        for text in (public, "04" + public):
            assert sm2.verify(text, b"m", sm2.Sm2Key(private, text).sign(b"m"))


def test_short_numbers_keep_their_zeros() -> None:
    seen = 0
    while seen < 2:
        raw = KEY.sign(b"m")
        if raw[0] and raw[32]:
            continue
        seen += 1
        assert len(raw) == 64 and sm2.to_raw(sm2.to_der(raw)) == raw
        assert sm2.verify(X + Y, b"m", raw)


def test_a_second_implementation_takes_our_signatures_and_we_take_its() -> None:
    sm3 = ec.ECDSA(hashes.SM3())
    for number in range(12):
        public, private = pair(number)
        theirs = ec.derive_private_key(int(private, 16), ec.SM2())
        message = random.Random(number).randbytes(number * 37 + 1)
        ours = sm2.Sm2Key(private, public).sign(message)
        theirs.public_key().verify(sm2.to_der(ours), message, sm3)
        assert sm2.verify(public, message, theirs.sign(message, sm3), form="der")


@pytest.mark.skipif(which("openssl") is None, reason="there is no openssl program")
def test_openssl_takes_our_signatures(tmp_path: Path) -> None:
    public = ec.derive_private_key(int(D, 16), ec.SM2()).public_key()
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    files = {"m": b"from us", "s": sm2.to_der(KEY.sign(b"from us"))}
    files["p"] = public.public_bytes(encoding, form)
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    command = "openssl pkeyutl -verify -pubin -inkey p -in m -sigfile s -rawin -digest sm3"
    done = subprocess.run(
        [*command.split(), "-pkeyopt", "distid:1234567812345678"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert b"Verified Successfully" in done.stdout, done.stderr.decode()


@pytest.mark.parametrize("order", ["c1c3c2", "c1c2c3"])
def test_the_cipher_text_of_the_standard_opens(order: sm2.CipherOrder) -> None:
    tail = C3 + C2 if order == "c1c3c2" else C2 + C3
    cipher_text = bytes.fromhex("04" + C1 + tail)
    assert sm2.decrypt(D, cipher_text, order=order) == b"encryption standard"


def test_a_cipher_text_that_was_changed_or_is_anothers_does_not_open() -> None:
    cipher_text = bytes.fromhex("04" + C1 + C3 + C2)
    for place in (1, 40, 70, len(cipher_text) - 1):
        changed = bytearray(cipher_text)
        changed[place] ^= 1
        with pytest.raises(ValueError, match="no SM2 cipher text"):
            sm2.decrypt(D, bytes(changed))
    for wrong in (b"", cipher_text[:97], cipher_text[:-1], cipher_text[1:]):
        with pytest.raises(ValueError, match="no SM2 cipher text"):
            sm2.decrypt(D, wrong)
    with pytest.raises(ValueError, match="no SM2 cipher text"):
        sm2.decrypt(pair(1)[1], cipher_text)
    with pytest.raises(ValueError, match="no SM2 cipher text"):
        sm2.decrypt(D, cipher_text, order="c1c2c3")


def test_what_was_encrypted_opens_whatever_the_length() -> None:
    for size in (1, 16, 31, 32, 33, 127, 128, 200, 255):
        for order in ("c1c3c2", "c1c2c3"):
            hidden = sm2.encrypt(X + Y, b"k" * size, order=order)
            assert len(hidden) == 97 + size
            assert sm2.decrypt(D, hidden, order=order) == b"k" * size
    for plain in (b"", b"k" * 256):
        with pytest.raises(ValueError, match="1 to 255"):
            sm2.encrypt(X + Y, plain)


@pytest.mark.parametrize("form", ["raw", "der"])
def test_every_try_of_a_request_is_signed_anew(form: sm2.SignatureForm) -> None:
    def text(request: object, stamp: str, nonce: str) -> bytes:
        return f"{stamp}\n{nonce}".encode()

    def place(request: object, signature: str, stamp: str, nonce: str) -> None:
        request.headers |= {"X-Sign": signature, "X-Time": stamp, "X-Nonce": nonce}  # type: ignore

    auth = Sm2Signed(KEY, text, place, form=form)
    assert D not in repr(auth)
    with ScriptedServer([Reply(b"{}", 503), Reply.json({})]) as server:
        local_client(server.url, auth=auth).get("/x")

    assert len({r.headers["x-nonce"] for r in server.requests}) == 2
    for sent in server.requests:
        message = f"{sent.headers['x-time']}\n{sent.headers['x-nonce']}".encode()
        signature = base64.b64decode(sent.headers["x-sign"])
        assert sm2.verify(X + Y, message, signature, form=form)


def test_an_unusable_key_stops_before_anything_is_sent_and_names_the_connection() -> None:
    auth = Sm2Signed(sm2.Sm2Key("nothing", X + Y), lambda *_: b"", lambda *_: None)
    with ScriptedServer([]) as server, pytest.raises(ConfigError) as caught:
        local_client(server.url, auth=auth).get("/x")
    assert caught.value.code == "auth.key_unusable"
    assert server.requests == []


def test_another_holder_of_the_key_can_sign() -> None:
    class Hsm:
        def sign(self, message: bytes) -> bytes:
            der = gmssl_pyx.sm2_sign(bytes.fromhex(D), bytes.fromhex(X + Y), message)
            return sm2.to_raw(der)

    seen: list[str] = []
    auth = Sm2Signed(Hsm(), lambda *_: b"m", lambda _, signature, *__: seen.append(signature))
    with ScriptedServer([Reply.json({})]) as server:
        local_client(server.url, auth=auth).get("/x")
    assert sm2.verify(X + Y, b"m", base64.b64decode(seen[0]))
