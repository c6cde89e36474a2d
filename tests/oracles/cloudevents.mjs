// SPDX-License-Identifier: MIT
// cloudevents.mjs [--key FILE] FILE...: every file is the body of an event in structured mode, or the log of hookcatch
// (.jsonl), whose requests count if their content type is that of an event. npm's cloudevents must
// read each of them, and standardwebhooks verify each request with the key. The last line says how many; exit 1 if one is wrong or there is none.
import { readFileSync } from "node:fs";
import { HTTP } from "cloudevents";
import { Webhook } from "standardwebhooks";

const STRUCTURED = "application/cloudevents+json; charset=utf-8";
const NAME = /^[a-z0-9]{1,20}$/;
const args = process.argv.slice(2);
const key = args[0] === "--key" ? readFileSync(args.splice(0, 2)[1], "utf8").trim() : null;
let events = 0;
let wrong = 0;

function* requests(file) {
  const text = readFileSync(file, "utf8");
  if (!file.endsWith(".jsonl")) {
    yield { headers: { "content-type": STRUCTURED }, body: text.trim() };
    return;
  }
  for (const line of text.split("\n").filter((line) => line.length > 0)) {
    const request = JSON.parse(line);
    if (request.headers["content-type"].startsWith("application/cloudevents")) yield request;
  }
}

for (const file of args) {
  for (const { headers, body } of requests(file)) {
    events++;
    try {
      if (key) new Webhook(key).verify(body, headers);
      const event = HTTP.toEvent({ headers, body });
      event.validate();
      for (const name of Object.keys(JSON.parse(body))) if (!NAME.test(name)) throw new Error(`attribute ${name}`);
      if (event.data.schema !== 1) throw new Error("data is not the alert object");
      if (event.type !== `dev.seatwatch.${event.type.split(".").slice(2, 4).join(".")}.v1`) throw new Error(event.type);
      if (Buffer.byteLength(body) > 65536) throw new Error(`${Buffer.byteLength(body)} bytes`);
    } catch (error) {
      wrong++;
      console.error(`${file}: ${error.message}`);
    }
  }
}
console.log(`${events} events, ${wrong} wrong`);
process.exit(wrong === 0 && events > 0 ? 0 : 1);
