"""Charts as SVG that a page may hold under our policy: no style, script or address in it; the sheet colours them."""

import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

WIDTH, BAR_HEIGHT, MARGINS = 480, 24, 90
UNWANTED = ("defs", "style", "script", "title", "desc")
ATTRIBUTES = ("style", "id", "xmlns")
LETTERS = 14
VALUE_WIDTH, LEAST_MARGIN = 55, 20
WIDER = 0.4 * LETTERS
"""By so much a letter of ours is wider than the library takes it to be: Hangul is as wide as it is high."""


class Series(NamedTuple):
    """One colour of bars; None where there is no data."""

    name: str
    values: Sequence[float | None]


def bars(label: str, names: Sequence[str], series: Sequence[Series], *, percent: bool = False) -> Markup:
    """Bars to the right of their names.

    Args:
        label: what the chart shows, for who cannot see it; the page has a table with the same numbers.

    Returns:
        Nothing to show where there is no data at all.
    """
    if all(value is None for each in series for value in each.values):
        return Markup()
    pygal, Style = _pygal()  # noqa: N806 - a type
    lettering = dict.fromkeys(
        ("label_font_size", "major_label_font_size", "legend_font_size", "value_font_size"), LETTERS
    )
    chart = pygal.HorizontalBar(
        js=(),
        style=Style(**lettering),
        width=WIDTH,
        height=MARGINS + BAR_HEIGHT * len(names) * len(series),
        print_values=True,
        print_values_position="top",
        legend_at_bottom=True,
        show_legend=len(series) > 1,
        show_x_guides=False,
        tooltip_fancy_mode=False,
        value_formatter=(lambda value: f"{value:.0%}") if percent else (lambda value: f"{value:,.0f}"),
        range=(0, 1) if percent else None,
        include_x_axis=True,
        margin_right=VALUE_WIDTH,
        margin_left=LEAST_MARGIN + int(WIDER * max(map(len, names))),
        truncate_label=-1,
        no_data_text="",
    )
    chart.x_labels = list(reversed(names))  # it draws from below
    if percent:
        chart.y_labels = [0, 0.25, 0.5, 0.75, 1]
    for each in series:
        chart.add(each.name, list(reversed(each.values)))
    return _plain(chart.render_tree(), label)


def _pygal() -> tuple[Any, Any]:
    """The library, without the finder of its old plugins: that would hear of every later import of this process."""
    import pygal
    from pygal.style import Style

    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]
    return pygal, Style


def _plain(tree: Any, label: str) -> Markup:
    """Only shapes, letters and class names are left."""
    from pygal.etree import etree

    for parent in list(tree.iter()):
        for child in list(parent):
            if not isinstance(child.tag, str) or child.tag in UNWANTED or "tooltip-overlay" in child.get("class", ""):
                parent.remove(child)
    for element in tree.iter():
        for name in ATTRIBUTES:
            element.attrib.pop(name, None)
        if element.get("class") == "value":
            element.set("text-anchor", "start")  # beside its bar, not across its end
    tree.attrib.update({"class": "chart", "role": "img", "aria-label": label})
    return Markup(etree.tostring(tree, encoding="unicode"))  # noqa: S704 - our own tree, escaped as it is written
