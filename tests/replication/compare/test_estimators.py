import pytest

from fluvial.replication.compare.cell import compare_outputs
from fluvial.replication.compare.estimators import told_parameters
from fluvial.replication.compare.surroundings import Surroundings
from fluvial.replication.compare.tolerance import Tolerance

from ..books import result, stream

FULL = (
    "DecisionTreeRegressor(criterion='mse', max_depth=2, max_features=None,\n"
    "           min_impurity_split=None, min_samples_split=2, n_jobs=1,\n"
    "           random_state=42, splitter='best')"
)
SHORT = "DecisionTreeRegressor(max_depth=2, random_state=42)"
DEFAULTS = {
    "criterion": "'squared_error'",
    "splitter": "'best'",
    "min_samples_split": "2",
    "max_features": "None",
    "n_jobs": "None",
    "ccp_alpha": "0.0",
}


def html(name, parameters, prefix=""):
    rows = "".join(
        f'<tr class="default"><td><button></button></td><td class="param"><a> {parameter} '
        f'<span class="param-doc-description">{parameter}: what it does</span></a></td>'
        f'<td class="value">{value.replace(chr(39), "&#x27;")}</td></tr>'
        for parameter, value in parameters.items()
    )
    return (
        f'<label class="sk-toggleable__label fitted"><div><div>{name}</div></div><a>?<span>'
        f'Documentation for {name}</span></a></label><div data-param-prefix="{prefix}">'
        "<summary>Parameters</summary>"
        f"<table><tbody>{rows}</tbody></table><summary>Fitted attributes</summary><table><tr>"
        '<td class="param">n_features_<span>what</span></td><td class="value">7</td></tr></table>'
        "</div><script>copy()</script>"
    )


def found(recorded, **changed):
    told = html("DecisionTreeRegressor", DEFAULTS | changed)
    local = [result(SHORT, text__html=told)]
    return list(compare_outputs([result(recorded)], local, Tolerance()))


def test_parameters_are_read_and_fitted_attributes_are_not():
    told = told_parameters(html("KMeans", {"n_init": "'auto'", "tol": "1e-4", "x": "<object>"}))
    assert told == {"KMeans": {"n_init": "auto", "tol": 1e-4}}


def test_defaults_that_the_text_leaves_out_are_the_same():
    (difference,) = found(FULL)
    assert difference.tolerated
    assert "leaves out the defaults" in difference.reason


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("min_samples_split=2", "min_samples_split=3"),
        ("min_samples_split=2", "min_samples_split=-2"),
        ("max_features=None", "max_features=enoN"),
        ("splitter='best'", "splitter='random'"),
        ("splitter='best'", "rettilps='best'"),
        ("min_impurity_split=None", "min_impurity_split=enoN"),
        ("criterion='mse'", "criterion='mae'"),
        ("max_depth=2", "max_depth=3"),
    ],
)
def test_a_recorded_parameter_that_is_no_default_is_not_tolerated(before, after):
    assert any(not difference.tolerated for difference in found(FULL.replace(before, after)))


def test_a_default_that_another_version_has_changed_is_a_difference():
    (difference,) = found(FULL, min_samples_split="4")
    assert (difference.recorded, difference.local, difference.tolerated) == ("2", "4", False)


@pytest.mark.parametrize(
    ("before", "told"),
    [("n_jobs=1", "None"), ("n_jobs='warn'", "None"), ("n_jobs={'a': [1]}", "{'a': [1]}")],
)
def test_values_that_mean_the_same_to_two_versions(before, told):
    (difference,) = found(FULL.replace("n_jobs=1", before), n_jobs=told)
    assert difference.tolerated


def test_a_value_of_another_type_is_another_value():
    (difference,) = found(FULL.replace("n_jobs=1", "n_jobs=[1]"))
    assert (difference.recorded, difference.tolerated) == ("[1]", False)


