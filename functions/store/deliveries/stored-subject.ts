import * as z from "zod/mini";
import { idSchema } from "../../core/ids.ts";
import { probeKindSchema, type Subject } from "../../core/subject.ts";

/** Part of notices and deliveries. `kind` is a notice's own; of deliveries, only those of component changes have it. */
const storedSubjectSchema = z.object({
  incidentId: idSchema,
  kind: z.optional(z.enum(["update", "component change"])),
  probe: z.optional(probeKindSchema),
});

/**
 * Items name the subject's id `incidentId`, for every kind of subject. They did so before there were subjects, and the
 * items of that time last for 90 days.
 */
export function subjectIn(item: unknown): Subject {
  const { incidentId: id, kind, probe } = storedSubjectSchema.parse(item);
  if (probe !== undefined) return { kind: "endpoint", id, probe };
  return { kind: kind === "component change" ? "component" : "incident", id };
}

/** The attributes that `subjectIn` reads. */
export function subjectAttributes(subject: Subject): z.infer<typeof storedSubjectSchema> {
  const { id: incidentId } = subject;
  switch (subject.kind) {
    case "incident":
      return { incidentId };
    case "component":
      return { incidentId, kind: "component change" };
    case "endpoint":
      return { incidentId, probe: subject.probe };
  }
}
