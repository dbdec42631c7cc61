// What somebody would test with the set-up of the README.
import { expect, inject, test } from "vitest";

test("a flag is on", async () => {
  const { api_url, environments } = inject("phaseflag");
  const answer = await fetch(`${api_url}/evaluate`, {
    method: "POST",
    headers: { "X-API-Key": environments.test.server_key, "Content-Type": "application/json" },
    body: JSON.stringify({ flags: ["new-checkout"], context: { user_key: "u1" } }),
  });
  const { data } = await answer.json();
  expect(data.evaluations["new-checkout"].value).toBe(true);
});
