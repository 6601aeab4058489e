import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

/** Loads a model in a process of its own, in a home that shows whatever the runtime writes about it. */
function filesWrittenBy(door: string): string[] {
  const home = mkdtempSync(join(tmpdir(), "albumen-home-"));
  const model = fileURLToPath(new URL("../../models/mini/model.onnx", import.meta.url));
  const script = `
    const { InferenceSession } = await import(${JSON.stringify(door)});
    const session = await InferenceSession.create(${JSON.stringify(model)});
    await session.release();
  `;
  // A CI variable turns the telemetry off too: without it this shows what a user's machine does.
  const env: NodeJS.ProcessEnv = { ...process.env, HOME: home, XDG_CACHE_HOME: join(home, ".cache") };
  delete env["CI"];
  delete env["ORT_DISABLE_TELEMETRY"];
  execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", script], {
    env,
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
  });
  const written = readdirSync(home, { recursive: true, encoding: "utf8" }).filter((file) =>
    /onnxruntime/i.test(file),
  );
  rmSync(home, { recursive: true });
  return written;
}

it("leaves no trace of ONNX Runtime's telemetry", () => {
  expect(filesWrittenBy(new URL("./onnxruntime.ts", import.meta.url).href)).toEqual([]);
});
