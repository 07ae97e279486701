import type * as z from "zod";
import { StartFailure } from "../failure.ts";
import type { Services } from "../services.ts";

export interface ProvisionRequest {
  /** `TocsinState/Status274336EC`: for error texts. */
  path: string;
  /** A name that is the same at every start, for resources that the template does not name. */
  name: string;
  /** The properties with every intrinsic replaced. */
  properties: unknown;
  services: Services;
}

/** What `Ref` and `Fn::GetAtt` give. */
export interface Provisioned {
  ref: string;
  attributes: Readonly<Record<string, string>>;
}

/** Makes one resource, or finds it again. */
export type Provision = (request: ProvisionRequest) => Promise<Provisioned>;

/** Throws a StartFailure that names the resource and the property. */
export function readProperties<S extends z.ZodType>(schema: S, { path, properties }: ProvisionRequest): z.output<S> {
  const parsed = schema.safeParse(properties);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new StartFailure(`${path} cannot be run on this machine: ${issue?.path.join(".")} ${issue?.message}`);
}

/** The last part of an ARN: for a queue or a topic its name. */
export function nameInArn(arn: string): string {
  return arn.slice(arn.lastIndexOf(":") + 1);
}
