import { describe, expect, test } from "vitest";
import { manageWorld, PAGE } from "./manage-world.ts";

describe("sms", () => {
  test.each([
    ["as dialled in its country", { phone_country: "de", phone_number: "01512 3456789" }],
    ["in full", { phone_number: "+49 1512 3456789" }],
    ["both", { phone_country: "DE", phone_number: "+4915123456789" }],
  ])("%s", async (_how, subscriber) => {
    const { post } = await manageWorld();
    expect(await post("/subscribers", { subscriber })).toMatchObject({
      status: 201,
      json: {
        mode: "sms",
        state: "active",
        phone_number: "+4915123456789",
        phone_country: "DE",
        display_phone_number: "+49 1512 3456789",
      },
    });
  });

  // Countries that share a calling code: what was given reads the number, what the number says is stored.
  test.each([
    ["GB", "07797 712345", "+447797712345", "JE"],
    ["GB", "+44 7781 123456", "+447781123456", "GG"],
    ["GB", "07624 123456", "+447624123456", "IM"],
    ["uk", "07400 123456", "+447400123456", "GB"],
    ["JE", "07400 123456", "+447400123456", "GB"],
    ["US", "416 555 1234", "+14165551234", "CA"],
    ["CA", "+1 876 555 1234", "+18765551234", "JM"],
    ["RU", "8 701 234 56 78", "+77012345678", "KZ"],
    ["KZ", "+7 916 123 45 67", "+79161234567", "RU"],
    ["VA", "347 123 4567", "+393471234567", "IT"],
    ["CX", "0412 345 678", "+61412345678", "AU"],
    ["AX", "041 2345678", "+358412345678", "FI"],
    ["RE", "0639 01 23 45", "+262639012345", "YT"],
    [undefined, "+44 7797 712345", "+447797712345", "JE"],
  ])("of %s, %s is %s of %s", async (phone_country, given, phone_number, country) => {
    const number = { ...(phone_country === undefined ? {} : { phone_country }), phone_number: given };
    const allowed = await manageWorld({ smsCountries: new Set([country]) });
    expect(await allowed.post("/subscribers", { subscriber: number })).toMatchObject({
      status: 201,
      json: { phone_number, phone_country: country },
    });
    // Where only a neighbour under the same calling code may be sent SMS, its price is no price of this number.
    const neighbour = new Set(["DE", ...(phone_country === undefined ? [] : [phone_country.toUpperCase()])]);
    neighbour.delete(country);
    const refusing = await manageWorld({ smsCountries: neighbour });
    if (phone_country === "uk") return;
    const reply = await refusing.post("/subscribers", { subscriber: number });
    expect(reply).toMatchObject({ status: 422, json: { details: [{ field: "subscriber.phone_number" }] } });
    expect(await refusing.subscribers.list(PAGE.id, "sms", 10, null)).toMatchObject({ items: [] });
  });

  test.each([
    ["phone_number", { phone_country: "DE", phone_number: "12" }],
    ["phone_number", { phone_country: "DE", phone_number: "call me 01512 3456789" }],
    ["phone_number", { phone_country: "DE", phone_number: "+4930123456" }],
    ["phone_country", { phone_number: "01512 3456789" }],
    ["phone_country", { phone_country: "Germany", phone_number: "01512 3456789" }],
    ["phone_country", { phone_country: "US", phone_number: "2015550123" }],
    ["phone_number", { phone_number: "+12015550123" }],
    ["phone_number", { phone_country: "AT", phone_number: "+4915123456789" }],
    ["phone_number", { phone_number: "+4915123456789", email: "a@example.org" }],
  ])("422 names %s of %j", async (field, subscriber) => {
    const world = await manageWorld();
    const before = await world.snapshot();
    const reply = await world.post("/subscribers", { subscriber });
    expect(reply).toMatchObject({ status: 422, json: { details: [{ field: `subscriber.${field}` }] } });
    expect(await world.snapshot()).toEqual(before);
  });
});
