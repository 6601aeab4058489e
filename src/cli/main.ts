#!/usr/bin/env node
/** The command line: parse, call, render. stdout is data, stderr is talk. */
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
