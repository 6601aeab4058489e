/** Kernels in plain loops, for tests of the core that have no Matrix at hand. */
import type { Kernels } from "../../src/core/cluster/kernels.ts";
import type { Vectors } from "../../src/core/vectors.ts";
import { createPlainMatrix } from "../../src/adapters/matrix/plain.ts";
import { kernelsOf } from "../../src/ports/matrix.ts";

export const plainKernels: Kernels = kernelsOf(createPlainMatrix(), { signal: new AbortController().signal });

export function gramOf(vectors: Vectors): Promise<Float32Array> {
  return plainKernels.multiply(vectors, vectors);
}
