import { testJournal } from "../../../test/conformance/journal.ts";
import { createMemoryJournal } from "./memory.ts";

testJournal("journal in memory", async () => {
  const journal = createMemoryJournal();
  return { journal, reopen: async () => journal };
});
