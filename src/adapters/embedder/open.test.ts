import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { titleOf, valueOf } from "../../../test/support/skip.ts";
import { starterOrSkip } from "../../../test/support/starter.ts";
import { AlbumenError } from "../../errors.ts";
import { partFolder } from "../../models/cache.ts";
import type { ModelEvent } from "../../models/events.ts";
import type { ModelOptions } from "../../models/model.ts";
import { openEmbedder, type EmbedderChoice } from "./open.ts";

const starter = await starterOrSkip();

let cacheDir: string;
let events: ModelEvent[];
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "albumen-test-"));
  events = [];
});
afterEach(() => rm(cacheDir, { recursive: true }));

/** A machine on which no source answers. */
const options = (more: Partial<ModelOptions> = {}): ModelOptions => ({
  cacheDir,
  offline: false,
  signal: new AbortController().signal,
  onEvent: (event) => events.push(event),
  from: "",
  sources: () => [
    {
      place: "nowhere",
      open: () => Promise.reject(new AlbumenError("MODEL_FETCH_FAILED", "no route to host")),
    },
  ],
  ...more,
});

async function openAndClose(choice: EmbedderChoice, more: Partial<ModelOptions> = {}) {
  const opened = await openEmbedder(choice, options(more));
  await opened.embedder.dispose();
  return opened;
}

describe("openEmbedder", () => {
  it("goes on with mini when nothing is reached, and says why and how to do better", async () => {
    const { embedder, why, openCaptioner } = await openAndClose({ kind: "best" });
    expect(embedder.space.model).toBe("mini");
    expect(why).toBe("starter could not be had.");
    expect(openCaptioner).toBeNull();
    expect(events).toEqual([
      {
        kind: "step-down",
        from: "starter",
        to: "mini",
        reason: "EfficientNet-Lite0 trunk could not be fetched. nowhere: no route to host.",
        hint: expect.stringContaining("Check the network"),
      },
    ]);
  });

  it("goes on with mini when offline, without asking anyone", async () => {
    let asked = false;
    const { embedder } = await openAndClose(
      { kind: "best" },
      { offline: true, sources: () => ((asked = true), []) },
    );
    expect(embedder.space.model).toBe("mini");
    expect(asked).toBe(false);
    expect(events).toMatchObject([
      { kind: "step-down", reason: "EfficientNet-Lite0 trunk is not on this machine." },
    ]);
  });

  it("never gives another model than the one that was named", async () => {
    await expect(openAndClose({ kind: "named", model: "starter" })).rejects.toMatchObject({
      code: "MODEL_FETCH_FAILED",
    });
    await expect(openAndClose({ kind: "named", model: "maxi" })).rejects.toMatchObject({
      code: "MODEL_UNKNOWN",
    });
    expect((await openAndClose({ kind: "named", model: "mini" })).embedder.space.model).toBe("mini");
    expect(events).toEqual([]);
  });

  it("keeps a catalog's space, or stops when this version has another", async () => {
    const space = { model: "mini", revision: "1", dims: 256 };
    expect((await openAndClose({ kind: "remembered", space })).embedder.space).toEqual(space);
    await expect(
      openAndClose({ kind: "remembered", space: { ...space, revision: "0" } }),
    ).rejects.toMatchObject({
      code: "MODEL_INCOMPATIBLE",
      message: "The catalog's vectors are of mini@0:256, this version of Albumen has mini@1:256.",
    });
  });

  it("does not take a cancelled fetch for a reason to step down", async () => {
    await expect(openAndClose({ kind: "best" }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "ABORTED",
    });
  });

  it("steps down from a damaged trunk that may not be fetched again", async () => {
    const folder = partFolder(cacheDir, { id: "starter", revision: "1" }, "trunk");
    await mkdir(dirname(folder), { recursive: true });
    await mkdir(folder);
    await writeFile(join(folder, "trunk.onnx"), "half a graph");
    const { embedder } = await openAndClose({ kind: "best" }, { offline: true });
    expect(embedder.space.model).toBe("mini");
    expect(events).toMatchObject([{ kind: "step-down", reason: expect.stringContaining("is damaged") }]);
  });

  it.skipIf(!starter.isAvailable)(titleOf("takes the starter when it is there", starter), async () => {
    const opened = await openAndClose({ kind: "best" }, valueOf(starter));
    expect(opened.embedder.space).toEqual({ model: "starter", revision: "1", dims: 768 });
    expect(opened.why).toBe("It is the best model that comes with Albumen.");
    const captioner = await opened.openCaptioner!();
    expect(captioner.id).toBe("starter-captioner@1");
    await captioner.dispose();
  });
});
