/**
 * Compiles each kernel of wasm/ and writes the TypeScript file that carries it, or, with --check, fails when that is not
 * what the source gives. The compiler is fetched by npx: nothing else needs its 100 MB.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const COMPILER = "assemblyscript@0.28.20";
const KERNELS = [
  { source: "wasm/resample.ts", output: "src/core/resample-kernel.ts", name: "RESAMPLE_KERNEL" },
  { source: "wasm/rows.ts", output: "src/core/cluster/rows-kernel.ts", name: "ROWS_KERNEL" },
];
const root = fileURLToPath(new URL("..", import.meta.url));

for (const { source, output, name } of KERNELS) {
  const text = carrierOf(source, name, compile(source));
  if (!process.argv.includes("--check")) writeFileSync(join(root, output), text);
  else if (readFileSync(join(root, output), "utf8") !== text) {
    process.stderr.write(`${output} is not what ${source} gives. Run node wasm/build.mjs.\n`);
    process.exitCode = 1;
  }
}

function compile(source) {
  const scratch = mkdtempSync(join(tmpdir(), "albumen-kernel-"));
  try {
    const binary = join(scratch, "kernel.wasm");
    // --debug keeps the names of functions, for profilers.
    const options = [
      "-O3",
      "--debug",
      "--runtime",
      "stub",
      "--enable",
      "simd",
      "--noAssert",
      "--initialMemory",
      "1",
    ];
    execFileSync("npx", ["--yes", "-p", COMPILER, "asc", source, ...options, "-o", binary], {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
    });
    return readFileSync(binary);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function carrierOf(source, name, binary) {
  const lines = binary
    .toString("base64")
    .match(/.{1,100}/g)
    .map((line) => `  "${line}",`);
  return [
    `/** Generated from ${source} by \`node wasm/build.mjs\`; do not edit. */`,
    "",
    "/** A WebAssembly module: base64, in lines. */",
    `export const ${name} = [`,
    ...lines,
    '].join("");',
    "",
  ].join("\n");
}
