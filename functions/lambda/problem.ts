export interface ProblemDetail {
  /** Where in the request: `incident.name`, `limit`. */
  field: string;
  problem: string;
}

/** A refusal that the caller sees: its text is public. */
export class HttpProblem extends Error {
  override readonly name = "HttpProblem";
  readonly status: number;
  readonly details: readonly ProblemDetail[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    error: string,
    details: readonly ProblemDetail[] = [],
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(error);
    this.status = status;
    this.details = details;
    this.headers = headers;
  }
}

/** 422 for one field. */
export function invalid(field: string, problem: string): HttpProblem {
  return new HttpProblem(422, `${field} ${problem}`, [{ field, problem }]);
}
