import * as z from "zod/mini";
import { idSchema } from "../../core/ids.ts";
import { probeKindSchema, type Subject } from "../../core/subject.ts";

/** Of notices and deliveries. `kind`: a notice's own; of deliveries only those of component changes have one. */
const storedSubjectSchema = z.object({
  incidentId: idSchema,
  kind: z.optional(z.enum(["update", "component change"])),
  probe: z.optional(probeKindSchema),
});

/**
 * Items name the subject's id `incidentId`, whatever it is of. So they did before there were subjects, and those written
 * then last for 90 days.
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
