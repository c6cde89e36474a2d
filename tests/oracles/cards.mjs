// SPDX-License-Identifier: MIT
// cards.mjs FILE...: every file is the body of a message for Teams. npm's adaptivecards must parse its card as
// version 1.4 without a complaint. The last line says how many; exit 1 if one is wrong or there is none.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// The entry of the package is for browsers.
const cards = createRequire(import.meta.url)("adaptivecards/dist/adaptivecards.js");

const complaints = (message) => {
  if (message.type !== "message" || message.attachments.length !== 1) return ["not a message with one attachment"];
  const [{ contentType, contentUrl, content }] = message.attachments;
  const context = new cards.SerializationContext(cards.Versions.v1_4);
  const card = new cards.AdaptiveCard();
  card.parse(content, context);
  const found = Array.from({ length: context.eventCount }, (_, i) => context.getEventAt(i).message);
  if (contentType !== "application/vnd.microsoft.card.adaptive" || contentUrl !== null) found.push(`${contentType}, ${contentUrl}`);
  if (card.version.toString() !== "1.4") found.push(`version ${card.version}`);
  if (card.getItemCount() !== content.body.length) found.push(`${card.getItemCount()} of ${content.body.length} elements`);
  if (card.getActionCount() !== content.actions.length) found.push(`${card.getActionCount()} of ${content.actions.length} actions`);
  return found;
};

const files = process.argv.slice(2);
let wrong = 0;
for (const file of files) {
  const found = complaints(JSON.parse(readFileSync(file, "utf8")));
  if (found.length > 0) wrong++;
  for (const text of found) console.error(`${file}: ${text}`);
}
console.log(`${files.length} cards, ${wrong} wrong`);
process.exit(wrong === 0 && files.length > 0 ? 0 : 1);
