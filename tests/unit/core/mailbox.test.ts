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
  ["ada+x@icloud.com", "ada@icloud.com"],
  ["ada+y@me.com", "ada@icloud.com"],
  ["ada@mac.com", "ada@icloud.com"],
  ["a.d-a_+x@proton.me", "ada@proton.me"],
  ["ada@protonmail.com", "ada@proton.me"],
  ["A.da@pm.me", "ada@proton.me"],
  ["ada-shopping@yahoo.com", "ada@yahoo.com"],
  ["ada-x-y+z@yahoo.co.uk", "ada@yahoo.co.uk"],
  // Another country's is another account.
  ["ada@yahoo.de", "ada@yahoo.de"],
  ["shop@ada.fastmail.com", "ada@fastmail.com"],
  ["ada+shop@fastmail.fm", "ada@fastmail.com"],
  ["ada+x@outlook.com", "ada@outlook.com"],
  ["a.da@outlook.com", "a.da@outlook.com"],
  ["ada.l@yandex.ru", "ada-l@yandex.ru"],
  ["ada-l+x@ya.ru", "ada-l@yandex.ru"],
  ["ada@bücher.example", "ada@xn--bcher-kva.example"],
  ["ada@XN--BCHER-KVA.example.", "ada@xn--bcher-kva.example"],
  ["ada-x@example.org", "ada-x@example.org"],
  // Nothing but what is folded: it is a name all the same.
  ["...@gmail.com", "...@gmail.com"],
  ["-x@yahoo.com", "-x@yahoo.com"],
])("%s is the mailbox %s", (email, mailbox) => {
  expect(mailboxOf(email)).toBe(mailbox);
});
