"""Peers of the clustering benches. Reads one JSON request a line from stdin, answers each with one JSON line."""

import json
import sys
import time

import faiss
import numpy as np
import scipy
import sklearn
from scipy.cluster.hierarchy import linkage
from sklearn.cluster import KMeans, MiniBatchKMeans
from threadpoolctl import threadpool_info


def rows(path, dims):
    return np.fromfile(path, dtype=np.float32).reshape(-1, dims)


def run_faiss(x, start, iterations):
    k, dims = start.shape
    means = faiss.Kmeans(
        dims,
        k,
        niter=iterations,
        spherical=True,
        max_points_per_centroid=len(x),
        min_points_per_centroid=1,
    )
    began = time.perf_counter()
    means.train(x, init_centroids=start)
    return time.perf_counter() - began, iterations, means.centroids


def run_lloyd(x, start, iterations):
    means = KMeans(len(start), init=start, n_init=1, max_iter=iterations, tol=0, algorithm="lloyd")
    began = time.perf_counter()
    means.fit(x)
    # After the last round scikit-learn assigns the rows once more.
    return time.perf_counter() - began, means.n_iter_ + 1, means.cluster_centers_


def run_minibatch(x, start, iterations):
    means = MiniBatchKMeans(
        len(start), init=start, n_init=1, max_iter=iterations, tol=0, max_no_improvement=None, batch_size=4096
    )
    began = time.perf_counter()
    means.fit(x)
    return time.perf_counter() - began, iterations, means.cluster_centers_


PEERS = {"faiss": run_faiss, "lloyd": run_lloyd, "minibatch": run_minibatch}


def kmeans(request):
    x = rows(request["points"], request["dims"])
    start = rows(request["start"], request["dims"])
    began = time.process_time()
    seconds, passes, centres = PEERS[request["peer"]](x, start, request["iterations"])
    processor = time.process_time() - began
    centres = centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-30)
    nearest = np.concatenate([(x[at : at + 8192] @ centres.T).max(axis=1) for at in range(0, len(x), 8192)])
    return {"seconds": seconds, "processor": processor, "passes": passes, "inertia": float(np.mean(1 - nearest.astype(np.float64)))}


def ward(request):
    x = rows(request["points"], request["dims"])
    began = time.perf_counter()
    tree = linkage(x, "ward")
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "heights": [float(h) for h in tree[:, 2]]}


def about(_):
    return {
        "faiss": faiss.__version__,
        "scikit-learn": sklearn.__version__,
        "scipy": scipy.__version__,
        "numpy": np.__version__,
        "blas": sorted({i["architecture"] for i in threadpool_info() if "architecture" in i}),
    }


TASKS = {"kmeans": kmeans, "ward": ward, "about": about}

threads = int(sys.argv[1])
faiss.omp_set_num_threads(threads)
for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps(TASKS[asked["task"]](asked)), flush=True)
