"""k-means with nested loops, vectorized, and by scikit-learn."""

from fluvial.studies.kmeans.clusters import Clusters
from fluvial.studies.kmeans.library import lloyd_library
from fluvial.studies.kmeans.loops import lloyd_loops
from fluvial.studies.kmeans.vectorized import lloyd_vectorized

__all__ = ["Clusters", "lloyd_library", "lloyd_loops", "lloyd_vectorized"]
