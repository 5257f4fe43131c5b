import pytest

from fluvial.replication.compare.text import compare_text
from fluvial.replication.compare.tolerance import Tolerance


def found(recorded, local):
    return list(compare_text(recorded, local, Tolerance(), "output 1"))


@pytest.mark.parametrize(
    ("recorded", "local"),
    [
        ("[1.5, True]", "[np.float64(1.5), np.True_]"),
        ("(1.5, 3)", "(np.float64(1.5), np.int64(3))"),
        ("{'a': 1.5, 'b': nan}", "{'b': np.float64(nan), 'a': np.float64(1.5)}"),
        ("mean 1.5", "mean np.float64(1.5)"),
        ("array([ 1.,  2.,\n        3.])", "array([1., 2., 3.])"),
        ("[[1 2]\n [3 4]]", "[[1 2] [3 4]]"),
        ("0    a\nName: x, dtype: object", "0    a\nName: x, dtype: str"),
        ("Index(['a'], dtype='object')", "Index(['a'], dtype='str')"),
        (
            "CategoricalDtype(categories=['a'], ordered=False, categories_dtype=object)",
            "CategoricalDtype(categories=['a'], ordered=False, categories_dtype=str)",
        ),
        ("<AxesSubplot:xlabel='a'>", "<Axes: xlabel='a'>"),
        ("<matplotlib.axes._subplots.AxesSubplot at 0x7f3ab2c4d190>", "<Axes: xlabel='a'>"),
        ("<matplotlib.text.Text at 0x7f3ab2c4d190>", "Text(0.5, 1.0, 'Loss')"),
        ("<a list of 10 Patch objects>", "<BarContainer object of 10 artists>"),
        ("<Container object of 3 artists>", "<ErrorbarContainer object of 3 artists>"),
        ("{'x': 1, 'y': [2]}", "{'y': [2], 'x': 1}"),
        ("{'a': [2, 6]}", "{'a': Index([2, 6], dtype='int64')}"),
        ("{'a': [5, 13]}", "{'a': RangeIndex(start=5, stop=21, step=8)}"),
        ("OrderedDict([('a', 1), ('b', 2)])", "OrderedDict({'a': 1, 'b': 2})"),
        ("best: {'C': 10, 'gamma': 0.1}, score 0.9", "best: {'gamma': 0.1, 'C': 10}, score 0.9"),
        ("classes: {'b', 'a'}", "classes: {'a', 'b'}"),
        ("[u'a', 10L]", "['a', 10]"),
        (
            "<4x5 sparse matrix of type '<class 'numpy.int64'>'\n"
            "\twith 12 stored elements in Compressed Sparse Row format>",
            "<Compressed Sparse Row sparse matrix of dtype 'int64'\n"
            "\twith 12 stored elements and shape (4, 5)>",
        ),
        ("MultiIndex(levels=[['a', 'b']], labels=[[0, 1]])", "MultiIndex([('a',), ('b',)])"),
        ("<type 'int'>", "<class 'int'>"),
        ("<class 'numpy.lib.polynomial.poly1d'>", "<class 'numpy.poly1d'>"),
        ("<class '__main__.Point'>", "__main__.Point"),
        ("<matplotlib.axes.AxesSubplot at 0x10a3ae610>", "<Axes: xlabel='a'>"),
        (
            "(array([0, 1]), <a list of 2 Text xticklabel objects>)",
            "(array([0, 1]), [Text(0, 0, 'a'), Text(1, 0, 'b (c)')])",
        ),
        ("Timestamp('2015-01-01 00:00:00', freq='D')", "Timestamp('2015-01-01 00:00:00')"),
        (
            "PeriodIndex(['2011-01'], dtype='int64', freq='M')",
            "PeriodIndex(['2011-01'], dtype='period[M]')",
        ),
        ("{'a': <A at 0x10a3ae610>, 'b': 2}", "{'b': 2, 'a': <A at 0x7f3ab2c4d190>}"),
        ("Int64Index: 3 entries, 0 to 2", "RangeIndex: 3 entries, 0 to 2"),
        ("<bound method NDFrame.describe of 5>", "<bound method DataFrame.describe of 5>"),
        ("a  5\nName: a, dtype: int64", "a  5\nName: a, Length: 9, dtype: int64"),
        ("      a     b\n0   1.0  None\n1   2.0     x", "     a    b\n0  1.0  NaN\n1  2.0    x"),
        ("2015-01-02 00:00:00    5\ndtype: int64", "2015-01-02    5\ndtype: int64"),
        ("note\n\n  years: 309", "::\n\n    note\n\n  years: 309"),
        (
            "     a  \\\n0  0.1   \n1  0.2   \n\n     b  \n0  0.3  \n1  0.4  ",
            "     a    b\n0  0.1  0.3\n1  0.2  0.4",
        ),
        (
            "<xarray.Dataset>\n  * x  (x) int64 10 20\n    t  (x, y) float64 0.1 0.2",
            "<xarray.Dataset> Size: 64B\n  * x  (x) int64 16B 10 20\n"
            "    t  (x, y) float64 1kB 0.1 0.2",
        ),
        ("tensor(0.5, grad_fn=<MulBackward>)", "tensor(0.5, grad_fn=<MulBackward0>)"),
        ("[WindowsPath('a/b.csv')]", "[PosixPath('a/b.csv')]"),
        ("Warnings:\n[1] Errors are assumed", "Notes:\n[1] Errors are assumed"),
        ("╞═════╡\n│ 1   │\n├╌╌╌╌╌┤\n│ 2   │", "╞═════╡\n│ 1   │\n│ 2   │"),
        ("<function __main__.f>", "<function __main__.f(x, y=1)>"),
        ("<function f at 0x10a3ae610>", "<function __main__.f(x)>"),
        ("<__main__.Point instance at 0x10a3ae610>", "<__main__.Point at 0x7f3ab2c4d190>"),
        ("<_sre.SRE_Match object; span=(0, 2)>", "<re.Match object; span=(0, 2)>"),
        ("<unbound method A.f>", "<function __main__.A.f(self)>"),
        ("<built-in function len>", "<function len(obj, /)>"),
        (
            "Polynomial([ 1.,  2.], [-1.,  1.], [-2.,  2.])",
            "Polynomial([1., 2.], domain=[-1.,  1.], window=[-2.,  2.])",
        ),
        ("ModeResult(mode=array([3]))", "ModeResult(mode=np.int64(3))"),
        ("<module 'math' from '/usr/lib/math.so'>", "<module 'math' (built-in)>"),
        ("'caf\\xc3\\xa9'", "'café'"),
        ("[u'caf\\xe9', 1]", "['café', 1]"),
        ("   a  b\n0  1  2\n\n[1 rows x 2 columns]", "   a  b\n0  1  2"),
        ("0.10000000000000001", "0.1"),
        ("SVC(C=1, cache_size=200, degree=3, tol=0.1)", "SVC(C=1)"),
        (
            "array(['PR', 'USA'], dtype=object)",
            "<StringArray>\n['PR', 'USA']\nLength: 2, dtype: str",
        ),
        (
            "[[0 1 2 ..., 97 98 99]\n [1 2 3 ..., 98 99 100]]",
            "[[0 1 2 ... 97 98 99]\n [1 2 3 ... 98 99 100]]",
        ),
        (
            "[[0 1 ..., 98 99]\n ..., \n [1 2 ..., 99 100]]",
            "[[0 1 ... 98 99]\n ...\n [1 2 ... 99 100]]",
        ),
        ("pandas.core.series.Series", "pandas.Series"),
        (
            "PeriodIndex(['2016Q1'], dtype='period[Q-DEC]', freq='Q-DEC')",
            "PeriodIndex(['2016Q1'], dtype='period[Q-DEC]')",
        ),
        ("GridSearchCV(grid={'n': [1, 2, 3, 4, 5]})", "GridSearchCV(grid={'n': [1, 2, ...]})"),
        ("GridSearchCV(grid={'n': [1, 2, 3, 4, 5]})", "GridSearchCV(grid={'n': [1, ..., 5]})"),
    ],
)
def test_the_same_values_in_another_style(recorded, local):
    (difference,) = found(recorded, local)
    assert (difference.tolerated, difference.cause) == (True, "library printing")
    assert [other.tolerated for other in found(local, recorded)] == [True]


