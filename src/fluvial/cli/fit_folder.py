"""What ``fluvial fit --out`` leaves in a folder."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from fluvial.cli.options import Showing

if TYPE_CHECKING:
    from fluvial.inference import Posterior

__all__ = ["save_results"]


def save_results(
    posterior: "Posterior", out: Path, showing: Showing, log_likelihood: bool, pictures: bool
) -> list[str]:
    """Leave the saved posterior, its table, a NetCDF file and pictures in a folder.

    Args:
        posterior: what to save.
        out: the folder.
        showing: how many draws, and of what, the pictures show.
        log_likelihood: whether it is in the NetCDF file.
        pictures: whether to draw any.

    Returns:
        Lines that report it.
    """
    from fluvial.cli.machine_formats import as_csv, as_json
    from fluvial.storage.writing import replaced

    posterior.save(out)
    if not posterior.pool.size:
        return [f"saved in {out}: posterior.json, with no draws"]
    summary = posterior.summary()
    for name, text in (
        ("summary.csv", as_csv(summary)),
        ("summary.json", as_json(posterior, summary)),
    ):
        with replaced(out / name) as fresh:
            fresh.write_text(f"{text}\n", encoding="utf-8")
    said = f"saved in {out}: posterior.json, summary.csv, summary.json"
    drawn, complaint = _for_arviz(posterior, out, showing, log_likelihood, pictures)
    return [", ".join([said, *drawn]), *([complaint] if complaint else [])]


def _for_arviz(
    posterior: "Posterior", out: Path, showing: Showing, log_likelihood: bool, pictures: bool
) -> tuple[list[str], str]:
    """Write what ArviZ reads and draws; return the names of the files, and why any is not there."""
    from fluvial.extras import lacking

    if lack := lacking("arviz", f"posterior.nc{', like pictures,' if pictures else ''}"):
        (out / "posterior.nc").unlink(missing_ok=True)  # of an earlier fit
        return [], lack
    posterior.to_netcdf(out / "posterior.nc", showing.draws, log_likelihood=log_likelihood)
    drawn, complaint = _pictures(posterior, out, showing) if pictures else ([], "")
    return ["posterior.nc", *drawn], complaint and f"no pictures: {complaint}"


def _pictures(posterior: "Posterior", out: Path, showing: Showing) -> tuple[list[str], str]:
    """Draw the pictures; return their names, and why there are none."""
    from fluvial.errors import InputError
    from fluvial.report.posterior_pictures import draw_pictures

    os.environ.setdefault("MPLBACKEND", "agg")  # nobody waits for a window
    try:
        return draw_pictures(posterior, showing.columns(posterior), out), ""
    except InputError as error:  # as of a fit that found one finite point and no other
        return [], str(error)
