// SPDX-License-Identifier: MIT
// document.mjs FILE: an OpenAPI document as JSON, read by the same YAML reader that Prism uses.
import { readFileSync } from "node:fs";
import yaml from "@stoplight/yaml";

console.log(JSON.stringify(yaml.parse(readFileSync(process.argv[2], "utf8"))));