@pytest.mark.parametrize(
    ("recorded", "local"),
    [
        (
            "<xarray.Dataset>\n  * x  (x) int64 10 20",
            "<xarray.Dataset> Size: 64B\n  * x  (x) int64 16B 10 30",
        ),
        ("<xarray.Dataset> Size: 64B", "<xarray.Dataset> Size: 128B"),
        ("tensor(0.5, grad_fn=<MulBackward>)", "tensor(0.5, grad_fn=<AddBackward0>)"),
        ("╞═════╡\n│ 1   │\n│ 2   │", "╞═════╡\n│ 2   │"),
        ("[1.5, True]", "[np.float64(1.6), np.True_]"),
        ("[1.5, True]", "[np.float64(1.5), np.False_]"),
        ("array([ 1.,  2.,\n        3.])", "array([1., 2., 4.])"),
        ("Name: x, dtype: object", "Name: x, dtype: float64"),
        ("<AxesSubplot:xlabel='a'>", "<Axes: xlabel='b'>"),
        ("<a list of 10 Patch objects>", "<BarContainer object of 12 artists>"),
        ("<Container object of 3 artists>", "<ErrorbarContainer object of 2 artists>"),
        ("{'x': 1, 'y': [2]}", "{'y': [3], 'x': 1}"),
        ("{'a': [2, 6]}", "{'a': Index([2, 7], dtype='int64')}"),
        ("{1: 2, 3: 4}", "{1: 4, 3: 2}"),
        ("SVC(C=10)", "SVC()"),
        ("[('Ann', 25, 55.0) ('Bob', 45, 85.5)]", "[('Ann', 26, 55. ) ('Bob', 45, 85.5)]"),
        ("37253956", "37253957"),
        ("SVC(C=1, cache_size=200, degree=3, tol=0.1)", "SVC(C=2)"),
        ("SVC(C=10)", "SVR(C=10)"),
        ("CategoricalDtype(['a'], c_dtype=object)", "CategoricalDtype(['a'], c_dtype=int64)"),
        (
            "array(['PR', 'USA'], dtype=object)",
            "<StringArray>\n['PR', 'UK']\nLength: 2, dtype: str",
        ),
        ("[[0 1 2 ..., 97 98 99]]", "[[0 1 2 ... 97 98 98]]"),
        ("[[0 1]\n ..., \n [1 2]]", "[[0 1]\n ...\n [1 3]]"),
        ("pandas.core.series.Series", "pandas.DataFrame"),
        ("GridSearchCV(grid={'n': [1, 2, 3, 4, 5]})", "GridSearchCV(grid={'n': [1, 3, ...]})"),
        ("GridSearchCV(grid={'n': [1, 2]})", "GridSearchCV(grid={'n': [1, 2, 3, ...]})"),
    ],
)
def test_other_values_in_another_style(recorded, local):
    assert any(not difference.tolerated for difference in found(recorded, local))


