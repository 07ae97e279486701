import * as z from "zod";
import { type Provisioned, type ProvisionRequest, readProperties } from "./resource.ts";

const configurationSetSchema = z.object({ Name: z.string().optional() });

/** Known by its name, which goes with every email; the local mail provider does nothing with it. */
export async function provisionConfigurationSet(request: ProvisionRequest): Promise<Provisioned> {
  const { Name = request.name } = readProperties(configurationSetSchema, request);
  return { ref: Name, attributes: {} };
}

const destinationSchema = z.object({ ConfigurationSetName: z.string(), EventDestination: z.object({}) });

/** The local mail provider accepts everything: there are no bounces to pass on. */
export async function provisionEventDestination(request: ProvisionRequest): Promise<Provisioned> {
  readProperties(destinationSchema, request);
  return { ref: request.name, attributes: { Id: request.name } };
}
