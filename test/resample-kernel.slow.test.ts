import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { available, missing, titleOf, type Available } from "./support/skip.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** npx fetches the compiler from the registry, unless it has it. */
function compilerOrSkip(): Available<true> {
  try {
    execFileSync("npx", ["--yes", "-p", "assemblyscript@0.28.20", "asc", "--version"], {
      cwd: root,
      stdio: "ignore",
    });
    return available(true);
  } catch {
    return missing("the AssemblyScript compiler cannot be fetched here");
  }
}

const compiler = compilerOrSkip();
describe.skipIf(!compiler.isAvailable)(titleOf("the committed kernels", compiler), () => {
  it("are what their sources compile to, byte for byte", () => {
    const check = () =>
      execFileSync(process.execPath, ["wasm/build.mjs", "--check"], { cwd: root, stdio: "ignore" });
    expect(check).not.toThrow();
  });
});
