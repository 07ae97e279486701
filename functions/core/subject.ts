import * as z from "zod/mini";
import { idSchema } from "./ids.ts";

/** What an endpoint is tried out with: a challenge to echo, a test that its owner asked for, a chat's first post. */
export const probeKindSchema = z.enum(["challenge", "test", "hello"]);
export type ProbeKind = z.infer<typeof probeKindSchema>;

export const incidentSubjectSchema = z.object({ kind: z.literal("incident"), id: idSchema });
export const componentSubjectSchema = z.object({ kind: z.literal("component"), id: idSchema });
const endpointSubjectSchema = z.object({
  kind: z.literal("endpoint"),
  /** The probe's own: each stands alone, in no order with others. */
  id: idSchema,
  probe: probeKindSchema,
});

/** What subscribers are told of: an incident by its updates, a component by the changes that belong to no incident. Each has an order of its own. */
export const toldSubjectSchema = z.discriminatedUnion("kind", [incidentSubjectSchema, componentSubjectSchema]);
export type ToldSubject = z.infer<typeof toldSubjectSchema>;

/** What a delivery is about: what its subscriber is told of, or their endpoint itself, which is being tried out. */
export const subjectSchema = z.discriminatedUnion("kind", [...toldSubjectSchema.def.options, endpointSubjectSchema]);
export type Subject = z.infer<typeof subjectSchema>;
