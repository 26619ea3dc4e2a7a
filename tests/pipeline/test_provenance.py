"""A painting declares that a machine made it, optionally with a signature."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from pipeline.encode import finish
from pipeline.errors import PhotoRefused
from pipeline.provenance import C2paSigner, Credentials, DigitalSource, Maker, SignerUnusable
from pipeline.verify import Declaration, verify
from tests.pipeline.certificates import credentials
from tests.pipeline.photographs import encoded, landscape

PAINTER = Maker("painter", "1", DigitalSource.PAINTER)
DIFFUSION = Maker("diffusion", "2", DigitalSource.DIFFUSION)


@pytest.fixture(scope="module")
def identity() -> tuple[Credentials, bytes]:
    return credentials()


def painting(maker: Maker = PAINTER, signer: C2paSigner | None = None) -> bytes:
    return finish(np.asarray(landscape()), maker, signer)


@pytest.mark.parametrize("maker", [PAINTER, DIFFUSION])
def test_a_painting_declares_how_it_was_made(maker: Maker) -> None:
    assert verify(painting(maker)) == Declaration(maker.source, maker.tool, None)


def test_the_declaration_is_where_other_programs_look_for_it() -> None:
    with Image.open(BytesIO(painting())) as file:
        packet = ElementTree.fromstring(file.info["xmp"])  # noqa: S314 - our own
    (described,) = packet.iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description")
    source = described.get("{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType", "")
    assert source == "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced"


def test_a_photo_has_no_declaration() -> None:
    assert verify(encoded(landscape(), "PNG")) == Declaration("", "", None)


def test_a_file_that_is_not_a_picture_is_refused() -> None:
    with pytest.raises(PhotoRefused):
        verify(b"%PDF-1.7")


def test_a_signed_painting_contains_its_tool_and_signer(
    identity: tuple[Credentials, bytes],
) -> None:
    own, authority = identity
    said = verify(painting(DIFFUSION, C2paSigner(own)), authority)
    assert said.digital_source == DigitalSource.DIFFUSION
    assert said.manifest is not None
    assert said.manifest.state == "trusted"
    assert said.manifest.generator == "Suisai"
    assert said.manifest.signer == "A bot & Co"
    assert said.manifest.digital_source == DigitalSource.DIFFUSION


def test_a_signature_of_an_unknown_signer_is_valid_but_not_trusted(
    identity: tuple[Credentials, bytes],
) -> None:
    manifest = verify(painting(signer=C2paSigner(identity[0]))).manifest
    assert manifest is not None
    assert manifest.state == "valid"


def test_a_changed_signed_painting_is_invalid(
    identity: tuple[Credentials, bytes],
) -> None:
    signed = bytearray(painting(signer=C2paSigner(identity[0])))
    signed[-100] ^= 1
    manifest = verify(bytes(signed)).manifest
    assert manifest is not None
    assert manifest.state == "invalid"


def test_a_signature_adds_a_few_kilobytes_and_changes_no_pixel(
    identity: tuple[Credentials, bytes],
) -> None:
    signed, plain = painting(signer=C2paSigner(identity[0])), painting()
    assert len(signed) - len(plain) < 5000
    with Image.open(BytesIO(signed)) as left, Image.open(BytesIO(plain)) as right:
        assert left.tobytes() == right.tobytes()


def test_a_signer_is_thread_safe(identity: tuple[Credentials, bytes]) -> None:
    signer = C2paSigner(identity[0])
    with ThreadPoolExecutor(4) as threads:
        signed = threads.map(lambda _: painting(signer=signer), range(12))
        states = {manifest.state for file in signed if (manifest := verify(file).manifest)}
    assert states == {"valid"}


def test_credentials_that_cannot_sign_are_refused_at_once(
    identity: tuple[Credentials, bytes],
) -> None:
    for broken in (
        replace(identity[0], private_key=b"nonsense"),
        replace(identity[0], certificates=b"nonsense"),
        replace(identity[0], algorithm="rot13"),
    ):
        with pytest.raises(SignerUnusable):
            C2paSigner(broken)


def test_the_private_key_is_never_shown(identity: tuple[Credentials, bytes]) -> None:
    assert "PRIVATE" not in repr(identity[0])
