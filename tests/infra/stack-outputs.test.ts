import { describe, expect, it } from "vitest";
import { z } from "zod";
import { outputsOf } from "../../infra/stack-outputs.ts";
import { environmentOf, synthesized } from "./synthesized.ts";

const tables = { StatusTableName: "s", DeliveriesTableName: "d", AccessTableName: "a", KeysTableName: "k" };
const state = { ...tables, Account: "111111111111", Region: "eu-central-1", SiteBucketName: "b" };
const mail = { AlarmTopicArn: "arn", ConfigurationSetName: "set" };
const urls = { ManageUrl: "https://manage.example.com", PageUrl: "https://status.example.com", ...mail };

describe("the outputs of a deployment", () => {
  it("are those of its stacks together, whichever of them has which", () => {
    expect(outputsOf({ AcmeState: state, AcmePipeline: urls }, "Acme")).toEqual({
      ...tables,
      ...urls,
      Account: "111111111111",
      Region: "eu-central-1",
    });
    const { ManageUrl, ...others } = urls;
    expect(outputsOf({ AcmeState: state, AcmeSite: others, AcmePipeline: { ManageUrl } }, "Acme")).toMatchObject(urls);
  });

  it("are not those of another deployment whose name begins alike", () => {
    const file = { AcmeState: state, AcmePipeline: urls, AcmeInternalState: { ...state, AccessTableName: "other" } };
    expect(outputsOf(file, "Acme").AccessTableName).toBe("a");
    expect(() => outputsOf(file, "AcmeInternal")).toThrow("the deployment AcmeInternal has no ManageUrl, PageUrl, ");
  });

  it("are refused when they are something else", () => {
    expect(() => outputsOf([], "Acme")).toThrow("--outputs: is not a file of stack outputs");
    expect(() => outputsOf({}, "Acme")).toThrow(/^--outputs: the deployment Acme has no Account, Region, /);
  });

  it("are all there in what is synthesized", () => {
    const outputs = z.record(z.string(), z.json());
    const templates = synthesized(environmentOf({ deployment: "Acme" }));
    const file = Object.fromEntries(
      Object.entries(templates).flatMap(([name, template]) =>
        "toJSON" in template
          ? [[`Acme${name[0]?.toUpperCase()}${name.slice(1)}`, textsOf(outputs.parse(template.toJSON().Outputs ?? {}))]]
          : [],
      ),
    );
    expect(() => outputsOf(file, "Acme")).not.toThrow();
  });
});

function textsOf(outputs: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.keys(outputs).map((name) => [name, "value"]));
}
