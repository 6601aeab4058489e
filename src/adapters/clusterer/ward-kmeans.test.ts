import { testClusterer } from "../../../test/conformance/clusterer.ts";
import { createOnnxMatrix } from "../matrix/onnx.ts";
import { createPlainMatrix } from "../matrix/plain.ts";
import { createWardKMeans } from "./ward-kmeans.ts";

const plain = createPlainMatrix();
testClusterer("ward+kmeans on plain loops", {
  create: async () => createWardKMeans({ matrix: plain }),
  findsK: true,
  takesK: true,
});

const onnx = createOnnxMatrix();
testClusterer("ward+kmeans on ONNX Runtime", {
  create: async () => createWardKMeans({ matrix: await onnx }),
  findsK: true,
  takesK: true,
});
