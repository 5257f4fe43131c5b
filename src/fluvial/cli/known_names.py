"""What help pages list: names whose own modules take seconds to import.

Tests compare them with the originals.
"""

__all__ = ["EXAMPLE_NAMES", "FLOW_NAMES", "STUDY_NAMES"]

EXAMPLE_NAMES = (
    "funnel, eight_schools, eight_schools_centered, banana, mixture, mixture_8d, ring, "
    "ill_conditioned, correlated, student_t, U1, U2, U3, U4"
)
FLOW_NAMES = (
    "planar, radial, nice, nice-perm, nice-orth, realnvp, spline, sylvester, sylvester-orth, "
    "sylvester-householder, iaf, iaf-spline, maf, maf-spline, modulated, sparse, copula, "
    "margins, mixtures, continuous, diagonal, triangular, orthogonal, householder, permutation, "
    "sinh-arcsinh"
)
STUDY_NAMES = (
    "energies, mnist, cifar10, cifar10_pixels, infinitesimal, scaling, kmeans, "
    "cnn_pil, vanishing_gradient"
)
