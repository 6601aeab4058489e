import { testMatrix } from "../../../test/conformance/matrix.ts";
import { createPlainMatrix } from "./plain.ts";

testMatrix("plain", { create: async () => createPlainMatrix() });
