import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderingOf, splice } from "../../../functions/core/rendering.ts";

const VALUES = {
  sender: "status@example.com",
  address: "ada@example.com",
  unsubscribe_token: "3.page.e.subscriber.mac",
};

describe("rendering", () => {
  it("fills every hole, also at the ends and side by side", () => {
    const rendering = renderingOf("<A><T>middle<A>", { "<A>": "address", "<T>": "unsubscribe_token" });
    expect(rendering).toEqual({ parts: ["", "", "middle", ""], slots: ["address", "unsubscribe_token", "address"] });
    expect(splice(rendering, VALUES)).toBe(`${VALUES.address}${VALUES.unsubscribe_token}middle${VALUES.address}`);
  });

  it("keeps a text without markers, and without any holes, as it is", () => {
    expect(splice(renderingOf("nothing to fill", { "<A>": "address" }), VALUES)).toBe("nothing to fill");
    expect(splice(renderingOf("nothing to fill", {}), VALUES)).toBe("nothing to fill");
    expect(splice({ parts: [], slots: [] }, VALUES)).toBe("");
  });

  it("puts values in as they are, whatever they look like", () => {
    const rendering = renderingOf("to <A>!", { "<A>": "address" });
    expect(splice(rendering, { ...VALUES, address: "$& <A> $1" })).toBe("to $& <A> $1!");
  });

  it.each(["{{address}}", "$ADDRESS$", "[address]", "(a|b)", "a.b", "^a*", "\\address", "?"])(
    "takes the marker %s literally",
    (marker) => {
      const rendering = renderingOf(`one ${marker} two xab aab ${marker}`, { [marker]: "address" });
      expect(rendering).toEqual({ parts: ["one ", " two xab aab ", ""], slots: ["address", "address"] });
    },
  );

  it("gives the same as replacing the markers", () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom("@@address@@", "@@token@@"));
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join("");
        const rendering = renderingOf(text, { "@@address@@": "address", "@@token@@": "unsubscribe_token" });
        expect(rendering.parts).toHaveLength(rendering.slots.length + 1);
        expect(
          splice(rendering, { sender: "status@example.com", address: "@@address@@", unsubscribe_token: "@@token@@" }),
        ).toBe(text);
      }),
    );
  });
});
