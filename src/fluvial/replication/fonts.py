"""Plots drawn a second time, in fonts like those that they ask for and that are not installed."""

from fluvial.replication.compare.outputs import IN_LIKE_FONTS
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
    import os

    from IPython.core import pylabtools

    like = {like!r}

    @functools.lru_cache(maxsize=1)
    def missing():
        from matplotlib import font_manager

        known = font_manager.fontManager.ttflist
        names = sorted(set(like) - {{font.name for font in known}})
        found = [font for font in known if font.name in like.values()]
        # Matplotlib's own list may be older than what is installed.
        files = tuple(name.replace(" ", "") for name in like.values())
        for path in font_manager.findSystemFonts() if names else ():
            if os.path.basename(path).startswith(files):
                found.append(font_manager.ttfFontProperty(font_manager.get_font(path)))
        return [
            dataclasses.replace(font, name=name)
            for name in names
            for font in found
            if font.name == like[name]
        ]

    def again(draw, figure, fmt, options):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.font_manager import FontManager, fontManager

        fonts, before, canvas = missing(), list(fontManager.ttflist), figure.canvas
        if not fonts:
            return None
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
                other = again(draw, figure, fmt, options)
            except Exception:  # another version of Matplotlib: there is one picture then
                return shown
            other = other[0] if isinstance(other, tuple) else other
            if other in (None, picture):
                return shown
            return picture, dict(about, {name}=other)

        return drawn

    pylabtools.print_figure = with_like_fonts(pylabtools.print_figure)
    pylabtools.retina_figure = with_like_fonts(pylabtools.retina_figure)


_fluvial_draw_in_like_fonts()
"""


def font_configuration(recorded: RecordedNotebook) -> str:
    """Return IPython's configuration for also drawing plots in like fonts; "" if there are none.

    Seaborn's plots, say, ask for Arial. Where it is not installed, Matplotlib takes another font,
    with wider letters; the recorded plot may be either, depending on where it was drawn.
    """
    drawn = any(
        "image/png" in output.get("data", {}) for cell in recorded.cells for output in cell.outputs
    )
    return _CONFIGURATION.format(like=_LIKE, name=IN_LIKE_FONTS) if drawn else ""
