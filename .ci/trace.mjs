// Opens a trace of a run in the parser of Chrome's DevTools, and counts what it shows.
//
// Usage: node .ci/trace.mjs FOLDER TRACE, where FOLDER has the package `@paulirish/trace_engine`.

import fs from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';

const [folder, file] = process.argv.slice(2);
const engine = path.resolve(folder, 'node_modules/@paulirish/trace_engine/analyze-trace.mjs');
const {analyzeEvents} = await import(pathToFileURL(engine));

const {traceEvents} = JSON.parse(fs.readFileSync(file));
const {parsedTrace} = await analyzeEvents(traceEvents);
const {Meta, Renderer} = parsedTrace.data;
const lanes = [...Renderer.processes.values()].flatMap(it => [...it.threads.values()]);
const drawn = lanes.flatMap(lane => lane.entries).filter(entry => entry.ph === 'X');
const told = traceEvents.filter(event => event.ph === 'X');

console.log(`${told.length} attempts told, ${drawn.length} drawn in ${lanes.length} lanes`);
const named = lanes.filter(lane => lane.entries.some(it => it.ph === 'X')).every(lane => lane.name);
const within = Meta.traceBounds.range > 0;
process.exitCode = told.length > 0 && told.length === drawn.length && named && within ? 0 : 1;
