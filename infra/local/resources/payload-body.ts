/**
 * A request's body as API Gateway's HTTP APIs put it into a payload 2.0: text for some types, base64 for all else. Not
 * documented; as measured by others on AWS (github.com/floci-io/floci/issues/2172, github.com/ministackorg/ministack/pull/766):
 * a parameter other than charset=utf-8, a missing type and forms make it base64. Bytes that are no UTF-8 become U+FFFD in
 * text, and are lost.
 */
export function payloadBody(
  bytes: Buffer,
  contentType: string | undefined,
): { body?: string; isBase64Encoded: boolean } {
  if (bytes.length === 0) return { isBase64Encoded: false };
  const isBase64Encoded = !isText(contentType ?? "");
  return { body: bytes.toString(isBase64Encoded ? "base64" : "utf8"), isBase64Encoded };
}

function isText(contentType: string): boolean {
  const [type = "", ...parameters] = contentType.split(";").map((part) => part.trim().toLowerCase());
  if (!/^text\/|^application\/(json|javascript|xml)$/.test(type)) return false;
  return parameters.every((parameter) => parameter === "charset=utf-8");
}
