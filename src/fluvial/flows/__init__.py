"""Invertible maps of R^D, one family a file."""

from fluvial.flows.autoregressive import Autoregressive
from fluvial.flows.builders import build_flow, check_flow
from fluvial.flows.conjugated import Conjugated
from fluvial.flows.continuous import Continuous
from fluvial.flows.controlled import Controlled
from fluvial.flows.copula import FixedTriangular
from fluvial.flows.coupling import Coupling
from fluvial.flows.flow import Chain, Flow, Inverted, Stacked
from fluvial.flows.hamiltonian import Hamiltonian
from fluvial.flows.langevin import Langevin
from fluvial.flows.leading import Leading
from fluvial.flows.linear import Diagonal, Triangular
from fluvial.flows.margins import Margins
from fluvial.flows.mixtures import Mixtures
from fluvial.flows.modulated import modulated
from fluvial.flows.modulation import Modulation
from fluvial.flows.orthogonal import Householder, Orthogonal
from fluvial.flows.permutation import Permutation
from fluvial.flows.planar import Planar
from fluvial.flows.radial import Radial
from fluvial.flows.riffle import Riffle
from fluvial.flows.rotation import Rotation
from fluvial.flows.score import forward_with_score
from fluvial.flows.sinh_arcsinh import SinhArcsinh
from fluvial.flows.sparse_modulation import SparseModulation
from fluvial.flows.spline import RationalQuadratic
from fluvial.flows.sylvester import Sylvester
from fluvial.flows.transformers import Additive, Affine, Transformer

__all__ = [
    "Additive",
    "Affine",
    "Autoregressive",
    "Chain",
    "Conjugated",
    "Continuous",
    "Controlled",
    "Coupling",
    "Diagonal",
    "FixedTriangular",
    "Flow",
    "Hamiltonian",
    "Householder",
    "Inverted",
    "Langevin",
    "Leading",
    "Margins",
    "Mixtures",
    "Modulation",
    "Orthogonal",
    "Permutation",
    "Planar",
    "Radial",
    "RationalQuadratic",
    "Riffle",
    "Rotation",
    "SinhArcsinh",
    "SparseModulation",
    "Stacked",
    "Sylvester",
    "Transformer",
    "Triangular",
    "build_flow",
    "check_flow",
    "forward_with_score",
    "modulated",
]
