from fluvial.replication.announce import announcements

from .books import book, recorded


def test_installing_and_network_are_announced():
    cells = [
        "!pip install seaborn",
        "import pandas as pd",
        "%conda install numpy",
        "pd.read_csv('https://example.org/a.csv')",
        "x = 1  # see https://example.org",
        "!wget http://example.org/a.csv",
    ]
    assert announcements(recorded(book(*((cell, []) for cell in cells)))) == (
        "Cells 1 and 3 install packages, which changes the environment of the kernel.",
        "Cells 4 and 6 use the network.",
    )
