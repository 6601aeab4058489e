#!/usr/bin/env -S MALLOC_MMAP_THRESHOLD_=1048576 node
/**
 * The command line: parse, call, render. stdout is data, stderr is talk.
 *
 * The first line tells glibc to give blocks above 1 MB back to the system as soon as they are freed. Left to itself it
 * keeps up to 32 MB a block, and of a BLIP-base that is gone 1.3 GB stay, below the language model that comes next
 * (`npm run bench:memory`). It reads the variable when a process starts, so that nothing later would do.
 */
import { Command, CommanderError } from "commander";
import { run } from "./run.ts";
import { defineCommands } from "./commands.ts";

const program = defineCommands(new Command(), run);
try {
  await program.parseAsync(process.argv);
} catch (error) {
  // Commander has printed what is wrong and how the command is called.
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
