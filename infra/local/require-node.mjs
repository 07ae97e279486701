// Runs on whatever Node npm found, so plain JavaScript: the `node` package in devDependencies should have put 24 first in PATH.
const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  console.error(
    `Tocsin runs on Node 24, but this is ${process.version}. The "node" package brings it: run "npm ci" again without --ignore-scripts and without --omit=dev.`,
  );
  process.exit(1);
}
