// SPDX-License-Identifier: MIT
// schema.mjs SCHEMA FILE...: every line of each FILE is a JSON document that npm's ajv holds against
// the schema, once as it is, and once closed: there every member must be documented.
// The last line says how many; exit 1 if one of them is wrong or there is none.
import { readFileSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const [, , schemaFile, ...files] = process.argv;
const schema = JSON.parse(readFileSync(schemaFile, "utf8"));
const closed = structuredClone(schema);
const close = (node) => {
  if (node === null || typeof node !== "object") return;
  if (node.properties && node.additionalProperties === undefined) node.additionalProperties = false;
  Object.values(node).forEach(close);
};
close(closed.$defs);
const compile = (what) => addFormats(new Ajv2020({ allErrors: true, allowUnionTypes: true, strictRequired: false })).compile(what);
const open = compile(schema);
const strict = compile(closed);
let n = 0;
let wrong = 0;
for (const file of files)
  for (const line of readFileSync(file, "utf8").split("\n").filter((l) => l.length > 0)) {
    n++;
    const body = JSON.parse(line);
    for (const check of [open, strict])
      if (!check(body)) {
        wrong++;
        console.error(`${file}: ${check.errors.map((e) => `${e.instancePath} ${e.message}`).join("; ")}`);
      }
  }
console.log(`${n} bodies, ${wrong} wrong`);
process.exit(wrong === 0 && n > 0 ? 0 : 1);
