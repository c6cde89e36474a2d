// SPDX-License-Identifier: MIT
// assertion.mjs CERTIFICATE AUDIENCE CLIENT: reads one client assertion from standard input and
// verifies it with npm's jose as the page "application authentication certificate credentials" of the
// Microsoft identity platform describes it. Prints its algorithm and exits with 0 if it is good.
import { readFileSync } from "node:fs";
import { createHash, X509Certificate } from "node:crypto";
import { importX509, jwtVerify } from "jose";

const NAMES = { PS256: ["x5t#S256", "sha256"], RS256: ["x5t", "sha1"] };
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const [, , file, audience, client] = process.argv;
const pem = readFileSync(file, "utf8");

const demand = (truth, what) => {
  if (!truth) throw new Error(what);
};

try {
  const jwt = readFileSync(0, "utf8").trim();
  const alg = JSON.parse(Buffer.from(jwt.split(".")[0], "base64url")).alg;
  demand(alg in NAMES, `alg is ${alg}`);
  const [name, hash] = NAMES[alg];
  const { payload, protectedHeader } = await jwtVerify(jwt, await importX509(pem, alg), {
    algorithms: [alg],
    typ: "JWT",
    audience,
    issuer: client,
    subject: client,
    requiredClaims: ["aud", "exp", "iat", "iss", "jti", "nbf", "sub"],
    maxTokenAge: "10 minutes",
  });
  const thumbprint = createHash(hash).update(new X509Certificate(pem).raw).digest("base64url");
  demand(protectedHeader[name] === thumbprint, `${name} is not the certificate's`);
  demand(Object.keys(protectedHeader).length === 3, "there is more in the header");
  demand(UUID.test(payload.jti), "jti is no UUID");
  demand(payload.exp - payload.nbf <= 600, "it is good for too long");
  console.log(alg);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
