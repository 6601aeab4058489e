/** What a user gets from the registry: `npm pack`, installed into an empty project, used from there. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import packageJson from "../../package.json" with { type: "json" };

const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));
const MAX_PACKAGE_BYTES = 25_000_000;
const run = promisify(execFile);

const packSchema = z.tuple([
  z.object({
    filename: z.string(),
    size: z.number(),
    files: z.array(z.object({ path: z.string(), mode: z.number() })),
  }),
]);

let dir: string;
let packed: z.infer<typeof packSchema>[0];

beforeAll(async () => {
  if (!existsSync(join(REPOSITORY, "dist", "cli", "main.js")))
    throw new Error("dist/ is missing: run npm run build first.");
  dir = await mkdtemp(join(tmpdir(), "albumen-package-"));
  // Without scripts: `prepare` would build into the dist/ that other tests are using.
  const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", dir];
  const { stdout } = await run("npm", pack, { cwd: REPOSITORY });
  [packed] = packSchema.parse(JSON.parse(stdout));
  await writeFile(
    join(dir, "package.json"),
    JSON.stringify({ name: "elsewhere", private: true, type: "module" }),
  );
  // onnxruntime-node's install script fetches CUDA libraries from outside the registry; they are not needed here.
  await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", `./${packed.filename}`], {
    cwd: dir,
    env: { ...process.env, npm_config_onnxruntime_node_install: "skip" },
  });
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe("the packed package", () => {
  it("is smaller than 25 MB and holds what it needs and nothing of the workshop", () => {
    const paths = packed.files.map((file) => file.path);
    expect(packed.size).toBeLessThan(MAX_PACKAGE_BYTES);
    expect(paths).toEqual(
      expect.arrayContaining([
        "LICENSE",
        "NOTICE",
        "README.md",
        "dist/index.js",
        "dist/index.d.ts",
        "models/mini/model.onnx",
        "models/starter/head.onnx",
        "models/starter/captioner.onnx",
      ]),
    );
    expect(
      paths.filter((path) => /(^|\/)(src|test|bench|node_modules)\/|\.test\.|\.tgz$/.test(path)),
    ).toEqual([]);
  });

  it("has a command that may be executed", async () => {
    const command = packed.files.find((file) => file.path === packageJson.bin.albumen);
    expect(command!.mode & 0o111).toBe(0o111);
    const { stdout } = await run("npx", ["--no-install", "albumen", "--help"], { cwd: dir });
    expect(stdout).toContain("organize");
  });

  it("can be imported", async () => {
    const script = 'import { openCatalog } from "albumen"; console.log(typeof openCatalog);';
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], { cwd: dir });
    expect(stdout.trim()).toBe("function");
  });

  it("brings types that a strict project accepts", async () => {
    const source =
      'import { openCatalog } from "albumen";\nexport const opened: Promise<unknown> = Promise.resolve(openCatalog);\n';
    await writeFile(join(dir, "use.ts"), source);
    const compiler = join(REPOSITORY, "node_modules", "typescript", "bin", "tsc");
    const flags = [
      "--noEmit",
      "--strict",
      "--module",
      "nodenext",
      "--target",
      "es2022",
      "--skipLibCheck",
      "false",
    ];
    const types = ["--typeRoots", join(REPOSITORY, "node_modules", "@types"), "--types", "node"];
    const { stdout } = await run(process.execPath, [compiler, ...flags, ...types, "use.ts"], { cwd: dir });
    expect(stdout).toBe("");
  });
});
