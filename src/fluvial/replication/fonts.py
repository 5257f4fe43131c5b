"""Plots drawn a second time, in fonts like those that they ask for and that are not installed."""

from fluvial.replication.compare.outputs import IN_LIKE_FONTS, MISSING_FONTS
from fluvial.replication.read import RecordedNotebook

__all__ = ["font_configuration"]

# Fonts whose letters are as wide and look alike, as fontconfig has them:
# https://gitlab.freedesktop.org/fontconfig/fontconfig, conf.d/30-metric-aliases.conf
_LIKE = {
    **dict.fromkeys(("Arial", "Helvetica"), "Liberation Sans"),
    **dict.fromkeys(("Times New Roman", "Times"), "Liberation Serif"),
    **dict.fromkeys(("Courier New", "Courier"), "Liberation Mono"),
}
# The other canvas has measured no text yet; fonts that were found are forgotten before and after.
_CONFIGURATION = """\


def _fluvial_draw_in_like_fonts():
    import dataclasses
    import functools
    import itertools
    import os

    from IPython.core import pylabtools

    like = {like!r}

    def asked(figure):
        import matplotlib
        from matplotlib.font_manager import fontManager
        from matplotlib.text import Text

        there = {{font.name for font in fontManager.ttflist}}
        missing = set()
        for text in figure.findobj(Text):
            names = []
            for family in text.get_fontproperties().get_family():
                names += matplotlib.rcParams.get("font." + family, [family])
            before = itertools.takewhile(lambda name: name not in there, names)
            missing.update(name for name in before if name in like)
        return sorted(missing)

    @functools.lru_cache(maxsize=1)
    def installed():
        from matplotlib import font_manager

        found = [font for font in font_manager.fontManager.ttflist if font.name in like.values()]
        # Matplotlib's own list may be older than what is installed.
        files = tuple(name.replace(" ", "") for name in like.values())
        for path in font_manager.findSystemFonts():
            if os.path.basename(path).startswith(files):
                found.append(font_manager.ttfFontProperty(font_manager.get_font(path)))
        return found

    def again(draw, figure, fmt, options, fonts):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.font_manager import FontManager, fontManager

        before, canvas = list(fontManager.ttflist), figure.canvas
        try:
            fontManager.ttflist.extend(fonts)
            FontManager._findfont_cached.cache_clear()
            FigureCanvasAgg(figure)
            return draw(figure, *fmt, **options)
        finally:
            fontManager.ttflist[:] = before
            FontManager._findfont_cached.cache_clear()
            figure.set_canvas(canvas)

    def with_like_fonts(draw):
        @functools.wraps(draw)
        def drawn(figure, *fmt, **options):
            shown = draw(figure, *fmt, **options)
            is_png = "png" in (*fmt, options.get("fmt", "png"))
            if not shown or not options.get("base64") or not is_png:
                return shown
            picture, about = shown if isinstance(shown, tuple) else (shown, {{}})
            try:
                names = asked(figure)
                fonts = [
                    dataclasses.replace(font, name=name)
                    for name in names
                    for font in installed()
                    if font.name == like[name]
                ]
                if not fonts:
                    return (picture, dict(about, {missing}=", ".join(names))) if names else shown
                other = again(draw, figure, fmt, options, fonts)
            except Exception:  # another version of Matplotlib: there is one picture then
                return shown
            other = other[0] if isinstance(other, tuple) else other
            return picture, dict(about, {again}=other)

        return drawn

    pylabtools.print_figure = with_like_fonts(pylabtools.print_figure)
    pylabtools.retina_figure = with_like_fonts(pylabtools.retina_figure)


_fluvial_draw_in_like_fonts()
"""


def font_configuration(recorded: RecordedNotebook) -> str:
    """Return IPython's configuration for also drawing plots in like fonts; "" if there are none.

    Seaborn's plots, say, ask for Arial. Where it is not installed, Matplotlib takes another font,
    with wider letters; the recorded plot may be either, depending on where it was drawn. Where no
    like font is installed either, the output says which ones are missing.
    """
    drawn = any(
        "image/png" in output.get("data", {}) for cell in recorded.cells for output in cell.outputs
    )
    names = {"again": IN_LIKE_FONTS, "missing": MISSING_FONTS}
    return _CONFIGURATION.format(like=_LIKE, **names) if drawn else ""
