import { testOutput } from "../../../test/conformance/output.ts";
import { createMemoryOutput, type MemoryOutputOptions } from "./memory.ts";

const kinds: [string, MemoryOutputOptions][] = [
  ["memory", {}],
  ["memory without links or clones", { canLink: false, canClone: false }],
  ["memory with sources on another device", { isSourceElsewhere: true }],
];
for (const [name, options] of kinds)
  testOutput(name, async () => {
    const output = createMemoryOutput(options);
    return {
      output,
      sourceAt: (source) => `/in/${source}`,
      put: async (place, content) => output.put(place, content),
      read: async (place) => output.tree().get(place)!,
    };
  });
