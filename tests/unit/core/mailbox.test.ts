import { expect, test } from "vitest";
import { mailboxOf } from "../../../functions/core/mailbox.ts";

test.each([
  ["Ada@Example.org", "ada@example.org"],
  ["ada+news@example.org", "ada@example.org"],
  ["a.da+x+y@gmail.com", "ada@gmail.com"],
  ["A.D.A@googlemail.com", "ada@gmail.com"],
  // Elsewhere a dot is part of the name.
  ["a.da@example.org", "a.da@example.org"],
  ["+tag@example.org", "+tag@example.org"],
])("%s is the mailbox %s", (email, mailbox) => {
  expect(mailboxOf(email)).toBe(mailbox);
});
