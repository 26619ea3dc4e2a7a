"""What a painting says about its own making, in XMP: a machine painted this, from a photo."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from xml.sax.saxutils import escape

from pipeline.engine import Engine

TOOL = "Suisai"
IPTC_SOURCES = "http://cv.iptc.org/newscodes/digitalsourcetype/"


class DigitalSource(StrEnum):
    """How a picture came to be, in IPTC's words (NewsCodes, digitalsourcetype)."""

    DIFFUSION = "compositeWithTrainedAlgorithmicMedia"
    PAINTER = "algorithmicallyEnhanced"


@dataclass(frozen=True, slots=True)
class Maker:
    """Who painted a picture."""

    engine: str
    version: str
    source: DigitalSource

    @property
    def tool(self) -> str:
        """What painted, with engine and version, so that a picture can be traced to a model."""
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
