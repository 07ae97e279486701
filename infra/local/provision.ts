import { ACCOUNT, REGION } from "./account.ts";
import { StartFailure } from "./failure.ts";
import type { Provision, Provisioned } from "./resources/resource.ts";
import type { Services } from "./services.ts";
import type { Stack } from "./synthesize.ts";
import { evaluate, type References, referredIn, type StackOutput } from "./template.ts";

export interface ProvisionedStacks {
  /** The value of a stack's output. Throws StartFailure if there is none of that name. */
  output(name: string): Promise<string>;
}

export interface Kinds {
  run: ReadonlyMap<string, Provision>;
  inert: ReadonlySet<string>;
}

const PSEUDO_PARAMETERS = {
  "AWS::AccountId": ACCOUNT,
  "AWS::Region": REGION,
  "AWS::Partition": "aws",
  "AWS::URLSuffix": "amazonaws.com",
};

/**
 * Makes every resource of the stacks, each after those it refers to, as CloudFormation would. A kind that is neither
 * run nor inert is an error that names it, before anything is made.
 */
export async function provisionStacks(
  stacks: readonly Stack[],
  kinds: Kinds,
  services: Services,
): Promise<ProvisionedStacks> {
  refuseUnknownKinds(stacks, kinds);
  for (const stack of stacks) refuseCircles(stack);
  const made = new Map<string, Promise<Provisioned>>();

  const provision = (stack: Stack, logicalId: string): Promise<Provisioned> => {
    const path = `${stack.name}/${logicalId}`;
    const making = made.get(path) ?? make(stack, logicalId, path);
    made.set(path, making);
    return making;
  };

  const make = async (stack: Stack, logicalId: string, path: string): Promise<Provisioned> => {
    const definition = stack.template.Resources[logicalId];
    if (definition === undefined)
      throw new StartFailure(`${stack.name} refers to ${logicalId}, which it does not have`);
    const name = `${stack.name}-${logicalId}`;
    const run = kinds.run.get(definition.Type);
    if (run === undefined) return { ref: name, attributes: {} };
    const properties = await evaluate(definition.Properties, referencesOf(stack));
    return run({ path, name, properties, services });
  };

  const attributeOf = async (stack: Stack, logicalId: string, attribute: string): Promise<string> => {
    const { ref, attributes } = await provision(stack, logicalId);
    const value = attributes[attribute];
    if (value !== undefined) return value;
    const kind = stack.template.Resources[logicalId]?.Type ?? "";
    if (kinds.inert.has(kind)) return `${ref}-${attribute}`;
    throw new StartFailure(`${stack.name}/${logicalId}: ${kind} has no attribute ${attribute} on this machine`);
  };

  const referencesOf = (stack: Stack): References => ({
    stack: stack.name,
    pseudo: { ...PSEUDO_PARAMETERS, "AWS::StackName": stack.name, "AWS::StackId": stackIdOf(stack) },
    ref: async (logicalId) => (await provision(stack, logicalId)).ref,
    attribute: (logicalId, attribute) => attributeOf(stack, logicalId, attribute),
    output: outputOf,
  });

  const outputOf = async ({ StackName, OutputName }: StackOutput): Promise<unknown> => {
    const stack = stacks.find(({ name }) => name === StackName);
    const output = stack?.template.Outputs[OutputName];
    if (stack === undefined || output === undefined)
      throw new StartFailure(`No stack ${StackName} has an output ${OutputName}`);
    return evaluate(output.Value, referencesOf(stack));
  };

  const all = stacks.flatMap((stack) => Object.keys(stack.template.Resources).map((id) => provision(stack, id)));
  // Waits for all even after one failed: nothing may still be in the making while the rest is taken down.
  const outcomes = await Promise.allSettled(all);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;

  return {
    async output(name) {
      const found = stacks.find(({ template }) => Object.hasOwn(template.Outputs, name));
      if (found !== undefined) return String(await outputOf({ StackName: found.name, OutputName: name }));
      throw new StartFailure(`No stack has an output ${name}`);
    },
  };
}

/** As CloudFormation writes it: the ARN ends with the name and a UUID. */
function stackIdOf({ name }: Stack): string {
  return `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/${name}/00000000-0000-0000-0000-000000000000`;
}

/** CloudFormation refuses such a template; here its resources would wait for each other for ever. */
function refuseCircles({ name, template }: Stack): void {
  const safe = new Set<string>();
  const visit = (logicalId: string, above: readonly string[]): void => {
    if (above.includes(logicalId)) {
      throw new StartFailure(`${name}: resources refer to each other in a circle: ${[...above, logicalId].join(", ")}`);
    }
    if (safe.has(logicalId)) return;
    for (const next of referredIn(template.Resources[logicalId]?.Properties)) visit(next, [...above, logicalId]);
    safe.add(logicalId);
  };
  for (const logicalId of Object.keys(template.Resources)) visit(logicalId, []);
}

function refuseUnknownKinds(stacks: readonly Stack[], kinds: Kinds): void {
  for (const { name, template } of stacks) {
    for (const [logicalId, { Type }] of Object.entries(template.Resources)) {
      if (kinds.run.has(Type) || kinds.inert.has(Type)) continue;
      throw new StartFailure(
        `${name}/${logicalId} is of type ${Type}, which infra/local neither runs nor leaves out: see infra/local/resources/catalog.ts`,
      );
    }
  }
}
