"""The page of claims, and the figures of all studies, from ``results/``."""

import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from fluvial.report.claims import claim_row
from fluvial.reproduction import StudyResults
from fluvial.studies import STUDIES

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
    for folder in (_RESULTS / study for study in STUDIES):
        if not (folder / "claims.json").is_file():
            continue
        results = StudyResults(folder)
        parts += [
            f"\n## {results.header['title']}\n",
            f"Run with `--budget {results.budget.value}`.\n",
            *_table(folder.name, results),
        ]
        for figure in sorted((folder / "figures").glob("*.png")):
            name = f"figures/{folder.name}/{figure.name}"
            files.append(File.generated(config, name, abs_src_path=str(figure)))
    files.append(File.generated(config, "claims.md", content="\n".join(parts)))
    return files


def _table(study: str, results: StudyResults) -> Iterator[str]:
    yield "| claim | published | measured | verdict |"
    yield "|---|---|---|---|"
    for claim in results.claims():
        cells = (
            claim["statement"],
            claim.get("published") or "–",
            re.sub("^-", "−", claim_row(study, claim).measured),
            claim["judgement"],
        )
        yield f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |"
