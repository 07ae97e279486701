import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import type { DeploymentOutputs } from "./stack-outputs.ts";

/** Throws one line unless the shell's credentials are of the account that the deployment is in. */
export async function requireAccount({
  Account,
  Region,
}: Pick<DeploymentOutputs, "Account" | "Region">): Promise<void> {
  const sts = new STSClient({ region: Region });
  let account: string | undefined;
  try {
    ({ Account: account } = await sts.send(new GetCallerIdentityCommand({})));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The deployment is in account ${Account}, and AWS takes no credentials of this shell: ${reason}`);
  } finally {
    sts.destroy();
  }
  if (account !== Account) {
    throw new Error(
      `The deployment is in account ${Account}, ${Region}, and this shell's credentials are of ${account}`,
    );
  }
}
