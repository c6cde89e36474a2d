// SPDX-License-Identifier: MIT
// chats.mjs TYPE FILE...: TYPE is slack, slackbot or discord, every file the body of a message, every line of a .jsonl
// file one, too. The type definitions of the
// vendor (@slack/types, discord-api-types) must accept it as a literal, so that no member is unknown;
// @discordjs/builders must accept each embed with its lengths. The last line says how many; exit 1 if one is
// wrong or there is none.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { EmbedBuilder, embedLength } from "@discordjs/builders";
import ts from "typescript";

const TYPES = {
  slack: `import type { KnownBlock } from "@slack/types";
type Message = { text: string; mrkdwn: boolean; unfurl_links: boolean; unfurl_media: boolean;
  attachments: { color: string; blocks: KnownBlock[] }[] };\n`,
  slackbot: `import type { KnownBlock } from "@slack/types";
type Message = { text: string; unfurl_links: boolean; unfurl_media: boolean; blocks: KnownBlock[];
  attachments?: { color: string; blocks: KnownBlock[] }[]; reply_broadcast?: boolean }\n`,
  discord: `import type { RESTPostAPIWebhookWithTokenJSONBody as Message } from "discord-api-types/v10";\n`,
};
const [, , type, ...paths] = process.argv;

const texts = paths.flatMap((path) => {
  const text = readFileSync(path, "utf8");
  return (path.endsWith(".jsonl") ? text.trim().split("\n") : [text]).map((body) => ({ path, body }));
});
const files = texts.map(({ path }) => path);
const bodies = texts.map(({ body }) => JSON.parse(body));
const complaints = bodies.map(() => []);

// One program for all bodies, each in a line of its own.
const first = TYPES[type].split("\n").length - 1;
const source = TYPES[type] + bodies.map((body, i) => `export const m${i}: Message = ${JSON.stringify(body)};`).join("\n");
const name = fileURLToPath(new URL("bodies.ts", import.meta.url));
const options = { strict: true, noEmit: true, skipLibCheck: true, types: [], lib: ["lib.es2022.d.ts"], target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext };
const host = ts.createCompilerHost(options);
const { getSourceFile, fileExists } = host;
host.fileExists = (path) => path === name || fileExists(path);
host.getSourceFile = (path, ...more) => (path === name ? ts.createSourceFile(path, source, ts.ScriptTarget.ES2022) : getSourceFile(path, ...more));
const program = ts.createProgram([name], options, host);
for (const d of ts.getPreEmitDiagnostics(program)) {
  const text = ts.flattenDiagnosticMessageText(d.messageText, " ");
  const line = d.file?.fileName === name ? d.file.getLineAndCharacterOfPosition(d.start).line - first : -1;
  if (line < 0) throw new Error(text);
  complaints[line].push(text);
}

const build = (embed) => {
  const { color, description, fields, footer, timestamp } = embed;
  new EmbedBuilder().setColor(color).setDescription(description).addFields(...fields).setFooter(footer ?? null).setTimestamp(new Date(timestamp));
  if (embedLength(embed) > 6000) throw new Error(`${embedLength(embed)} characters`);
};
if (type === "discord")
  bodies.forEach((body, i) => {
    try {
      body.embeds.forEach(build);
    } catch (error) {
      complaints[i].push(error.message);
    }
  });

files.forEach((file, i) => complaints[i].forEach((text) => console.error(`${file}: ${text}`)));
const wrong = complaints.filter((list) => list.length > 0).length;
console.log(`${bodies.length} messages, ${wrong} wrong`);
process.exit(wrong === 0 && bodies.length > 0 ? 0 : 1);
