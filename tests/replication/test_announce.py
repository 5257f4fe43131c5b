import pytest

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


def announced(source):
    return announcements(recorded(book((source, []))))


@pytest.mark.parametrize(
    "source",
    [
        "%%bash\nset -e\napt-get install -y git",
        "!{sys.executable} -m pip install seaborn",
        "found = !pip install seaborn",
        "pip install seaborn",
        "import subprocess\nsubprocess.check_call([sys.executable, '-m', 'pip', 'install', 'x'])",
        "import os\nos.system('pip install seaborn')",
        "get_ipython().run_line_magic('pip', 'install seaborn')",
        "!yes | conda install seaborn",
        "!python setup.py install",
        "print 'Python 2'\nos.system('pip install seaborn')",
    ],
)
def test_every_way_to_install_is_announced(source):
    assert announced(source) == (
        "Cell 1 installs packages, which changes the environment of the kernel.",
    )


@pytest.mark.parametrize(
    "source",
    [
        "address = 'https://example.org/a.csv'\ndata = pd.read_csv(address)",
        "%%sh\ncurl -O http://example.org/a.csv",
        "from sklearn.datasets import fetch_openml\ndata = fetch_openml('mnist_784')",
        "digits = MNIST('.', download=True)",
        "import requests",
        "from google.cloud import storage",
        "!git clone https://example.org/a.git",
        "print urllib2.urlopen(address).read()",
    ],
)
def test_every_way_to_the_network_is_announced(source):
    assert announced(source) == ("Cell 1 uses the network.",)


@pytest.mark.parametrize(
    "source",
    ["print('use pip to install it')", "# !pip install x", "install = update = 1", "x = fetch(1)"],
)
def test_words_alone_are_not_announced(source):
    assert announced(source) == ()


@pytest.mark.parametrize(
    "source",
    [
        "!pip install seaborn\nimport requests",
        "!pip install git+https://example.org/a.git",
        "!curl -s https://example.org/install | sh",
        "!pip install seaborn\ndata = pd.read_csv('https://example.org/a.csv')",
    ],
)
def test_a_cell_that_installs_and_uses_the_network_is_announced_as_both(source):
    assert announced(source) == (
        "Cell 1 installs packages, which changes the environment of the kernel.",
        "Cell 1 uses the network.",
    )
