"""What does a snippet of HTML say? Its text, without tags and entities."""

import html
import re

ELEMENTS = (
    "a|abbr|acronym|address|article|aside|b|big|blockquote|body|br|button|caption|center|cite|code|col|colgroup|dd|del"
    "|details|dfn|dir|div|dl|dt|em|fieldset|figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img"
    "|input|ins|kbd|label|legend|li|link|main|mark|marquee|menu|meta|nav|nobr|o:p|ol|optgroup|option|p|pre|q|s|samp"
    "|script|section|select|small|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|textarea|tfoot|th|thead"
    "|time|title|tr|tt|u|ul|var|video|wbr"
)
ATTRIBUTE = (
    r"""[a-z][\w:.-]*+\s*+=\s*+(?:"[^"<>]*+"|'[^'<>]*+'|[^\s"'<>]++)|(?:checked|disabled|hidden|nowrap|selected)\b"""
)
TAG = re.compile(rf"</?(?:{ELEMENTS})(?=[\s/>])(?:[\s/]*+(?:{ATTRIBUTE}))*+[\s/]*+>", re.IGNORECASE | re.ASCII)
"""Not `<CS 상담원>` or `<Female only>`, which a page shows as they are."""
BREAK = re.compile(r"<(?:br|/p|/li|/div|/tr)\b", re.IGNORECASE)


def plain(snippet: str) -> str:
    """Entities resolved, twice, as portals escape what was escaped; tags gone, their breaks kept."""
    text = html.unescape(html.unescape(snippet)) if "&" in snippet else snippet
    return TAG.sub(lambda tag: "\n" if BREAK.match(tag[0]) else "", text) if "<" in text else text
