"""Records as a study of deep latent Gaussian models would have left them."""

import numpy as np

from fluvial.reproduction import Record, StudyResults
from fluvial.studies.dlgm.setting import unit_name


def results_of(study, plan, budget, folder, nll, gap=lambda setting: 5.0, shape=(8, 8), missed=0.0):
    """Finished results: on average −ln p(x) of a setting is ``nll``, the divergence ``gap``.

    More importance samples add ``missed`` to ln p(x).
    """
    header = {
        "study": study.name,
        "title": study.title,
        "version": study.version,
        "fluvial": "0",
        "budget": budget.value,
        "seeds": list(range(plan.seeds)),
        "units": [unit_name(setting, seed) for setting, seed in plan.runs()],
    }
    with StudyResults.writing(folder / study.name, header, resume=False) as results:
        for setting, seed in plan.runs():
            record = _record(nll(setting), gap(setting), seed, shape, missed)
            results.write(unit_name(setting, seed), record, 1.0)
        return results


def _record(nll, gap, seed, shape, missed):
    rng = np.random.default_rng(seed)  # images differ alike for all settings
    log_p = -nll + 0.1 * rng.standard_normal(200)
    images = rng.integers(0, 256, (9, *shape)).astype(np.uint8)
    pictures = images / np.float32(255)
    arrays = {
        "log_likelihood": log_p.astype(np.float32),
        "bound": (log_p - gap).astype(np.float32),
        "curve_step": np.arange(1, 6) * 10,
        "curve_train_bound": -nll - 10.0 / np.arange(1, 6),
        "curve_validation_bound": -nll - 11.0 / np.arange(1, 6),
        "originals": images,
        "reconstructions": pictures,
        "drawn": pictures,
        "between": pictures,
        "along": pictures,
    }
    more = -nll + missed + 0.01 * seed
    values = {"steps": 50, "log_likelihood_few": -nll, "log_likelihood_more": more}
    return Record(values, arrays)
