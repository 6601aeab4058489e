/**
 * Compiles wasm/resample.ts and writes src/core/resample-kernel.ts, or, with --check, fails when that is not what
 * the source gives. The compiler is fetched by npx: nothing else needs its 100 MB.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const COMPILER = "assemblyscript@0.28.20";
const root = fileURLToPath(new URL("..", import.meta.url));
const output = join(root, "src/core/resample-kernel.ts");

const scratch = mkdtempSync(join(tmpdir(), "albumen-kernel-"));
try {
  const binary = join(scratch, "resample.wasm");
  const options = ["-O3", "--runtime", "stub", "--enable", "simd", "--noAssert", "--initialMemory", "1"];
  execFileSync("npx", ["--yes", "-p", COMPILER, "asc", "wasm/resample.ts", ...options, "-o", binary], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const base64 = readFileSync(binary).toString("base64");
  const lines = base64.match(/.{1,100}/g).map((line) => `  "${line}",`);
  const text = [
    "/** Generated from wasm/resample.ts by `node wasm/build.mjs`; do not edit. */",
    "",
    "/** A WebAssembly module: base64, in lines. */",
    "export const RESAMPLE_KERNEL = [",
    ...lines,
    '].join("");',
    "",
  ].join("\n");
  if (!process.argv.includes("--check")) writeFileSync(output, text);
  else if (readFileSync(output, "utf8") !== text) {
    process.stderr.write(
      "src/core/resample-kernel.ts is not what wasm/resample.ts gives. Run node wasm/build.mjs.\n",
    );
    process.exitCode = 1;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
