import { defineConfig } from "vitest/config";

/** Fast tests are `*.test.ts`; slow ones are `*.slow.test.ts` and run with `npm run test:slow` and in CI. */
const slow = process.env["ALBUMEN_SLOW_TESTS"] === "1";

export default defineConfig({
  test: {
    include: slow ? ["{src,test}/**/*.slow.test.ts"] : ["{src,test}/**/*.test.ts"],
    exclude: slow ? ["**/node_modules/**"] : ["**/*.slow.test.ts", "**/node_modules/**"],
    // ONNX Runtime and sharp are native: worker threads share one process's state and can abort together.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: slow ? 600_000 : 60_000,
    hookTimeout: 120_000,
    reporters: ["default"],
  },
});
