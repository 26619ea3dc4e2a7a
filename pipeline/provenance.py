"""Metadata that declares how a painting was made: XMP and, if keys are configured, a C2PA signature."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from PIL import Image

from pipeline.engine import Engine
from pipeline.errors import UserFacingError

TOOL = "Suisai"

IPTC_SOURCES = "http://cv.iptc.org/newscodes/digitalsourcetype/"


class DigitalSource(StrEnum):
    """How a picture was made: terms of IPTC's NewsCodes vocabulary `digitalsourcetype`."""

    DIFFUSION = "compositeWithTrainedAlgorithmicMedia"
    PAINTER = "algorithmicallyEnhanced"


@dataclass(frozen=True, slots=True)
class Maker:
    """The engine that painted a picture."""

    engine: str
    version: str
    source: DigitalSource

    @property
    def tool(self) -> str:
        """Name of the tool with engine and version, so that a picture can be traced to a model."""
        return f"{TOOL} ({self.engine} {self.version})"

    @classmethod
    def of(cls, engine: Engine) -> Maker:
        """Describe an engine; any engine but the painter counts as a trained model."""
        painter = engine.name == "painter"
        source = DigitalSource.PAINTER if painter else DigitalSource.DIFFUSION
        return cls(engine.name, engine.version, source)


def xmp_of(maker: Maker) -> bytes:
    """Return the XMP packet of a painting by this maker."""
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmp:CreatorTool="{escape(maker.tool, {'"': "&quot;"})}"
 Iptc4xmpExt:DigitalSourceType="{IPTC_SOURCES}{maker.source}"/>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>""".encode()


OFFLINE: dict[str, Any] = {
    # No thumbnail: the file contains the picture itself.
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"verify_after_sign": False, "remote_manifest_fetch": False},
}
"""Settings with which the C2PA library makes no network requests."""


class SignerUnusable(UserFacingError):
    """Pictures cannot be signed; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An operator's key and certificates for signing."""

    certificates: bytes
    """PEM: the signing certificate first, then the certificates of its issuers."""
    private_key: bytes = field(repr=False)
    """PEM, PKCS #8."""
    algorithm: str = "es256"
    """es256, es384, es512, ps256, ps384, ps512 or ed25519; must match the key."""


class C2paSigner:
    """Signs JPEG, PNG and WebP files with the operator's credentials. Thread-safe."""

    def __init__(self, credentials: Credentials) -> None:
        """Raise `SignerUnusable` if the library is missing or the credentials do not match."""
        try:
            import c2pa
        except ImportError:
            raise SignerUnusable("To sign pictures, install suisai[c2pa].") from None
        self._c2pa = c2pa
        self._credentials = credentials
        # Only a trial signature shows whether key, certificate and algorithm match.
        self.sign(_blank(), Maker("", "", DigitalSource.PAINTER))

    def sign(self, picture: bytes, maker: Maker, mime_type: str = "image/jpeg") -> bytes:
        """Return the file with a signed manifest; any later change to it breaks the signature.

        Raises `SignerUnusable`.
        """
        c2pa = self._c2pa
        signed = BytesIO()
        context = c2pa.Context.from_dict(OFFLINE)
        try:
            with c2pa.Builder.from_json(
                json.dumps(_manifest(maker, mime_type)), context
            ) as builder:
                builder.sign(self._signer(), mime_type, BytesIO(picture), signed)
        except c2pa.C2paError as error:
            raise SignerUnusable(f"The picture could not be signed: {error}") from error
        return signed.getvalue()

    def _signer(self) -> Any:  # noqa: ANN401 - the library is optional, and so are its types
        c2pa, own = self._c2pa, self._credentials
        try:
            info = c2pa.C2paSignerInfo(own.algorithm, own.certificates, own.private_key, None)
            return c2pa.Signer.from_info(info)
        except c2pa.C2paError as error:
            raise SignerUnusable(f"These credentials cannot sign: {error}") from error


def _blank() -> bytes:
    file = BytesIO()
    Image.new("L", (8, 8)).save(file, "JPEG")
    return file.getvalue()


def _manifest(maker: Maker, mime_type: str) -> dict[str, Any]:
    tool = {"name": TOOL, "version": maker.version}
    created = {
        "action": "c2pa.created",
        "digitalSourceType": IPTC_SOURCES + maker.source,
        "softwareAgent": {**tool, "operating_mode": maker.engine},
    }
    return {
        "claim_generator_info": [tool],
        "title": "A painting after a photo",
        "format": mime_type,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
    }
