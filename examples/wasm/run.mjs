// Prints the number of STREAM events in a log: node run.mjs MODULE LOG
import { readFileSync } from "node:fs";

const [module, path] = process.argv.slice(2);
const { instance } = await WebAssembly.instantiate(readFileSync(module));
const { memory, count_events } = instance.exports;
const log = readFileSync(path);
// The module has no allocator: the log goes into pages of memory that are added after the module's own.
const pageSize = 65536;
const start = memory.grow(Math.ceil(log.length / pageSize)) * pageSize;
new Uint8Array(memory.buffer).set(log, start);
console.log(count_events(start, log.length));
