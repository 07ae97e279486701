import { describe, expect, it } from "vitest";
import { estimateCost } from "../../../functions/core/prices.ts";

const SMS = { segments: 1, maxPriceUsd: 0.15 };

describe("the estimated cost", () => {
  it("of emails follows SES's price", () => {
    expect(estimateCost("email", 1_000_000, SMS)).toMatchObject({ usd: 100, atMostUsd: 100 });
    expect(estimateCost("email", 7, SMS)).toMatchObject({ usd: 0.0007 });
  });

  it("of SMS is unknown, and limited by the highest price that is accepted", () => {
    expect(estimateCost("sms", 20, SMS)).toMatchObject({ usd: null, atMostUsd: 3 });
    expect(estimateCost("sms", 20, { ...SMS, segments: 2 }).basis).toContain("40 segments");
    expect(estimateCost("sms", 20, { ...SMS, segments: 2 }).atMostUsd).toBe(6);
    expect(estimateCost("sms", 0, SMS)).toMatchObject({ usd: 0, atMostUsd: 0 });
  });

  it("of webhooks is nothing", () => {
    expect(estimateCost("webhook", 5_000, SMS)).toMatchObject({ usd: 0, atMostUsd: 0 });
  });
});
