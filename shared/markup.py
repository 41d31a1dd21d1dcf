"""What does a snippet of HTML say? Its text, without tags and entities."""

import html
import re

TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
BREAK = re.compile(r"<(?:br|/p|/li|/div|/tr)\b[^<>]{0,50}>", re.IGNORECASE)


def plain(snippet: str) -> str:
    """Entities resolved, twice, as portals escape what was escaped; tags gone, their breaks kept."""
    text = html.unescape(html.unescape(snippet)) if "&" in snippet else snippet
    return TAG.sub("", BREAK.sub("\n", text)) if "<" in text else text
