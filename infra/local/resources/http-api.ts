import * as z from "zod";
import { StartFailure } from "../failure.ts";
import type { LocalFunction } from "../local-function.ts";
import type { Services } from "../services.ts";
import { parseRouteKey } from "./api-route.ts";
import { corsSchema, serveApi } from "./api-server.ts";
import { type Provisioned, type ProvisionRequest, readProperties } from "./resource.ts";

const apiSchema = z.object({
  ProtocolType: z.literal("HTTP", "only HTTP APIs run on this machine"),
  CorsConfiguration: corsSchema.optional(),
});
const integrationSchema = z.object({
  ApiId: z.string(),
  IntegrationType: z.literal("AWS_PROXY"),
  IntegrationUri: z.string(),
  PayloadFormatVersion: z.literal("2.0"),
});
const routeSchema = z.object({
  ApiId: z.string(),
  RouteKey: z.string(),
  Target: z.string().startsWith("integrations/"),
  AuthorizationType: z.literal("NONE", "authorizers do not run on this machine").optional(),
});
// Throttling and access logs are left out: nobody else calls.
const stageSchema = z.object({ ApiId: z.string(), StageName: z.literal("$default") });

interface ApiParts {
  path: string;
  cors: z.infer<typeof corsSchema> | null;
  integrations: Map<string, LocalFunction>;
  routes: { key: string; integrationId: string }[];
  staged: boolean;
}

/**
 * The four kinds of resource that make HTTP APIs. The parts find each other by the API's id, in whatever order they
 * come.
 */
export function httpApiKinds() {
  const apis = new Map<string, ApiParts>();
  const partsOf = (apiId: string, { path }: ProvisionRequest): ApiParts => {
    const parts = apis.get(apiId);
    if (parts === undefined) throw new StartFailure(`${path} belongs to ${apiId}, which is no API of these stacks`);
    return parts;
  };

  const provisionApi = async (request: ProvisionRequest): Promise<Provisioned> => {
    const { CorsConfiguration = null } = readProperties(apiSchema, request);
    const { name: id, path, services } = request;
    const parts: ApiParts = { path, cors: CorsConfiguration, integrations: new Map(), routes: [], staged: false };
    apis.set(id, parts);
    services.at("serve", () => start(parts, services));
    // On this machine the templates take the addresses from the settings, because the ports are not known here.
    return { ref: id, attributes: { ApiId: id, ApiEndpoint: `http://${id}.invalid` } };
  };

  const provisionIntegration = async (request: ProvisionRequest): Promise<Provisioned> => {
    const { ApiId, IntegrationUri } = readProperties(integrationSchema, request);
    const target = request.services.functions.find(IntegrationUri);
    if (target === null) throw new StartFailure(`${request.path} invokes ${IntegrationUri}, which is no function here`);
    partsOf(ApiId, request).integrations.set(request.name, target);
    return { ref: request.name, attributes: {} };
  };

  const provisionRoute = async (request: ProvisionRequest): Promise<Provisioned> => {
    const { ApiId, RouteKey, Target } = readProperties(routeSchema, request);
    partsOf(ApiId, request).routes.push({ key: RouteKey, integrationId: Target.slice("integrations/".length) });
    return { ref: request.name, attributes: {} };
  };

  const provisionStage = async (request: ProvisionRequest): Promise<Provisioned> => {
    partsOf(readProperties(stageSchema, request).ApiId, request).staged = true;
    return { ref: "$default", attributes: {} };
  };

  return { provisionApi, provisionIntegration, provisionRoute, provisionStage };
}

async function start({ path, cors, integrations, routes, staged }: ApiParts, services: Services): Promise<void> {
  if (!staged) throw new StartFailure(`${path} has no $default stage, so nothing would be deployed`);
  const served = routes.map(({ key, integrationId }) => {
    const target = integrations.get(integrationId);
    if (target === undefined) throw new StartFailure(`${path}: the route ${key} has no integration`);
    return { ...parseRouteKey(key, path), target };
  });
  const names = [...new Set(served.map(({ target }) => target.name))];
  const ports = names.map((name) => services.apiPort(name)).filter((port) => port !== null);
  const [port, ...others] = ports;
  if (port === undefined || others.length > 0) {
    throw new StartFailure(`${path} is integrated with ${names.join(", ") || "nothing"}: no port is set aside for it`);
  }
  services.whenStopped(await serveApi({ port, routes: served, cors, log: services.log }));
}