def test_an_estimator_in_another_is_completed_too():
    told = html("GridSearchCV", {"cv": "3"}) + html("SVC", {"C": "1.0", "gamma": "'scale'"})
    local = [result("GridSearchCV(estimator=SVC())", text__html=told)]

    def search(c):
        recorded = f"GridSearchCV(cv=3, estimator=SVC(C={c}, gamma='scale'))"
        return list(compare_outputs([result(recorded)], local, Tolerance()))

    assert all(difference.tolerated for difference in search("1.0"))
    assert [d.place for d in search("2.0")] == ["output 1, estimator, C"]


def test_what_a_search_has_fitted_is_not_what_it_was_given():
    told = html("GridSearchCV", {"cv": "3"}) + html("SVC", {"C": "7.0"}, "best_estimator___")
    local = [result("GridSearchCV(estimator=SVC())", text__html=told)]
    recorded = [result("GridSearchCV(cv=3, estimator=SVC(C=1.0, degree=3, tol=0.001))")]
    differences = compare_outputs(recorded, local, Tolerance())
    assert [difference.tolerated for difference in differences] == [True]


def test_what_is_taken_for_defaults_without_their_table_is_said():
    recorded, local = [result(FULL)], [result(SHORT)]
    (difference,) = compare_outputs(recorded, local, Tolerance())
    assert difference.tolerated
    assert "min_samples_split=2" in difference.recorded
    assert difference.reason == "taken for defaults, which the other text leaves out"


KNOWN = Surroundings(
    defaults={
        "SVC": {"C": 1.0, "kernel": "rbf", "gamma": "scale", "class_weight": None},
        "Polynomial": {"symbol": "x"},
    }
)


@pytest.mark.parametrize(
    ("recorded", "local", "agrees"),
    [
        ("SVC(C=1.0, class_weight=None,\n  gamma='scale', kernel='rbf')", "SVC()", True),
        ("SVC(C=2.0, gamma='scale', kernel='rbf')", "SVC(C=2.0)", True),
        ("SVC(C=1.0, gamma='scale', kernel='linear')", "SVC()", False),
        ("SVC(C=1.0, gamma='auto', kernel='rbf')", "SVC()", False),
        ("SVC(C=1.0, class_weight='balanced', gamma='scale')", "SVC()", False),
        ("SVC(C=1.0, lenrek='rbf')", "SVC()", False),
        ("SVC(C=1.0, iid='warn')", "SVC()", True),
        ("SVC(C=1.0, iid=False)", "SVC(iid=True)", False),
        ("SVC()", "SVC(C=3.0)", False),
        ("Polynomial([1., 2.])", "Polynomial([1., 2.], symbol='x')", True),
        ("Polynomial([1., 2.])", "Polynomial([1., 2.], symbol='z')", False),
    ],
)
def test_defaults_are_those_of_the_kernel(recorded, local, agrees):
    for before, after in (
        ([result(recorded)], [result(local)]),
        ([stream(f"best: {recorded}\n")], [stream(f"best: {local}\n")]),
    ):
        differences = compare_outputs(before, after, Tolerance(), KNOWN)
        assert all(difference.tolerated for difference in differences) is agrees


@pytest.mark.parametrize(
    ("recorded", "local", "agrees"),
    [
        ("'Polynomial([1., 2.])'", "\"Polynomial([1., 2.], symbol='x')\"", True),
        ("<bound method P.f of Polynomial([1.])>", "<bound method P.f of Polynomial([1.0])>", True),
        (
            "<bound method P.f of Polynomial([1.])>",
            "<bound method P.g of Polynomial([1.0])>",
            False,
        ),
        ("'[1, 2]'", "[1, 2]", False),
    ],
)
def test_an_object_within_quotes_or_of_a_method_is_read_too(recorded, local, agrees):
    differences = compare_outputs([result(recorded)], [result(local)], Tolerance(), KNOWN)
    assert all(difference.tolerated for difference in differences) is agrees
