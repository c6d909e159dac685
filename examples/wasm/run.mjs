// Prints how many STREAM events a log has: node run.mjs MODULE LOG
import { readFileSync } from "node:fs";

const [module, path] = process.argv.slice(2);
const { instance } = await WebAssembly.instantiate(readFileSync(module));
const { memory, count_events } = instance.exports;
const log = readFileSync(path);
// The module has no allocator: the log goes into pages that are added behind all that is its own.
const start = memory.grow(Math.ceil(log.length / 65536)) * 65536;
new Uint8Array(memory.buffer).set(log, start);
console.log(count_events(start, log.length));
