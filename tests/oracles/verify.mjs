// SPDX-License-Identifier: MIT
// verify.mjs KEY_FILE HOOKS_JSONL: every request that hookcatch wrote down, checked by npm's
// standardwebhooks, once for each key of the file: during a rotation either key must do.
// The last line says how many; exit 1 if one of them is wrong or there is none.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const [, , keyFile, log] = process.argv;
const lines = (file) => readFileSync(file, "utf8").split("\n").filter((line) => line.length > 0);
const keys = lines(keyFile);
const requests = lines(log).map((line) => JSON.parse(line));
const bodies = new Map();
let wrong = 0;

const complain = (request, what) => {
  wrong++;
  console.error(`request ${request.n}: ${what}`);
};

for (const request of requests) {
  const { headers, body } = request;
  for (const key of keys) {
    try {
      const event = new Webhook(key).verify(body, headers);
      if (!/^[a-z]+\.[a-z]+$/.test(event.type) || Number.isNaN(Date.parse(event.timestamp)) || event.data.schema !== 1)
        complain(request, `not an envelope: ${body.slice(0, 80)}`);
    } catch (error) {
      complain(request, error.message);
    }
  }
  const id = headers["webhook-id"];
  if (!UUID_V7.test(id)) complain(request, `webhook-id ${id} is no UUIDv7`);
  if (headers["content-type"] !== "application/json") complain(request, `content-type ${headers["content-type"]}`);
  if (!/^seatwatchd\/\d/.test(headers["user-agent"])) complain(request, `user-agent ${headers["user-agent"]}`);
  if (Buffer.byteLength(body) > 20480) complain(request, `${Buffer.byteLength(body)} bytes`);
  if (bodies.has(id) && bodies.get(id) !== body) complain(request, `another body than before under the same id`);
  bodies.set(id, body);
}
console.log(`${requests.length} requests, ${bodies.size} events, ${keys.length} keys, ${wrong} wrong`);
process.exit(wrong === 0 && requests.length > 0 && keys.length > 0 ? 0 : 1);
