// Runs Yosys (WebAssembly, npm package @yowasp/yosys) on files of this repository.
//
//   node --stack-size=4000 synth.mjs BUNDLE OUT SCRIPT FILE…
//
// BUNDLE is the package's bundle.js, SCRIPT a file of Yosys commands that names the FILEs by their paths; whatever the commands write
// below out/ is stored in the folder OUT. Exits with Yosys' status.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [bundle, out, script, ...files] = process.argv.slice(2);
const { runYosys, Exit } = await import(pathToFileURL(resolve(bundle)));

// The in-memory tree: folders are objects, files are strings or bytes.
const tree = { out: {} };
for (const path of [script, ...files]) {
  const parts = path.split("/");
  let folder = tree;
  for (const part of parts.slice(0, -1)) folder = folder[part] ??= {};
  folder[parts.at(-1)] = readFileSync(path);
}

function store(folder, target) {
  mkdirSync(target, { recursive: true });
  for (const [name, entry] of Object.entries(folder)) {
    const path = join(target, name);
    if (typeof entry === "string" || entry instanceof Uint8Array) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, entry);
    } else store(entry, path);
  }
}

const write = (stream) => (bytes) => { if (bytes !== null) stream.write(bytes); };
try {
  const result = await runYosys(["-q", "-l", "out/yosys.log", "-s", script], tree, { stdout: write(process.stdout), stderr: write(process.stderr) });
  store(result.out, out);
} catch (error) {
  if (!(error instanceof Exit)) throw error;
  if (error.files?.out) store(error.files.out, out);
  process.exitCode = error.code || 1;
}
