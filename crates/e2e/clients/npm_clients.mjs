// The npm clients of OPA's REST API ask the server at SERVER_URL.
//
// Must not know: how the server is started.

import assert from "node:assert/strict";

import { OPAClient as Today } from "@open-policy-agent/opa";
import { OPAClient as Before } from "@styra/opa";

const url = process.env.SERVER_URL;

const POLICY = `package authz

default allow := false

allow if input.subject == "alice"

allow if "write" in data.roles[input.role]

echo := input

conflict := 1 if input.conflict

conflict := 2 if input.conflict
`;

const MAIN = `package system

main := {"subject": object.get(input, "subject", "nobody")}
`;

async function put(path, type, body) {
  const answer = await fetch(`${url}${path}`, { method: "PUT", headers: { "Content-Type": type }, body });
  assert.ok(answer.ok, `${path}: ${await answer.text()}`);
}

// These clients do not write: policies and data come as any program sends them.
await put("/v1/policies/authz.rego", "text/plain", POLICY);
await put("/v1/policies/main.rego", "text/plain", MAIN);
await put("/v1/data/roles", "application/json", JSON.stringify({ admin: ["read", "write"] }));

for (const [name, Client] of [["@open-policy-agent/opa", Today], ["@styra/opa", Before]]) {
  const opa = new Client(url);
  assert.equal(await opa.evaluate("authz/allow"), false, "without input");
  assert.equal(await opa.evaluate("authz/allow", { subject: "alice" }), true);
  assert.equal(await opa.evaluate("authz/allow", { subject: "bob" }), false);
  assert.equal(await opa.evaluate("authz/allow", { role: "admin" }), true);
  const input = { text: "ä\u{1F511}", list: [1, 2.5, null, { a: [] }], big: 9007199254740991 };
  assert.deepEqual(await opa.evaluate("authz/echo", input), input);
  assert.equal(await opa.evaluate("authz/nothing"), undefined, "undefined is no error");
  assert.deepEqual(await opa.evaluateDefault({ subject: "carol" }), { subject: "carol" });
  assert.deepEqual(await opa.evaluateDefault(), { subject: "nobody" });
  await assert.rejects(opa.evaluate("authz/conflict", { conflict: true }), "an error is an error");

  const inputs = { a: { subject: "alice" }, b: { subject: "bob" } };
  assert.deepEqual(await opa.evaluateBatch("authz/allow", inputs), { a: true, b: false });
  const mixed = { a: { conflict: true }, b: { conflict: false } };
  const answers = await opa.evaluateBatch("authz/conflict", mixed);
  assert.ok(answers.a?.code, `an error for one of them: ${JSON.stringify(answers)}`);
  await assert.rejects(opa.evaluateBatch("authz/conflict", mixed, { rejectMixed: true }));
  console.log(`${name}: ok`);
}
