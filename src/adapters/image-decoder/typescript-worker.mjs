/**
 * Starts a worker written in TypeScript, in a checkout only: Node 20 passes no loader on to its worker threads.
 * The built package starts the compiled worker directly. argv[2]: the worker's URL.
 */
import { register } from "tsx/esm/api";

register();
await import(process.argv[2]);
