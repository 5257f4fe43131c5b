"""What the tracked results say of the publications."""

from pathlib import Path

import pytest

RESULTS = sorted((Path(__file__).parents[2] / "results").glob("*/claims.json"))


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.parent.name)
def test_no_published_number_is_quoted_from_memory(path):
    said = path.read_text()
    assert '"published"' in said
    assert "from memory" not in said
    assert "remembered" not in said