def test_a_number_in_an_array_of_several_lines_is_located():
    (difference,) = found("[[1 2]\n [3 4]]", "[[1 2]\n [3 5]]")
    assert (difference.place, difference.line) == ("output 1 line 2, number 4", 2)


@pytest.mark.parametrize(
    ("recorded", "local"),
    [
        (
            "    fun: 1.0\nmessage: 'ok'\nsuccess: True\n      x: array([2.])",
            "message: ok\nsuccess: True\n    fun: 1.000e+00\n      x: [ 2.000e+00]\n    nit: 3",
        ),
        (
            "Done.\n  Iterations: 7\n    fun: 1.0\nmessage: 'ok'\nsuccess: True\n"
            "      x: array([2.00012345e+00,\n       1.25e-09])\nnext",
            "Done.\n  Iterations: 7\nmessage: ok\nsuccess: True\n    fun: 1.000e+00\n"
            "      x: [ 2.000e+00  1.250e-09]\nnext",
        ),
        (
            "CSR:\n   (0, 0)\t1.0\n  (1, 1)\t2.000e",
            "CSR:\n  <Compressed Sparse Row sparse matrix of dtype 'float64'\n"
            "\twith 2 stored elements and shape (2, 2)>\n  Coords\tValues\n"
            "  (0, 0)\t1.0\n  (1, 1)\t2.000e",
        ),
        (
            "          0   0.9   1.0   10\n\navg / total   0.95   0.97   19",
            "          0   0.9   1.0   10\n\n"
            "   accuracy   0.95   19\nweighted avg   0.95   0.97   19",
        ),
    ],
)
def test_what_scipy_and_scikit_learn_report_in_the_form_of_another_version(recorded, local):
    differences = found(recorded, local)
    assert differences
    assert all(difference.tolerated for difference in differences)
    changed = local.replace("0.95", "0.85").replace("2.000e", "3.000e")
    assert not all(difference.tolerated for difference in found(recorded, changed))
