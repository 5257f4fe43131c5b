"""The page of claims, and the figures of all studies, from ``results/``."""

import json
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

_RESULTS = Path(__file__).parents[2] / "results"
_HEAD = """# Claims

What was published, and what was measured here: written from [`results/`]({tree}) when this site
was built. `fluvial reproduce STUDY` measures it again, and `fluvial report results` makes a page to
sort and filter. A claim is INCONCLUSIVE if there were too few repetitions to judge it.
"""
_TREE = "repo:results"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page, and ``figures/STUDY/*.png`` for other pages to show."""
    parts = [_HEAD.format(tree=_TREE)]
    for folder in sorted(path.parent for path in _RESULTS.glob("*/claims.json")):
        study = json.loads((folder / "study.json").read_text("utf-8"))
        study = study.get("content", study)
        parts += [f"\n## {study['title']}\n", f"Budget {study['budget']}.\n", *_table(folder)]
        for figure in sorted((folder / "figures").glob("*.png")):
            name = f"figures/{folder.name}/{figure.name}"
            files.append(File.generated(config, name, abs_src_path=str(figure)))
    files.append(File.generated(config, "claims.md", content="\n".join(parts)))
    return files


def _table(folder: Path) -> Iterator[str]:
    yield "| claim | published | measured | verdict |"
    yield "|---|---|---|---|"
    content = json.loads((folder / "claims.json").read_text("utf-8"))
    for claim in content["content"]:
        cells = (
            claim["statement"],
            claim.get("published") or "–",
            _measured(claim),
            claim["judgement"],
        )
        yield f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def _measured(claim) -> str:
    value, spread = float(claim["measured"]), float(claim["spread"])
    if value != value:
        return "–"
    unit = f" {claim['unit']}" if claim.get("unit") else ""
    return f"{value:.4g}" + (f" ± {spread:.2g}" if spread == spread else "") + unit
